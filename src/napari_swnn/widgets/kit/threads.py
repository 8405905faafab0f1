"""Work off the viewer's thread, whose results come back as signals.

The work itself is a plain function or generator that knows no layer. Results arrive in the viewer's thread, as signals
to bound methods, which Qt disconnects when the panel is gone.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.kit.errors import WorkFailedError, describe_error
from napari_swnn.widgets.kit.shutdown import is_shutdown_error

CHECK_THREAD = "napari-swnn check"

logger = logging.getLogger(__name__)


def guard_errors(work: Callable[..., Generator[Any, None, Any]], *args: Any) -> Generator[Any, None, Any]:
    """Run work, with every error as a `WorkFailedError`."""
    try:
        return (yield from work(*args))
    except Exception as error:
        if not is_shutdown_error(error):
            logger.exception("%s failed", work.__name__)
        raise WorkFailedError(describe_error(error)) from error


class TaskRunner(QObject):
    """Runs one generator at a time in a worker thread; `stepped` carries what it yields, `done` what it returns.

    At the end of each generator exactly one of `done`, `failed` and `cancelled` is emitted; none if it was abandoned.
    """

    stepped = Signal(object)
    done = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._worker: Any = None

    @property
    def busy(self) -> bool:
        """True while work is under way."""
        return self._worker is not None

    def run(self, work: Callable[..., Generator[Any, None, Any]], *args: Any) -> None:
        """Start `work`."""
        from napari.qt.threading import create_worker

        self._worker = create_worker(
            guard_errors,
            work,
            *args,
            _start_thread=True,  # one that is never started would count as pending when the viewer closes
            _ignore_errors=True,
            _connect={
                "yielded": self._on_yielded,
                "returned": self._on_returned,
                "errored": self._on_errored,
                "aborted": self._on_aborted,
            },
        )

    def stop(self) -> None:
        """Cancel the work."""
        if self._worker is not None:
            self._worker.quit()

    def abandon(self) -> None:
        """Cancel the work and ignore its result."""
        if self._worker is not None:
            self._worker.quit()
            self._worker = None

    def _on_yielded(self, step: Any) -> None:
        if self._worker is not None:
            self.stepped.emit(step)

    def _on_returned(self, result: Any) -> None:
        if self._release():
            self.done.emit(result)

    def _on_errored(self, error: Exception) -> None:
        if self._release():
            self.failed.emit(str(error))

    def _on_aborted(self) -> None:
        if self._release():
            self.cancelled.emit()

    def _release(self) -> bool:
        """Free the runner, and return False if the work was abandoned."""
        was_expected = self._worker is not None
        self._worker = None
        return was_expected


class Checker(QObject):
    """Runs short work silently; of several requests, only the last one is answered.

    A plain thread: the viewer closes without confirmation, and the answer is dropped if the panel is gone by then.
    """

    done = Signal(object)
    failed = Signal(str)
    _answered = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._running = self._wanted = False
        self._next: tuple[Any, ...] = ()
        self._answered.connect(self._on_answered)

    @property
    def busy(self) -> bool:
        """True while an answer is to come."""
        return self._running and self._wanted

    def request(self, work: Callable[..., Any], *args: Any) -> None:
        """Start `work` in a thread, once running work has ended."""
        self._next, self._wanted = (work, *args), True
        if not self._running:
            self._start_next()

    def drop(self) -> None:
        """Ignore the results of all requests up to now."""
        self._next, self._wanted = (), False

    def _start_next(self) -> None:
        task, self._next, self._running = self._next, (), True
        Thread(target=self._work, args=task, name=CHECK_THREAD).start()

    def _work(self, work: Callable[..., Any], *args: Any) -> None:
        outcome: Any
        try:
            outcome = work(*args)
        except Exception as error:  # noqa: BLE001  (the panel has to be informed of any error)
            outcome = _Failure(error)
        with suppress(RuntimeError):  # the panel was deleted meanwhile
            self._answered.emit(outcome)

    def _on_answered(self, outcome: Any) -> None:
        self._running = False
        if self._next:
            self._start_next()
        elif self._wanted and isinstance(outcome, _Failure):
            logger.warning("%s", outcome.error, exc_info=outcome.error)
            self.failed.emit(describe_error(outcome.error))
        elif self._wanted:
            self.done.emit(outcome)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception
