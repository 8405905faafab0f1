"""Background threads that return their results as signals.

The work is a plain function or generator that does not access layers. Results arrive in the viewer's thread as signals
to bound methods, which Qt disconnects when the panel is deleted.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from typing import Any
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer, Signal

from napari_swnn.widgets.kit.activity import Activity
from napari_swnn.widgets.kit.errors import BadInputError, WorkFailedError, describe_error
from napari_swnn.widgets.kit.shutdown import is_shutdown_error

CHECK_THREAD = "napari-swnn check"

_QUEUED = 200
"""Milliseconds after which work that has not begun counts as waiting."""

logger = logging.getLogger(__name__)


def guard_errors(work: Callable[..., Generator[Any, None, Any]], *args: Any) -> Generator[Any, None, Any]:
    """Run work, and raise every error as a `WorkFailedError`; all but bad input are logged with their traceback."""
    try:
        return (yield from work(*args))
    except Exception as error:
        if not isinstance(error, BadInputError) and not is_shutdown_error(error):
            logger.exception("%s failed", work.__name__)
        raise WorkFailedError(describe_error(error)) from error


class _Run(Event):
    """One run of a generator, set as soon as it is to stop."""

    has_begun = False
    """True once a thread is free for it."""


@dataclass(frozen=True, eq=False, slots=True)
class _Message:
    """Step or outcome of a run."""

    run: _Run
    value: Any


_CANCELLED = object()
"""Outcome of a run that was stopped."""


def _iter_messages(
    run: _Run, work: Callable[..., Generator[Any, None, Any]], *args: Any
) -> Generator[_Message, None, _Message]:
    """Run work until it ends or its event is set, and close it in the same thread."""
    run.has_begun = True
    try:
        with closing(guard_errors(work, *args)) as steps:
            while not run.is_set():
                try:
                    step = next(steps)
                except StopIteration as end:
                    return _Message(run, end.value)
                if not run.is_set():  # a viewer that closes takes no further step, and leaves the work open
                    yield _Message(run, step)
    except WorkFailedError as error:
        return _Message(run, error)
    return _Message(run, _CANCELLED)


class _TitledWork(partial[Any]):
    """Work that napari names by its title, as when it asks whether to close its window in the meantime."""

    title = ""

    def __repr__(self) -> str:
        return self.title


class TaskRunner(QObject):
    """Runner of one generator at a time in a worker thread.

    `stepped` carries the yielded values and `done` the return value. When a generator ends, exactly one of `done`,
    `failed` and `cancelled` is emitted, or none if the work was abandoned. If a generator returns before it detects a
    request to stop, `done` is emitted.

    Parameters
    ----------
    parent : QObject
        Owner, with which the runner is deleted.
    title : str
        Title of the work in the activity dock of napari.
    """

    stepped = Signal(object)
    done = Signal(object)
    failed = Signal(str)
    cancelled = Signal()
    waiting = Signal(str)
    """Emitted with the reason if the work waits for a thread, as on a computer with one core that is at work."""

    def __init__(self, parent: QObject, title: str = "SWNN") -> None:
        super().__init__(parent)
        self._run: _Run | None = None
        self._title = title
        self._activity = Activity(title)

    @property
    def busy(self) -> bool:
        """True while work is in progress."""
        return self._run is not None

    def run(self, work: Callable[..., Generator[Any, None, Any]], *args: Any) -> None:
        """Start `work` in a worker thread."""
        from napari.qt.threading import create_worker

        self._run = _Run()
        _at_work.add(self)
        QTimer.singleShot(_QUEUED, self._on_queued)
        self._activity.begin()
        titled = _TitledWork(_iter_messages, self._run, work, *args)
        titled.title = self._title
        create_worker(
            titled,
            _start_thread=True,  # napari counts a worker that was never started as pending when the viewer closes
            _ignore_errors=True,
            _connect={
                "yielded": self._on_yielded,
                "returned": self._on_returned,
                "aborted": self._on_aborted,
            },
        )

    def stop(self) -> None:
        """Cancel the work after its current step, or at once if it has not begun."""
        if self._run is None:
            return
        self._run.set()
        if not self._run.has_begun:  # it will end unseen when its turn comes
            self._end()
            self.cancelled.emit()

    def abandon(self) -> None:
        """Cancel the work and ignore its result."""
        if self._run is not None:
            self._run.set()
        self._end()

    def _end(self) -> None:
        self._run = None
        _at_work.discard(self)
        self._activity.end()

    def _on_queued(self) -> None:
        """Say what the work waits for if no thread was free for it."""
        if self._run is None or self._run.has_begun:
            return
        others = (each for each in _at_work if each._run is not None and each._run.has_begun)
        names = sorted(each._title for each in others)
        what = " and ".join(names) or "other work in napari"
        self.waiting.emit(f"Waiting until {what} is done: all cores of this computer are at work.")

    def _on_yielded(self, message: _Message) -> None:
        if message.run is self._run:
            self.stepped.emit(message.value)
            self._activity.reach(message.value)  # last, because it can deliver the next steps

    def _on_returned(self, message: _Message) -> None:
        if message.run is not self._run:  # the run was abandoned
            return
        self._end()
        if message.value is _CANCELLED:
            self.cancelled.emit()
        elif isinstance(message.value, WorkFailedError):
            self.failed.emit(str(message.value))
        else:
            self.done.emit(message.value)

    def _on_aborted(self) -> None:
        """Report cancellation when the viewer stops all workers before closing."""
        if self._run is not None:
            self._end()
            self.cancelled.emit()


_at_work: "WeakSet[TaskRunner]" = WeakSet()
"""Runners with work in progress, or waiting for a thread."""


class Checker(QObject):
    """Runner of short tasks in the background that returns only the result of the latest request.

    It uses a plain thread, so that the viewer closes without confirmation. The result is dropped if the panel no
    longer exists.

    Parameters
    ----------
    parent : QObject
        Owner, with which the checker is deleted.
    live : bool
        If True, also return results of requests that have been followed by another one, while that is computed.
    """

    done = Signal(object)
    failed = Signal(str)
    _answered = Signal(object)

    def __init__(self, parent: QObject, *, live: bool = False) -> None:
        super().__init__(parent)
        self._live = live
        self._running = self._wanted = False
        self._next: tuple[Any, ...] = ()
        self._answered.connect(self._on_answered)

    @property
    def busy(self) -> bool:
        """True while a result is pending."""
        return self._running and self._wanted

    def request(self, work: Callable[..., Any], *args: Any) -> None:
        """Start `work` in a thread once the running work has ended."""
        self._next, self._wanted = (work, *args), True
        if not self._running:
            self._start_next()

    def drop(self) -> None:
        """Ignore the results of all previous requests."""
        self._next, self._wanted = (), False

    def _start_next(self) -> None:
        task, self._next, self._running = self._next, (), True
        Thread(target=self._work, args=task, name=CHECK_THREAD).start()

    def _work(self, work: Callable[..., Any], *args: Any) -> None:
        outcome: Any
        try:
            outcome = work(*args)
        except Exception as error:  # noqa: BLE001  (the panel must report any error)
            outcome = _Failure(error)
        with suppress(RuntimeError):  # the panel was deleted meanwhile
            self._answered.emit(outcome)

    def _on_answered(self, outcome: Any) -> None:
        self._running = False
        if self._next:
            self._start_next()
            if self._live and not isinstance(outcome, _Failure):
                self.done.emit(outcome)
        elif self._wanted and isinstance(outcome, _Failure):
            logger.warning("%s", outcome.error, exc_info=outcome.error)
            self.failed.emit(describe_error(outcome.error))
        elif self._wanted:
            self.done.emit(outcome)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception
