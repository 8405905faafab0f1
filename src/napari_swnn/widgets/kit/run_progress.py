"""Progress display for work whose completed fraction is known."""

from time import monotonic

from napari_swnn.widgets.kit.progress import ProgressPanel

_SETTLING = 2.0
"""Seconds of work before the remaining time can be estimated."""


class WorkProgress(ProgressPanel):
    """Progress panel with a percentage bar that never moves backwards."""

    _started = 0.0
    _share = 0.0  # a run that waits for another one reports so before it begins

    def begin(self, status: str) -> None:
        """Show that work of unknown duration has started."""
        self._started = monotonic()
        self._share = 0.0
        super().begin(status)

    def reach(self, share: float, status: str = "", *, steady: bool = True) -> None:
        """Record the progress.

        Parameters
        ----------
        share : float
            Completed fraction of the work, in [0, 1].
        status : str
            Current activity; an empty text keeps the previous one.
        steady : bool
            False if the fraction does not grow steadily with time; the remaining time is then not estimated.
        """
        self._share = max(self._share, min(1.0, share))
        self._done = round(100 * self._share)
        self._total = 100
        spent = monotonic() - self._started
        is_known = steady and spent > _SETTLING and self._share > 0.02
        self._text = f"{self._done} %"
        self._expect(spent * (1 / self._share - 1) if is_known else None)
        if status:
            self.status.show_text(status)
