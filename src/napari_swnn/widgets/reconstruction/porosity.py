"""Choosing what to train for: one porosity, or a range of them."""

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import Note, PorosityControl, Problem
from napari_swnn.widgets.kit.formatting import as_sentence

if TYPE_CHECKING:
    from napari_swnn.statistics import FractionInterval

_REACH = 0.1
"""How far a range goes to either side of the reference's own porosity until the user changes it."""


class PorosityChoice(QWidget):
    """The porosity to train for; a tick turns the slider into two ends of a range."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.single = PorosityControl()
        self.low, self.high = _number(), _number()
        self.ranged = QCheckBox("Train for a range")
        self.price = Note()  # to be put below it
        self._ends = QWidget()
        self._chosen = False
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.ranged.setToolTip(
            "Train one model for all porosities from one to another. A slider beside the trained model then chooses "
            "among them, without training again."
        )
        ends = QHBoxLayout(self._ends)
        ends.setContentsMargins(0, 0, 0, 0)
        ends.addWidget(self.low, 1)
        ends.addWidget(QLabel("to"))
        ends.addWidget(self.high, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (self.single, self._ends, self.ranged):
            layout.addWidget(widget)
        self._ends.hide()

    def _connect(self) -> None:
        self.single.slider.valueChanged.connect(self._on_changed)
        self.single.number.valueChanged.connect(self._on_changed)
        self.ranged.toggled.connect(self._on_ranged)
        for end in (self.low, self.high):
            end.valueChanged.connect(self._on_end)

    @property
    def value(self) -> float | tuple[float, float]:
        """The target, or both ends of the range."""
        if self.ranged.isChecked():
            return float(self.low.value()), float(self.high.value())
        return self.single.value

    @property
    def problem(self) -> str:
        """Why it cannot be trained for; empty if it can, as far as is known without the reference."""
        if not self.ranged.isChecked() or self.low.value() < self.high.value():
            return ""
        return (
            f"A range needs a lower end below its upper end, got {self.low.value():.3f} to {self.high.value():.3f}; "
            "lower the first or raise the second."
        )

    def forget(self) -> None:
        """Follow the reference's own porosity again."""
        self.single.forget()
        self._chosen = False

    def set_range(self, low: float, high: float, *, own: float) -> None:
        """Set what is reachable, and the reference's own porosity."""
        self.single.set_range(low, high, own=own)
        least, most = self.single.number.minimum(), self.single.number.maximum()
        kept = (self.low.value(), self.high.value()) if self._chosen else (own - _REACH, own + _REACH)
        for end, value in zip((self.low, self.high), kept, strict=True):
            with QSignalBlocker(end):
                end.setRange(max(least, 0.001), min(most, 0.999))
                end.setValue(value)

    def _on_ranged(self, ranged: bool) -> None:
        self.single.setVisible(not ranged)
        self._ends.setVisible(ranged)
        self.price.show_text("One model for all of them takes three times as long to train." if ranged else "")
        self.changed.emit()

    def _on_end(self) -> None:
        self._chosen = True
        self.changed.emit()

    def _on_changed(self) -> None:
        self.changed.emit()


class IntervalNote:
    """What the reference says of the material's porosity, and a warning where it says little: two notes."""

    def __init__(self) -> None:
        self.note, self.warning = Note(), Problem()
        self.note.setStyleSheet("font-size: 8pt;")

    def text(self) -> str:
        """What the note says."""
        return str(self.note.text())

    def show_interval(self, own: float, interval: "FractionInterval | None", reachable: tuple[float, float]) -> None:
        """Show the reference's porosity with its interval, and what is reachable where that is not everything."""
        self.note.show_text(told_interval(own, interval) + told_reach(reachable))
        warning = "" if interval is None or interval.warning is None else interval.warning
        self.warning.show_text(as_sentence(warning) if warning else "")

    def clear(self) -> None:
        """Say nothing."""
        self.note.show_text("")
        self.warning.show_text("")


def told_interval(own: float, interval: "FractionInterval | tuple[float, float] | None") -> str:
    """The reference's porosity, with the 95 % interval of its material's."""
    if interval is None:
        return f"Reference {own:.3f}"
    low, high = interval if isinstance(interval, tuple) else (interval.low, interval.high)
    return f"Reference {own:.3f} (95 %: {low:.3f}–{high:.3f})"


def told_reach(reachable: tuple[float, float]) -> str:
    """What can be reached, where that is not everything."""
    low, high = reachable
    return "" if low < 0.0005 and high > 0.9995 else f" · reachable {low:.3f} to {high:.3f}"


def _number() -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(PorosityControl.DECIMALS)
    box.setRange(0.001, 0.999)
    box.setSingleStep(0.01)
    box.setKeyboardTracking(False)
    box.setStyleSheet("QDoubleSpinBox {min-width: 50px;}")
    return box
