"""Table of the phases of a reference: colours, names, and fractions in the reference and in the reconstruction."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractSpinBox, QGridLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QWidget

from napari_swnn._layer_style import read_names, to_hex, write_names
from napari_swnn._phase_names import MAX_LENGTH, name_phase
from napari_swnn._phases import scale_fractions
from napari_swnn.widgets.kit.controls import POROSITY_DECIMALS, Problem, make_porosity_box
from napari_swnn.widgets.kit.swatch import FRAME
from napari_swnn.widgets.layers.phase_pick import format_share
from napari_swnn.widgets.layers.reading import read_colour

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

_UNIT = 10**POROSITY_DECIMALS
_HEADS = ("", "Phase", "Section", "Target")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Row:
    """Widgets of a phase: swatch, name, fraction in the reference, and target fraction."""

    def __init__(self, label: int) -> None:
        self.label = label
        self.swatch = QLabel()
        self.swatch.setFixedSize(16, 10)
        self.name = QLineEdit()
        self.share = QLabel()
        self.target = make_porosity_box(0, 1)
        self.name.setMaxLength(MAX_LENGTH)
        self.name.setPlaceholderText(f"name of label {label}")
        self.name.setAccessibleName(f"name of label {label}")
        self.name.setToolTip(f"Label {label}. The name is kept in the layer, its results and their files.")
        self.name.setMinimumWidth(40)
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.share.setAlignment(_RIGHT)
        self.target.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.widgets = (self.swatch, self.name, self.share, self.target)

    def show_phase(self, fraction: float, layer: "LabelsLayer | None") -> None:
        names = {} if layer is None else read_names(layer)
        colour = None if layer is None else read_colour(layer, self.label)
        fill = "transparent" if colour is None else to_hex(colour)
        self.swatch.setStyleSheet(f"background-color: {fill}; border: 1px solid {FRAME};")  # stays if disabled
        self.share.setText(format_share(fraction))
        self.target.setAccessibleName(f"target fraction of {name_phase(self.label, names)}")
        self.name.setText(names.get(self.label, ""))
        self.name.setCursorPosition(0)


class PhaseTable(QWidget):
    """Table with a row for each phase: swatch, name, fraction in the reference, and target fraction.

    Names are written into the layer of the reference, from which they travel to all results. `named` is emitted after
    one has changed, and `changed` when a target has.

    Attributes
    ----------
    rows : dict of int to object
        Widgets of each label, among them the fields ``name`` and ``target``.
    sum : QLabel
        Sum of the target fractions.
    scale_button : QPushButton
        Button that scales the target fractions to a sum of 1.
    """

    named = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[int, _Row] = {}
        self.sum = QLabel()
        self.scale_button = QPushButton("Scale to 1")
        self.problem = Problem()
        self._layer: LabelsLayer | None = None
        self._own: tuple[float, ...] = ()
        self._cells: list[QWidget] = []
        self._is_free = False
        self._is_chosen = False
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setVerticalSpacing(2)
        self._layout.setColumnStretch(1, 1)
        self.scale_button.setToolTip("Scale all target fractions by the same factor, so that they add up to 1.")
        self.scale_button.clicked.connect(self.scale)
        self.sum.setAlignment(_RIGHT)
        self.hide()

    # -- targets

    @property
    def fractions(self) -> dict[int, float]:
        """Target fraction of each label, the phase of interest first."""
        return {label: float(row.target.value()) for label, row in self.rows.items()}

    @property
    def shortfall(self) -> int:
        """Thousandths by which the targets fall short of 1; negative if they exceed it."""
        return _UNIT - sum(round(_UNIT * value) for value in self.fractions.values())

    @property
    def sum_problem(self) -> str:
        """Reason that the targets cannot be used; empty if they can, or follow from the porosity."""
        if not self._is_free:
            return ""
        if min(self.fractions.values(), default=1) == 0:
            return "Every phase must have a fraction above 0; raise it, or tick Merge the others."
        if self.shortfall == 0:
            return ""
        direction = "raise" if self.shortfall > 0 else "lower"
        total, missing = 1 - self.shortfall / _UNIT, abs(self.shortfall) / _UNIT
        return (
            f"The fractions of all phases must add up to 1, got {total:.3f}; {direction} one of them by {missing:.3f}, "
            "or press Scale to 1."
        )

    def set_free(self, free: bool) -> None:
        """Let the user enter the target of each phase, or show those that follow from the porosity."""
        self._is_free = free
        for row in self.rows.values():
            row.target.setEnabled(free)
        self._show_sum()

    def follow(self, porosity: float) -> None:
        """Show the targets at a porosity, at which the other phases keep their proportion.

        Fractions that the user entered are kept.
        """
        if self._own and not (self._is_free and self._is_chosen):
            self._set_targets(scale_fractions(self._own, porosity))

    def scale(self) -> None:
        """Scale the targets to a sum of 1."""
        total = sum(self.fractions.values())
        self._set_targets([value / total for value in self.fractions.values()])
        self._is_chosen = True
        self.changed.emit()

    def set_fractions(self, fractions: Mapping[int, float]) -> None:
        """Enter the target of each phase."""
        for label, row in self.rows.items():
            row.target.setValue(fractions.get(label, row.target.value()))
        self._is_chosen = True

    def forget(self) -> None:
        """Follow the porosity again."""
        self._is_chosen = False

    # -- phases

    def show_phases(self, fractions: Mapping[int, float], layer: "LabelsLayer | None") -> None:
        """Show a row for each phase.

        Parameters
        ----------
        fractions : mapping of int to float
            Fraction of each phase in the reference, the phase of interest first; nothing is shown for two phases.
        layer : napari.layers.Labels or None
            Layer whose names and colours of the phases are shown, and into which new names are written.
        """
        is_several = len(fractions) > 2
        self._layer = layer
        self._own = tuple(fractions.values()) if is_several else ()
        if not is_several or tuple(self.rows) != tuple(fractions):
            self._clear()
            if is_several:
                self._add_rows(tuple(fractions))
        for label, row in self.rows.items():
            row.show_phase(fractions[label], layer)
        self.setVisible(is_several)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.problem.set_dark(dark)

    def _add_rows(self, labels: Sequence[int]) -> None:
        for column, text in enumerate(_HEADS):
            head = QLabel(text)
            if column > 1:
                head.setAlignment(_RIGHT)
            self._put(head, 0, column)
        for i, label in enumerate(labels, start=1):
            row = self.rows[label] = _Row(label)
            row.name.editingFinished.connect(self._on_name)
            row.target.valueChanged.connect(self._on_target)
            for column, widget in enumerate(row.widgets):
                self._put(widget, i, column)
        self._layout.addWidget(self.scale_button, len(labels) + 1, 1, 1, 1, Qt.AlignmentFlag.AlignRight)
        self._layout.addWidget(self.sum, len(labels) + 1, 2, 1, 2)
        self._layout.addWidget(self.problem, len(labels) + 2, 0, 1, 4)
        self.set_free(self._is_free)

    def _put(self, widget: QWidget, row: int, column: int) -> None:
        self._layout.addWidget(widget, row, column)
        self._cells.append(widget)

    def _clear(self) -> None:
        for widget in self._cells:
            with QSignalBlocker(widget):
                self._layout.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        for fixed in (self.scale_button, self.sum, self.problem):
            self._layout.removeWidget(fixed)
        self._cells, self.rows = [], {}
        self.problem.show_text("")

    def _set_targets(self, fractions: Sequence[float]) -> None:
        """Show fractions, rounded so that they add up to 1."""
        exact = _UNIT * np.asarray(fractions, float)
        steps = np.floor(exact)
        short = round(_UNIT - steps.sum())
        if 0 < short <= len(steps):
            steps[np.argsort(steps - exact, kind="stable")[:short]] += 1
        for row, value in zip(self.rows.values(), steps, strict=True):
            with QSignalBlocker(row.target):
                row.target.setValue(value / _UNIT)
        self._show_sum()

    def _show_sum(self) -> None:
        is_off = self._is_free and self.shortfall != 0
        self.sum.setText(f"Sum {1 - self.shortfall / _UNIT:.3f}")
        self.sum.setVisible(self._is_free and bool(self.rows))
        self.scale_button.setVisible(is_off)

    def _on_target(self, _value: float) -> None:
        self._is_chosen = True
        self._show_sum()
        self.changed.emit()

    def _on_name(self) -> None:
        if self._layer is None:
            return
        before = read_names(self._layer)
        entered = {label: " ".join(row.name.text().split()) for label, row in self.rows.items()}
        kept = {label: name for label, name in before.items() if label not in entered}
        names = dict(sorted({**kept, **{label: name for label, name in entered.items() if name}}.items()))
        if names == before:
            self.problem.show_text("")
            return
        twice = next((name for name in names.values() if [*names.values()].count(name) > 1), "")
        if twice:
            self.problem.show_text(f"Two phases are called “{twice}”; the names must tell them apart. Change one.")
            return
        self.problem.show_text("")
        write_names(self._layer, names)
        self.named.emit()
