"""Progress display of a panel."""

from time import monotonic

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from napari_swnn._progress import format_time_left
from napari_swnn.widgets.kit.controls import Note, Problem

_REFRESH = 250
"""Time between two redraws in milliseconds; steps may follow each other much faster."""


class ProgressPanel(QWidget):
    """Display of a status line, a progress bar with the remaining time, and the reason for a failure.

    Attributes
    ----------
    status, remark : Note
        Current status, and a message that remains until the work ends.
    problem : Problem
        Reason for a failure.
    bar : QProgressBar
        Progress bar; shows a busy indicator while the amount of work is unknown.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.status = Note()
        self.remark = Note()
        self.problem = Problem()
        self.bar = QProgressBar()
        self.bar.setTextVisible(True)
        self._text = ""
        self._done = 0
        self._total = 0
        self._ends_at: float | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH)
        self._timer.timeout.connect(self.refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.status, self.bar, self.remark, self.problem):
            layout.addWidget(widget)
        self.bar.hide()

    def begin(self, status: str) -> None:
        """Show that work of unknown duration has started."""
        self.problem.show_text("")
        self.status.show_text(status)
        self.bar.show()
        self.wait("")
        self._timer.start()

    def wait(self, status: str) -> None:
        """Show that work of unknown duration is in progress; an empty status keeps the previous one."""
        if status:
            self.status.show_text(status)
        self._text = ""
        self._done = 0
        self._total = 0
        self._expect(None)
        self.refresh()

    def end(self, status: str, problem: str = "") -> None:
        """Show the outcome of the work."""
        self._timer.stop()
        self.refresh()
        self.bar.hide()
        self.remark.show_text("")
        self.status.show_text(status)
        self.problem.show_text(problem)

    def advance(self, done: int, total: int, time_left: float | None) -> None:
        """Record the progress, which is drawn at the next refresh.

        Parameters
        ----------
        done, total : int
            Number of completed steps, and total number of steps.
        time_left : float or None
            Estimated remaining time in seconds.
        """
        self._done = done
        self._total = total
        self._text = f"{done} / {total}"
        self._expect(time_left)

    def _expect(self, time_left: float | None) -> None:
        """Count down the remaining time until the next step."""
        self._ends_at = None if time_left is None else monotonic() + time_left

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.problem.set_dark(dark)

    def refresh(self) -> None:
        """Draw the progress."""
        self.bar.setRange(0, self._total)  # a range from 0 to 0 shows a busy bar
        self.bar.setValue(self._done)
        left = None if self._ends_at is None else self._ends_at - monotonic()
        is_known = left is not None and left > 0  # a step that takes longer than expected ends at an unknown time
        parts = (self._text, format_time_left(left if is_known else None))
        self.bar.setFormat(" · ".join(part for part in parts if part))
