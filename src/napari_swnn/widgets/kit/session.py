"""State of a panel that runs one task at a time, independent of its controls."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from psygnal import Signal

from napari_swnn._progress import Progress
from napari_swnn.widgets.kit.errors import BadInputError, describe_error


class State(StrEnum):
    """State of a panel that runs one task at a time."""

    IDLE = "idle"
    """Input is missing or invalid."""
    CHECKING = "checking"
    """The layers are being read."""
    READY = "ready"
    """A run can start."""
    RUNNING = "running"
    """A run is in progress."""
    STOPPING = "stopping"
    """Stop was pressed, but the run has not ended yet."""
    FAILED = "failed"
    """The last run failed; a new run can start."""


class Emitter(Protocol):
    """A signal of Qt or psygnal."""

    def connect(self, slot: Callable[..., Any], /) -> Any:
        """Call `slot` at each emission."""


class Worker(Protocol):
    """Runner of one generator at a time in a thread, such as `kit.threads.TaskRunner`."""

    stepped: Emitter
    done: Emitter
    failed: Emitter
    cancelled: Emitter
    waiting: Emitter

    def run(self, work: Callable[..., Generator[Any, None, Any]], *args: Any) -> None:
        """Start `work` in a thread."""

    def stop(self) -> None:
        """Cancel the work."""

    def abandon(self) -> None:
        """Cancel the work and ignore its result."""


class Checker(Protocol):
    """Runner of short tasks in a thread that returns only the latest result, such as `kit.threads.Checker`."""

    done: Emitter
    failed: Emitter

    def request(self, work: Callable[..., Any], *args: Any) -> None:
        """Start `work` once the running work has ended."""

    def drop(self) -> None:
        """Ignore the results of all previous requests."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """Reason that no run can start yet.

    Attributes
    ----------
    hint : str
        One sentence for the user.
    is_checking : bool
        True if the layers are still being checked, so that no user action is needed.
    """

    hint: str
    is_checking: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Text that describes the outcome of a run: its status and the reason for a failure."""

    status: str = ""
    failure: str = ""


Request = TypeVar("Request")
Result = TypeVar("Result")


class RunSession(Generic[Request, Result]):
    """State of a request, its run and the outcome.

    Parameters
    ----------
    worker : Worker
        Runs the work in a thread.
    work : callable
        Generator function that takes a request, yields `Progress` objects and returns the result.
    deliver : callable
        Function that shows a result and returns its `Report`.

    Attributes
    ----------
    request : object or None
        Request that the Run button would start; None if no run can start.
    problem : BadInputError or None
        Reason that the input is invalid, with its control.
    hint : str
        Explanation if no run can start; otherwise empty.
    running : object or None
        Request of the current run.
    report : Report
        Outcome of the last run.
    is_stopping : bool
        True if Stop was pressed.
    """

    changed = Signal()
    """Emitted when the visible state has changed."""
    started = Signal()
    stepped = Signal(Progress)
    failed = Signal(str)
    ended = Signal()
    """Emitted when the run has ended, whatever the outcome."""

    def __init__(
        self,
        worker: Worker,
        work: Callable[[Request], Generator[Any, None, Result]],
        deliver: Callable[[Result], Report],
    ) -> None:
        self.work = work
        self.request: Request | None = None
        self.problem: BadInputError | None = None
        self.hint = ""
        self.running: Request | None = None
        self.report = Report()
        self.is_stopping = False
        self._is_checking = False
        self._worker = worker
        self._deliver = deliver
        worker.stepped.connect(self._on_step)
        worker.done.connect(self._on_done)
        worker.failed.connect(self._on_failed)
        worker.cancelled.connect(self._on_cancelled)
        worker.waiting.connect(self._on_waiting)

    @property
    def state(self) -> State:
        """Current state."""
        if self.running is not None:
            return State.STOPPING if self.is_stopping else State.RUNNING
        if self.report.failure:
            return State.FAILED
        if self._is_checking:
            return State.CHECKING
        return State.IDLE if self.request is None else State.READY

    @property
    def is_busy(self) -> bool:
        """True while a run is in progress."""
        return self.running is not None

    @property
    def can_run(self) -> bool:
        """True if a run can start."""
        return self.running is None and self.request is not None

    @property
    def can_stop(self) -> bool:
        """True if Stop can be pressed."""
        return self.running is not None and not self.is_stopping

    def update(self, prepare: Callable[[], Request | NotReady]) -> None:
        """Prepare the request again.

        Parameters
        ----------
        prepare : callable
            Function that returns the request, or the reason that no run can start yet, or raises a `BadInputError`.
        """
        self.request = None
        self.problem = None
        self.hint = ""
        self._is_checking = False
        try:
            prepared = prepare()
        except BadInputError as problem:
            self.problem = problem
            self.hint = "Correct the input marked above."
        else:
            if isinstance(prepared, NotReady):
                self.hint = prepared.hint
                self._is_checking = prepared.is_checking
            else:
                self.request = prepared
        self.changed.emit()

    def run(self) -> None:
        """Start a run of the request if possible."""
        if self.request is not None:
            self.start(self.request)

    def start(self, request: Request) -> None:
        """Start a run of a request, of which Run may start another one, unless a run is in progress."""
        if self.running is None:
            self.running = request
            self.is_stopping = False
            self.report = Report()
            self._worker.run(self.work, self.running)
            self.started.emit()
            self.changed.emit()

    def stop(self) -> None:
        """Cancel the run."""
        if self.can_stop:
            self.is_stopping = True
            self._worker.stop()
            self.changed.emit()

    def close(self) -> None:
        """Cancel the run and ignore its result."""
        self._worker.abandon()
        if self.running is not None:
            self._end(Report("Cancelled: the panel was closed."))

    def report_cancelled(self) -> Report:
        """Return the report of a run that was cancelled."""
        return Report("Cancelled.")

    def report_failed(self, failure: str) -> Report:
        """Return the report of a run that failed."""
        return Report("", failure)

    def _on_step(self, step: Progress) -> None:
        if self.can_stop:
            self.stepped.emit(step)

    def _on_waiting(self, reason: str) -> None:
        self._on_step(Progress(fraction=0.0, activity=reason))

    def _on_done(self, result: Result) -> None:
        if self.running is None:
            return
        try:
            report = self._deliver(result)
        except Exception as error:  # noqa: BLE001  (the panel must not stay busy after any error)
            report = self.report_failed(describe_error(error.__cause__ or error))
        self._end(report)

    def _on_failed(self, failure: str) -> None:
        if self.running is not None:
            self._end(self.report_failed(failure))
            self.failed.emit(failure)

    def _on_cancelled(self) -> None:
        if self.running is not None:
            self._end(self.report_cancelled())

    def _end(self, report: Report) -> None:
        self.running = None
        self.is_stopping = False
        self.report = report
        self.ended.emit()
        self.changed.emit()
