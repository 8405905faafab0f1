"""Signals that end a command: a job that is cancelled, a terminal that is closed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""Signals that ask a process to end: Ctrl-C, a batch system, the end of a session."""


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end by a signal other than Ctrl-C.

    Attributes
    ----------
    number : int
        Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def handled(handler: Callable[[int, Any], None]) -> Iterator[None]:
    """Handle the signals that end a process within the ``with`` block; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, handler) for number in ENDING}
    try:
        yield
    finally:
        for number, previous in former.items():
            signal.signal(number, previous)


def end(number: int, _frame: Any) -> None:
    """End the current work in an orderly way and keep its files."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise TerminatedError(number)
