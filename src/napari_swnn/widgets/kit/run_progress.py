"""What is going on, as a share of the work."""

from time import monotonic

from napari_swnn._progress import format_duration
from napari_swnn.widgets.kit.progress import ProgressPanel

_TELLING = 2.0
"""Seconds of work after which the time that is left can be told."""


class WorkProgress(ProgressPanel):
    """A line of status, a bar in per cent, and what went wrong; it never goes back."""

    def begin(self, status: str) -> None:
        """Show that work starts: what it is, and a bar that does not know its length yet."""
        self._started, self._share = monotonic(), 0.0
        super().begin(status)

    def reach(self, share: float, status: str = "", *, steady: bool = True) -> None:
        """Take note of how far the work is.

        Parameters
        ----------
        share : float
            Part of the work that is done, in [0, 1].
        status : str
            What is being done now; what was said before stays if it is empty.
        steady : bool
            Whether the share grows evenly in time, so that the time left can be told.
        """
        self._share = max(self._share, min(1.0, share))
        self._done, self._total = round(100 * self._share), 100
        spent = monotonic() - self._started
        known = steady and spent > _TELLING and self._share > 0.02
        left = f" · {format_duration(spent * (1 / self._share - 1))} left" if known else ""
        self._text = f"{self._done} %{left}"
        if status:
            self.status.show_text(status)
