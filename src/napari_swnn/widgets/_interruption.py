"""Work in threads that is cut short when napari ends, as Ctrl-C cuts a script short: between two lines of Python.

A worker is asked to end at its next step, and napari waits for it; a step of a training, or a block of a volume, can
take seconds. Nobody waits for their results once the last window is closed.
"""

import atexit
from collections.abc import Callable
from ctypes import c_ulong, py_object, pythonapi
from functools import cache
from threading import Lock, get_ident
from typing import Any, TypeVar

from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QApplication

T = TypeVar("T")
_POLL, _MOST_POLLS = 100, 100
"""Milliseconds between two looks at the threads when Python ends, and how many looks: others' may never end."""

_at_work: set[int] = set()
_lock = Lock()


class Interrupted(BaseException):
    """Napari ends. It is no error, and what handles errors lets it pass."""


def interruptible(work: Callable[..., T], *args: Any) -> T:
    """Do `work` in this thread; `Interrupted` is raised in it when napari ends."""
    thread = get_ident()
    with _lock:
        _at_work.add(thread)
    try:
        return work(*args)
    except RuntimeError as error:
        if "interpreter shutdown" in str(error):  # Python gives out no more threads
            raise Interrupted from error
        raise
    finally:
        with _lock:
            _at_work.discard(thread)
            _raise_in(thread, None)  # one that has not come yet must not come later


def interrupt() -> None:
    """Cut short all work that is interruptible."""
    with _lock:
        for thread in _at_work:
            _raise_in(thread, py_object(Interrupted))
        _at_work.clear()


@cache
def interrupt_at_end() -> None:
    """Interrupt once the last window is closed, and when Python ends."""
    application: Any = QApplication.instance()
    application.lastWindowClosed.connect(interrupt)
    atexit.register(_wait)


def _raise_in(thread: int, error: Any) -> None:
    pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), error)


def _wait() -> None:
    """Let no thread outlive the objects that it tells of its end."""
    for _ in range(_MOST_POLLS):
        interrupt()
        if QThreadPool.globalInstance().waitForDone(_POLL):
            return
