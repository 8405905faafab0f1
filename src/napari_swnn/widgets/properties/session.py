"""State of the properties panel, without any control."""

from collections.abc import Callable

from napari_swnn.widgets.kit.session import Report, RunSession, Worker
from napari_swnn.widgets.properties.job import PropertyJob
from napari_swnn.widgets.properties.work import PropertyRun, compute_property


class PropertySession(RunSession[PropertyJob, PropertyRun]):
    """Checked request, run and outcome of a property.

    Parameters
    ----------
    worker : Worker
        Runs the computation in a thread.
    deliver : callable
        Shows the result and returns its `Report`.
    """

    def __init__(self, worker: Worker, deliver: Callable[[PropertyRun], Report]) -> None:
        super().__init__(worker, compute_property, deliver)

    def report_cancelled(self) -> Report:
        """Return the report of a run that was cancelled."""
        return Report("Cancelled; nothing was added.")

    def report_failed(self, failure: str) -> Report:
        """Return the report of a run that failed."""
        return Report("Nothing was changed.", failure)
