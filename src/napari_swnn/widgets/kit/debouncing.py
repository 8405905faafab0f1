"""Signals that wait until changes have settled."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject
from superqt.utils import QSignalDebouncer


def make_debouncer(parent: QObject, patience: int, act: Callable[[], Any]) -> QSignalDebouncer:
    """Return a debouncer whose ``throttle`` leads to `act` once nothing has come for a while.

    Parameters
    ----------
    parent : QObject
        Owner of the timer.
    patience : int
        Time to wait, in milliseconds.
    act : callable
        Called at the end.
    """
    debouncer = QSignalDebouncer(parent=parent)
    debouncer.setTimeout(patience)
    debouncer.triggered.connect(act)
    return debouncer
