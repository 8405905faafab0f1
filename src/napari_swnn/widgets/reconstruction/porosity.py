"""Controls for the target porosity of training: one value or a range."""

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from napari_swnn._sentences import as_sentence
from napari_swnn.widgets.kit.controls import Note, PorosityControl, Problem, make_porosity_box, place_side_by_side
from napari_swnn.widgets.kit.formatting import format_interval

if TYPE_CHECKING:
    from napari_swnn.statistics import FractionInterval

_HALF_WIDTH = 0.1
"""Default half-width of a porosity range around the porosity of the reference."""
_LOWEST, _HIGHEST = 0.001, 0.999
_FAR = 4.0
"""Ratio of the odds φ/(1 - φ) of two porosities above which they are far apart: 0.2 and 0.5, or 0.1 and 0.31."""


class PorosityChoice(QWidget):
    """Control for the target porosity; check boxes switch from a single value to a range, or to a table of all phases.

    Attributes
    ----------
    ranged : QCheckBox
        Switch to a range.
    each : QCheckBox
        Switch to a target for each phase, which is entered elsewhere; hidden for two phases.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.single = PorosityControl()
        self.low = make_porosity_box(_LOWEST, _HIGHEST)
        self.high = make_porosity_box(_LOWEST, _HIGHEST)
        self.ranged = QCheckBox("Train for a range")
        self.each = QCheckBox("Enter each fraction")
        self.price = Note()  # shown below by the form
        self._ends = place_side_by_side(self.low, QLabel("to"), self.high)
        self._is_chosen = False
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.ranged.setToolTip(
            "Train one model for a range of porosities. A slider below the trained model then sets the porosity "
            "without further training."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.each.setToolTip(
            "Enter the target of each phase above. Otherwise, the other phases keep their proportion in the section."
        )
        for widget in (self.single, self._ends, self.ranged, self.each):
            layout.addWidget(widget)
        self._ends.hide()
        self.each.hide()

    def _connect(self) -> None:
        self.single.slider.valueChanged.connect(self._on_changed)
        self.single.number.valueChanged.connect(self._on_changed)
        self.ranged.toggled.connect(self._on_ranged)
        self.each.toggled.connect(self._on_each)
        for end in (self.low, self.high):
            end.valueChanged.connect(self._on_end)

    @property
    def value(self) -> float | tuple[float, float]:
        """Target porosity, or the lower and upper ends of the range."""
        if self.ranged.isChecked():
            return float(self.low.value()), float(self.high.value())
        return self.single.value

    @property
    def middle(self) -> float:
        """Target porosity, or the middle of the range."""
        return float(np.mean(self.value))

    @property
    def has_each(self) -> bool:
        """True if each phase has a target of its own."""
        return bool(self.each.isChecked())

    def offer_each(self, offered: bool) -> None:
        """Offer a target for each phase, or withdraw the offer."""
        self.each.setVisible(offered)
        if not offered:
            self.each.setChecked(False)

    @property
    def problem(self) -> str:
        """Reason that the range cannot be used; empty if valid, as far as known without the reference."""
        if not self.ranged.isChecked() or self.low.value() < self.high.value():
            return ""
        return (
            f"A range must have a lower end below its upper end, got {self.low.value():.3f} to "
            f"{self.high.value():.3f}; lower the first or raise the second."
        )

    def forget(self) -> None:
        """Follow the porosity of the reference again."""
        self.single.forget()
        self._is_chosen = False

    def set_value(self, value: float | tuple[float, float] | None) -> None:
        """Enter a target porosity, or the ends of a range; None chooses a target for each phase."""
        self.each.setChecked(value is None)
        self.ranged.setChecked(isinstance(value, tuple))
        if isinstance(value, tuple):
            for end, own in zip((self.low, self.high), value, strict=True):
                end.setValue(own)
        elif value is not None:
            self.single.choose(value)

    def set_range(self, low: float, high: float, *, own: float) -> None:
        """Set the reachable range and the porosity of the reference."""
        self.single.set_range(low, high, own=own)
        lowest, highest = self.single.number.minimum(), self.single.number.maximum()
        ends = (self.low.value(), self.high.value()) if self._is_chosen else (own - _HALF_WIDTH, own + _HALF_WIDTH)
        for box, value in zip((self.low, self.high), ends, strict=True):
            with QSignalBlocker(box):
                box.setRange(max(lowest, _LOWEST), min(highest, _HIGHEST))
                box.setValue(value)

    def _on_each(self, each: bool) -> None:
        if each:
            self.ranged.setChecked(False)
        self.single.setVisible(not each and not self.ranged.isChecked())
        self.changed.emit()

    def _on_ranged(self, ranged: bool) -> None:
        if ranged:
            self.each.setChecked(False)
        self.single.setVisible(not ranged)
        self._ends.setVisible(ranged)
        self.price.show_text("Training one model for a range takes three times as long." if ranged else "")
        self.changed.emit()

    def _on_end(self) -> None:
        self._is_chosen = True
        self.changed.emit()

    def _on_changed(self) -> None:
        self.changed.emit()


class IntervalNote:
    """Note on the porosity of the reference with its interval, and a warning for small references."""

    def __init__(self) -> None:
        self.note = Note()
        self.warning = Problem()
        self.far = Problem()
        self._own: float | None = None
        self.note.setStyleSheet("font-size: 8pt;")

    def text(self) -> str:
        """Return the text of the note."""
        return str(self.note.text())

    def show_interval(self, own: float, interval: "FractionInterval | None", reachable: tuple[float, float]) -> None:
        """Show the porosity of the reference with its interval, and the reachable range if limited."""
        self._own = own
        limits = None if interval is None else (interval.low, interval.high)
        self.note.show_text(format_interval(own, limits) + _describe_reach(reachable))
        warning = "" if interval is None or interval.warning is None else interval.warning
        self.warning.show_text(as_sentence(warning) if warning else "")

    def judge(self, target: float | None) -> None:
        """Say so if a target porosity is far from that of the reference, whose patterns then hardly show it."""
        own = self._own
        if own is None or target is None or not 0 < own < 1 or not 0 < target < 1:
            self.far.show_text("")
            return
        low, high = sorted(value / (1 - value) for value in (own, target))
        text = f"{target:.3f} is far from the {own:.3f} of the reference; few of its patterns show such a porosity."
        self.far.show_text(text if high > _FAR * low else "")

    def clear(self) -> None:
        """Clear all notes."""
        self._own = None
        for note in (self.note, self.warning, self.far):
            note.show_text("")


def _describe_reach(reachable: tuple[float, float]) -> str:
    low, high = reachable
    return "" if low < 0.0005 and high > 0.9995 else f" · reachable {low:.3f} to {high:.3f}"
