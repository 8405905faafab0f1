"""State of the comparison panel, without any control."""

from collections.abc import Callable

from napari_swnn._progress import Progress
from napari_swnn.widgets.comparison.job import CompareJob
from napari_swnn.widgets.comparison.work import Comparison, compare
from napari_swnn.widgets.kit.session import Report, RunSession, Worker


class ComparisonSession(RunSession[CompareJob, Comparison]):
    """Checked request, run and outcome of a comparison, which follows its layers.

    A comparison that becomes outdated while it runs is cancelled; a new one follows if it can start automatically.

    Parameters
    ----------
    worker : Worker
        Runs the comparison in a thread.
    show : callable
        Shows the result.

    Attributes
    ----------
    result : Comparison or None
        Comparison that is shown.
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
        """Sentence that says why the user has to press Compare; empty if the comparison starts automatically."""
        return "" if self.request is None else self.request.why_not_automatic

    @property
    def advice(self) -> str:
        """Sentence for the user while nothing runs."""
        why = self.why_not_automatic if self.is_outdated else ""
        if self.hint or not why:
            return self.hint
        return f"{why} The results below are outdated." if self.result else why

    @property
    def refusals(self) -> str:
        """Sentences about ticked volumes that are missing from the result."""
        return "" if self.result is None or self.is_outdated else " ".join(self.result.refused)

    def invalidate(self) -> None:
        """Mark the result as outdated, and cancel a run."""
        self.is_outdated = True
        if self.is_busy:
            self._restarts = True
            self._worker.stop()
        self.changed.emit()

    def settle(self) -> None:
        """Start a comparison that can start automatically, once the layers have stopped changing."""
        if self.can_run and not self.why_not_automatic:
            self.run()

    def clear(self) -> None:
        """Forget the result: there is nothing to compare."""
        self.result = None
        self.changed.emit()

    def run(self) -> None:
        """Start a comparison, if one can start."""
        if self.can_run:
            self._restarts = False
        super().run()

    def stop(self) -> None:
        """Cancel the run for good."""
        self._restarts = False
        super().stop()

    def close(self) -> None:
        """Cancel the run and ignore its result."""
        self._restarts = False
        super().close()

    def report_cancelled(self) -> Report:
        """Return the report of a run that was cancelled."""
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
