"""Control for the phase of interest."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QWidget

from napari_swnn._layer_style import read_names, to_hex
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.swatch import make_swatch
from napari_swnn.widgets.layers.phase_pick import LabelPick, list_picks
from napari_swnn.widgets.layers.shown_phases import read_own_colour

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


class PhaseCombo(Combo):
    """Combo box of the phases of a layer, with their names, shares and colours in the viewer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIconSize(QSize(16, 10))

    @property
    def pick(self) -> LabelPick:
        """Selected phase; None if there is no choice yet."""
        pick: LabelPick = self.value
        return pick

    def show_phases(self, fractions: Mapping[int, float], pick: LabelPick, layer: "LabelsLayer | None" = None) -> None:
        """Offer the phases of a layer.

        Parameters
        ----------
        fractions : mapping of int to float
            Fraction of each label.
        pick : int, AllBut or None
            Phase to select; None for no selection if there are too many labels to be phases.
        layer : napari.layers.Labels, optional
            Layer whose names and colours of the phases are shown.
        """
        names = {} if layer is None else read_names(layer)
        entries: list[tuple[str, LabelPick]] = [*list_picks(fractions, names)]
        if pick not in [value for _, value in entries]:
            entries = [("choose a phase…", None), *entries]
        self.set_entries(entries, pick)
        if layer is None:
            return
        for i, (_, value) in enumerate(entries):
            if isinstance(value, int):
                self.setItemIcon(i, find_swatch(layer, value))


def find_swatch(layer: "LabelsLayer | None", label: int) -> QIcon:
    """Return an icon in the colour of a label, also while it is hidden in 3-D; transparent without a layer."""
    colour = None if layer is None else read_own_colour(layer, label)
    return make_swatch(None if colour is None else to_hex(colour))
