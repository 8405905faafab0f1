"""Shutdown of threads when Python exits: each stops silently at its next step, and Python waits for it.

A step is never interrupted: an exception raised in another thread can leave locks held, and Python would then hang
at exit.
"""

import atexit
from functools import cache

from superqt.utils import WorkerBase

_PATIENCE = 20_000
"""Maximum waiting time at exit in milliseconds."""


@cache
def await_work_at_end() -> None:
    """Wait for workers at exit; napari does so only if it runs the event loop."""
    atexit.register(_end)


def is_shutdown_error(error: BaseException) -> bool:
    """Return True if work failed only because Python is exiting and has shut down its thread pools."""
    return isinstance(error, RuntimeError) and "shutdown" in str(error)


def _end() -> None:
    try:
        WorkerBase.await_workers(_PATIENCE)
    except RuntimeError:  # a worker did not end in time
        return
