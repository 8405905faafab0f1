"""State of the comparison panel, independent of its controls."""

from collections.abc import Callable

from napari_swnn._progress import Progress
from napari_swnn.widgets.comparison.job import CompareJob
from napari_swnn.widgets.comparison.work import Comparison, compare
from napari_swnn.widgets.kit.session import Report, RunSession, Worker


class ComparisonSession(RunSession[CompareJob, Comparison]):
    """Checked request, run and result of a comparison, updated when its layers change.

    A comparison that becomes outdated while running is cancelled and, if it can start automatically, run again.

    Parameters
    ----------
    worker : Worker
        Worker that runs the comparison in a thread.
    show : callable
        Function that shows the result.

    Attributes
    ----------
    result : Comparison or None
        Displayed comparison.
    is_outdated : bool
        True if layers or settings have changed since `result` was computed.
    """

    def __init__(self, worker: Worker, show: Callable[[Comparison], None]) -> None:
        super().__init__(worker, compare, self._deliver_result)
        self.result: Comparison | None = None
        self.is_outdated = True
        self._show = show
        self._restarts = False

    @property
    def why_not_automatic(self) -> str:
        """Reason why the user has to press Compare; empty if the comparison starts automatically."""
        return "" if self.request is None else self.request.why_not_automatic

    @property
    def advice(self) -> str:
        """Advice for the user while no comparison is running."""
        why = self.why_not_automatic if self.is_outdated else ""
        if self.hint or not why:
            return self.hint
        return f"{why} The results below are outdated." if self.result else why

    @property
    def refusals(self) -> str:
        """Reasons why ticked volumes are missing from the result."""
        return "" if self.result is None or self.is_outdated else " ".join(self.result.refused)

    def invalidate(self) -> None:
        """Mark the result as outdated and cancel any run."""
        self.is_outdated = True
        if self.is_busy:
            self._restarts = True
            self._worker.stop()
        self.changed.emit()

    def settle(self) -> None:
        """Start a comparison automatically, if possible; called once the layers have stopped changing."""
        if self.can_run and not self.why_not_automatic:
            self.run()

    def clear(self) -> None:
        """Discard the result, since there is nothing to compare."""
        self.result = None
        self.changed.emit()

    def run(self) -> None:
        """Start a comparison if possible."""
        if self.can_run:
            self._restarts = False
        super().run()

    def stop(self) -> None:
        """Cancel the run without restarting it."""
        self._restarts = False
        super().stop()

    def close(self) -> None:
        """Cancel the run and ignore its result."""
        self._restarts = False
        super().close()

    def report_cancelled(self) -> Report:
        """Return the report for a cancelled run."""
        return Report("Stopped; the results below are the previous ones." if self.is_stopping and self.result else "")

    def _deliver_result(self, result: Comparison) -> Report:
        self.result = result
        self.is_outdated = self._restarts
        self._show(result)
        return Report()

    def _on_step(self, step: Progress) -> None:
        if not self._restarts:
            super()._on_step(step)

    def _end(self, report: Report) -> None:
        restarts = self._restarts
        self._restarts = False
        super()._end(report)
        if restarts:
            self.settle()
