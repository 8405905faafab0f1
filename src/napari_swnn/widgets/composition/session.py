"""State of the compose panel, independent of its controls: its request, its run and the outcome."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_swnn.widgets.composition.work import work
from napari_swnn.widgets.kit.session import Report, RunSession, Worker
from napari_swnn.widgets.lazy.box_request import BoxRequest

if TYPE_CHECKING:
    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.volume.block_volume import BlockVolume


class ComposeSession(RunSession[Any, Any]):
    """State of a composition, whose runs compose a volume, its middle plane, or a box of a lazy layer.

    Parameters
    ----------
    worker : Worker
        Runs the work in a thread.
    deliver : callable
        Function that shows a result and returns its `Report`.
    """

    def __init__(self, worker: Worker, deliver: Callable[[Any], Report]) -> None:
        super().__init__(worker, work, deliver)

    def preview(self) -> None:
        """Compute the middle plane of the volume."""
        if self.request is not None:
            self.start(replace(self.request, is_preview=True))

    def compute_box(self, volume: "BlockVolume", window: "Window", name: str) -> None:
        """Compute a box of a lazy layer."""
        self.start(BoxRequest(volume, window, name))

    def report_cancelled(self) -> Report:
        """Return the report of a run that was cancelled; a file is resumed by the next run."""
        path = getattr(self.running, "path", None)
        if path is None:
            return Report("Cancelled; nothing was added.")
        return Report(f"Stopped; Run with the same settings and the file {path.name} resumes it.")
