"""Debouncing of signals."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject
from superqt.utils import QSignalDebouncer


def make_debouncer(parent: QObject, patience: int, act: Callable[[], Any]) -> QSignalDebouncer:
    """Return a debouncer that calls `act` once ``throttle`` has not been called for a while.

    Parameters
    ----------
    parent : QObject
        Owner of the timer.
    patience : int
        Waiting time in milliseconds.
    act : callable
        Function to call after the waiting time.
    """
    debouncer = QSignalDebouncer(parent=parent)
    debouncer.setTimeout(patience)
    debouncer.triggered.connect(act)
    return debouncer
