"""The part of the panel that says what is going on."""

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_swnn._progress import format_time_left
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.formatting import as_sentence
from napari_swnn.widgets.kit.loss_curve import LossCurve

if TYPE_CHECKING:
    from napari_swnn.core.training.run import TrainingStep

_REFRESH = 250
"""Milliseconds between two redraws of the bar and the curve: steps may come much quicker."""


class ProgressPanel(QWidget):
    """A line of status, a bar with the time left, what went wrong, and the curve of the loss."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.status, self.problem, self.bar, self.curve = Note(), Problem(), QProgressBar(), LossCurve()
        self.remark = Note()
        self.bar.setTextVisible(True)
        self._text, self._done, self._total = "", 0, 0
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH)
        self._timer.timeout.connect(self._refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.status, self.bar, self.remark, self.problem, self.curve):
            layout.addWidget(widget)
        self.bar.hide()
        self.curve.hide()

    def begin(self, status: str) -> None:
        """Show that work starts: what it is, and a bar that does not know its length yet."""
        self.problem.show_text("")
        self.status.show_text(status)
        self.bar.show()
        self.wait("")
        self._timer.start()

    def begin_curve(self) -> None:
        """Start a new curve, of a new run."""
        self.remark.show_text("")
        self.curve.clear()
        self.curve.show()

    def wait(self, status: str) -> None:
        """Show that something of unknown length goes on."""
        if status:
            self.status.show_text(status)
        self._text, self._done, self._total = "", 0, 0
        self._refresh()

    def end(self, status: str, problem: str = "") -> None:
        """Show that nothing goes on any more."""
        self._timer.stop()
        self.curve.refresh()
        self.bar.hide()
        self.remark.show_text("")
        self.status.show_text(status)
        self.problem.show_text(problem)

    def add_loss(self, step: "TrainingStep") -> None:
        """Take note of the loss of a step, and of what the step has to say, which stays until the run ends."""
        if step.note:
            self.remark.show_text(as_sentence(step.note))
        self.curve.add(step.iteration, step.loss, step.scale)

    def advance(self, done: int, total: int, time_left: float | None) -> None:
        """Take note of how far the work is."""
        self._done, self._total = done, total
        self._text = " · ".join(part for part in (f"{done} / {total}", format_time_left(time_left)) if part)

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        self.problem.set_dark(dark)
        self.curve.set_dark(dark)

    def _refresh(self) -> None:
        self.bar.setRange(0, self._total)  # 0 to 0 is a bar that moves to and fro
        self.bar.setValue(self._done)
        self.bar.setFormat(self._text)
        self.curve.refresh()
