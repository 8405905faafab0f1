"""Estimated time, memory and file size of a composition before it is run."""

from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_swnn._memory import format_memory
from napari_swnn._progress import format_estimate
from napari_swnn.widgets.composition.request import ComposeRequest
from napari_swnn.widgets.composition.work import estimate
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.kit.threads import Checker

QUIET = 1200
"""Milliseconds without a change before the time is estimated, since a few blocks are computed for it."""


class CostEstimate(QObject):
    """Estimate of the cost of the request that Run would start."""

    changed = Signal()
    """Emitted when `text` has changed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._request: ComposeRequest | None = None
        self._pending: ComposeRequest | None = None
        self._timed: ComposeRequest | None = None
        self._time = ""
        self._size = 0
        self._checker = Checker(self)
        self._debouncer = make_debouncer(self, QUIET, self._begin)
        self._checker.done.connect(self._on_found)
        self._checker.failed.connect(self._on_failed)

    @property
    def text(self) -> str:
        """Estimate in one line; empty without a request, and for a lazy layer."""
        request = self._request
        if request is None or request.is_lazy:
            return ""
        is_timed = self._timed is not None and request.resembles(self._timed)
        parts = [self._time if is_timed else "Estimating the time…", f"{format_memory(request.memory)} of memory"]
        if is_timed and self._size and request.destination == "file":
            parts.append(f"up to {format_memory(self._size)} on the disk")
        return " · ".join(parts)

    def follow(self, request: ComposeRequest | None) -> None:
        """Estimate the cost of another request; without one, as during a run, an estimate in progress is dropped."""
        self._request = request
        if request is None or request.is_lazy or (self._timed is not None and request.resembles(self._timed)):
            self.pause()
        elif self._pending is None or not request.resembles(self._pending):
            self._checker.drop()
            self._pending = request
            self._debouncer.throttle()

    def pause(self) -> None:
        """Drop an estimate in progress."""
        self._pending = None
        self._debouncer.cancel()
        self._checker.drop()

    def _begin(self) -> None:
        if self._pending is not None:
            self._checker.request(estimate, self._pending)

    def _on_found(self, found: Any) -> None:
        seconds, size = found
        self._show(f"About {format_estimate(seconds)} to compose", size)

    def _on_failed(self, text: str) -> None:
        self._show(f"The time could not be estimated: {text}", 0)

    def _show(self, time: str, size: int) -> None:
        self._timed, self._pending = self._pending, None
        self._time, self._size = time, size
        self.changed.emit()
