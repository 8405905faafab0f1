"""Form control for the conductivity of each label."""

from collections.abc import Mapping
from math import isfinite

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from napari_swnn._paper import PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY
from napari_swnn.widgets.kit.errors import BadInputError


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
        self._names: list[QLabel] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setColumnStretch(1, 1)

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
        return {label: _parse(field.text(), label) for label, field in self.fields.items()}

    def set_phases(self, phases: Mapping[int, float], pore: int) -> None:
        """Show these labels with their fractions; labels already shown keep their conductivities.

        Parameters
        ----------
        phases : mapping of int to float
            Volume fraction of each label.
        pore : int
            Label whose initial value is the conductivity of the pores.
        """
        if list(phases) != list(self.fields):
            kept = {label: field.text() for label, field in self.fields.items()}
            self._clear()
            for row, label in enumerate(phases):
                default = PORE_CONDUCTIVITY if label == pore else SOLID_CONDUCTIVITY
                self._add(row, label, kept.get(label, f"{default:g}"))
        for name, (label, fraction) in zip(self._names, phases.items(), strict=True):
            name.setText(f"label {label}  ({100 * fraction:.1f} %)")

    def _add(self, row: int, label: int, text: str) -> None:
        name, field = QLabel(), QLineEdit(text)
        field.setAccessibleName(f"conductivity of label {label}")
        field.textChanged.connect(self._on_changed)
        self._layout.addWidget(name, row, 0)
        self._layout.addWidget(field, row, 1)
        self._names.append(name)
        self.fields[label] = field

    def _clear(self) -> None:
        for widget in (*self._names, *self.fields.values()):
            with QSignalBlocker(widget):
                self._layout.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self._names = []
        self.fields = {}

    def _on_changed(self, _text: str) -> None:
        self.changed.emit()


def _parse(text: str, label: int) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value >= 0):
        raise BadInputError(
            "conductivities",
            f"The conductivity of label {label} must be a number of at least 0, got “{text}”; enter 0 for an "
            "insulator.",
        )
    return value
