"""Waiting for another run of the same request, and refusal of a run of another request, for one target."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path as FilePath

from napari_swnn._lock import Holder, Lock
from napari_swnn.runs._request import Request

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_PATIENCE = 5.0
"""Time in seconds after which a run in the same thread, which cannot go on while this one waits, is an error."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Step of waiting: its description, and a note to the user at the first step."""

    activity: str
    note: str = ""


def lock_for(target: FilePath, request: Request) -> Lock:
    """Return the lock of a target for runs of a request."""
    return Lock(target, sha256(json.dumps(request, sort_keys=True).encode()).hexdigest())


def is_running(lock: Lock) -> bool:
    """Return True if another run of the same request holds a lock."""
    holder = lock.holder()
    return holder is not None and not holder.is_stale and holder.owner.purpose == lock.purpose


def iter_turn(lock: Lock, target: FilePath, *, resume: bool, is_done: Callable[[], bool]) -> Generator[Wait, None, str]:
    """Acquire a lock, and wait while another run of the same request holds it.

    Parameters
    ----------
    lock : Lock
        Lock of the target.
    target : pathlib.Path
        Target, for error messages.
    resume : bool
        Take over the lock of a process that has ended.
    is_done : callable
        Returns True once the result exists, so that no lock is needed.

    Yields
    ------
    Wait
        Description of the run that holds the lock, repeatedly.

    Returns
    -------
    str
        Note to the user if a lock was taken over; otherwise empty.

    Raises
    ------
    FileExistsError
        If the target belongs to a run of another request, or to one that ended without finishing and `resume` is
        False.
    """
    pause, waited, former = _FIRST_PAUSE, 0.0, None
    while not is_done() and (holder := lock.acquire()) is not None:
        if holder.owner.token and holder.owner.purpose != lock.purpose and not (holder.is_stale and resume):
            raise FileExistsError(_refusal(target, holder, "of another request"))
        if holder.is_stale:
            if not resume:
                raise FileExistsError(_refusal(target, holder, "that ended without finishing"))
            if lock.acquire(take_over=True) is None:
                former = holder
                break
        if holder.is_this_thread and waited > _PATIENCE:
            raise FileExistsError(_refusal(target, holder, "of this thread, which has been paused"))
        text = f"waiting for the same run in {holder}"
        yield Wait(text, "" if waited else text)
        time.sleep(pause)
        waited, pause = waited + pause, min(2 * pause, _LONGEST_PAUSE)
    return "" if former is None else f"taken over from {former}, which ended without finishing"


def _refusal(target: FilePath, holder: Holder, kind: str) -> str:
    advice = "choose another name" if "another" in kind else "finish or close it" if "thread" in kind else "resume it"
    return f"out must be free for this run, got {target}, which belongs to a run {kind} ({holder}); {advice}"
