"""What becomes of work in threads when Python ends: it ends at its next step, is waited for, and says nothing.

It is not broken off within a step: an exception that is raised in another thread can leave locks behind, and the end
would wait for ever.
"""

import atexit
from functools import cache

from superqt.utils import WorkerBase

_PATIENCE = 20_000
"""Milliseconds that the end waits at most."""


@cache
def await_work_at_end() -> None:
    """Let no worker outlive the objects that it tells of its end; napari sees to it only where it runs the loop."""
    atexit.register(_end)


def is_shutdown_error(error: BaseException) -> bool:
    """Whether work failed only because Python ends: pools of threads are shut down first, and take no work then."""
    return isinstance(error, RuntimeError) and "shutdown" in str(error)


def _end() -> None:
    try:
        WorkerBase.await_workers(_PATIENCE)
    except RuntimeError:  # one did not end in time
        return
