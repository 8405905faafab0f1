"""Controls for a measured section that volumes pass through."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from napari_swnn._types import AXES
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import place_side_by_side
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.reading import copy_values
from napari_swnn.widgets.reconstruction.chosen_section import ChosenSection

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


class SectionChoice(QWidget):
    """Choice of a section, its normal axis and its position; emits `changed` whenever one changes."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = LayerCombo(no_layer="no section")
        self.axis = Combo()
        self.axis.set_entries([(f"normal to {name}, at", axis) for axis, name in enumerate(AXES)], 0)
        self.position = QSpinBox()
        self.position.setRange(0, 2**20 - 1)
        self.position.setSuffix(" voxels")
        self._place = place_side_by_side(self.axis, self.position)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.layer)
        layout.addWidget(self._place)
        self._place.hide()
        self.layer.chosen.connect(self._on_changed)
        self.axis.currentIndexChanged.connect(self._on_changed)
        self.position.valueChanged.connect(self._on_changed)

    def set_layers(self, labels: "Iterable[LabelsLayer]") -> None:
        """Set the available layers, of which only sections are listed."""
        self.layer.set_layers(layer for layer in labels if layer.ndim == 2)

    def take(self) -> ChosenSection | None:
        """Return a copy of the section; None if there is none."""
        layer = self.layer.value
        if layer is None:
            return None
        return ChosenSection(copy_values(layer, "through"), self.axis.value, self.position.value(), layer.name)

    def _on_changed(self, *_: object) -> None:
        self._place.setVisible(self.layer.value is not None)
        self.changed.emit()
