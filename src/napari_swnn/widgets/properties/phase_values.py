"""Form control for the conductivity of each label."""

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from napari_swnn._layer_style import read_names
from napari_swnn._paper import PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY
from napari_swnn._phase_names import name_phase
from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.phase_combo import find_swatch
from napari_swnn.widgets.layers.phase_pick import format_share

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


class PhaseValues(QWidget):
    """Form control for conductivities, entered as text since they span many orders of magnitude.

    Attributes
    ----------
    fields : dict of int to QLineEdit
        Text field of each label.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[int, QLineEdit] = {}
        self._heads: list[tuple[QLabel, Note]] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setColumnStretch(1, 2)  # a name with its fraction needs more room than a number
        self._layout.setColumnStretch(2, 1)

    @property
    def is_empty(self) -> bool:
        """True if no labels are shown."""
        return not self.fields

    @property
    def values(self) -> dict[int, float]:
        """Conductivity of each label.

        Raises
        ------
        BadInputError
            If a conductivity is negative or not a number.
        """
        return {label: _parse(field.text(), field.accessibleName()) for label, field in self.fields.items()}

    def set_phases(self, phases: Mapping[int, float], pore: int, layer: "LabelsLayer | None" = None) -> None:
        """Show these labels with their fractions; labels already shown keep their conductivities.

        Parameters
        ----------
        phases : mapping of int to float
            Volume fraction of each label.
        pore : int
            Label whose initial value is the conductivity of the pores.
        layer : napari.layers.Labels, optional
            Layer whose names and colours of the phases are shown.
        """
        if list(phases) != list(self.fields):
            kept = {label: field.text() for label, field in self.fields.items()}
            self._clear()
            for row, label in enumerate(phases):
                default = PORE_CONDUCTIVITY if label == pore else SOLID_CONDUCTIVITY
                self._add(row, label, kept.get(label, f"{default:g}"))
        names = {} if layer is None else read_names(layer)
        for (swatch, name), (label, fraction) in zip(self._heads, phases.items(), strict=True):
            swatch.setPixmap(find_swatch(layer, label).pixmap(16, 10))
            name.show_text(f"{name_phase(label, names)}  ({_unbroken(format_share(fraction))})")
            name.setToolTip(name.text())
            self.fields[label].setAccessibleName(f"conductivity of {name_phase(label, names)}")

    def _add(self, row: int, label: int, text: str) -> None:
        swatch, name, field = QLabel(), Note(), QLineEdit(text)  # a note is as high as its lines
        field.textChanged.connect(self._on_changed)
        for column, widget in enumerate((swatch, name, field)):
            self._layout.addWidget(widget, row, column)
        self._heads.append((swatch, name))
        self.fields[label] = field

    def _clear(self) -> None:
        for widget in (*(label for head in self._heads for label in head), *self.fields.values()):
            with QSignalBlocker(widget):
                self._layout.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self._heads = []
        self.fields = {}

    def _on_changed(self, _text: str) -> None:
        self.changed.emit()


def _unbroken(text: str) -> str:
    """Return a text that is not broken between two lines."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _parse(text: str, name: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value >= 0):
        raise BadInputError(
            "conductivities",
            f"The {name} must be a number of at least 0, got “{text}”; enter 0 for an insulator.",
        )
    return value
