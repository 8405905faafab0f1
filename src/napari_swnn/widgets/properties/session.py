"""State of the properties panel, independent of its controls."""

from collections.abc import Callable

from napari_swnn.widgets.kit.session import Report, RunSession, Worker
from napari_swnn.widgets.properties.job import PropertyJob
from napari_swnn.widgets.properties.work import PropertyRun, compute_property


class PropertySession(RunSession[PropertyJob, PropertyRun]):
    """Checked request, run and result of a property calculation.

    Parameters
    ----------
    worker : Worker
        Worker that runs the computation in a thread.
    deliver : callable
        Function that shows the result and returns its `Report`.
    """

    def __init__(self, worker: Worker, deliver: Callable[[PropertyRun], Report]) -> None:
        super().__init__(worker, compute_property, deliver)

    def report_cancelled(self) -> Report:
        """Return the report for a cancelled run."""
        return Report("Cancelled; nothing was added.")

    def report_failed(self, failure: str) -> Report:
        """Return the report for a failed run."""
        return Report("Nothing was changed.", failure)
