"""Work in threads when Python ends: it ends silently at its next step, and Python waits for it.

It is not interrupted within a step: an exception that is raised in another thread can leave locks behind, and the end
would wait for ever.
"""

import atexit
from functools import cache

from superqt.utils import WorkerBase

_PATIENCE = 20_000
"""Longest time that the end waits, in milliseconds."""


@cache
def await_work_at_end() -> None:
    """Let no worker outlive the objects that it notifies; napari ensures it only where it runs the event loop."""
    atexit.register(_end)


def is_shutdown_error(error: BaseException) -> bool:
    """Recognise work that failed only because Python ends: pools of threads are shut down first."""
    return isinstance(error, RuntimeError) and "shutdown" in str(error)


def _end() -> None:
    try:
        WorkerBase.await_workers(_PATIENCE)
    except RuntimeError:  # one did not end in time
        return
