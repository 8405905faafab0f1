"""Lock files: one writer for a target, on local and shared file systems, and after a crash.

A lock is a small file beside its target that names its owner. It is created by an atomic link, or by exclusive creation
on file systems without links, so that exactly one of several processes on several machines succeeds. The owner touches
it every few seconds while it lives; the lock of a process that has ended is stale and can be taken over.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import getnode, uuid4

import psutil

SUFFIX = ".lock"
"""Suffix of a lock file."""
BEAT = 10.0
"""Interval at which an owner touches its lock, in seconds."""
STALE = 120.0
"""Age in seconds above which the lock of another machine is stale; network file systems cache times for a minute."""
_CONFIRM = 1.0
"""Shortest time between two readings of a lock by its owner, in seconds."""

_held: dict[str, int] = {}
"""Tokens of the locks of this process, with the thread that acquired each."""


def is_lock(path: Path) -> bool:
    """Return True for a lock file, or one of those from which it is made."""
    return path.name.endswith(SUFFIX) or (path.name.startswith(".") and f"{SUFFIX}." in path.name)


class LockLostError(RuntimeError):
    """Another process has taken over the lock, for example because this one was suspended."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Owner of a lock.

    Attributes
    ----------
    token : str
        Identifier of this acquisition; empty if the lock file cannot be read.
    purpose : str
        Identifier of the owner's request; owners with the same purpose write the same result.
    host, machine : str
        Name of the computer, and an identifier of it and of its set of processes.
    pid, started : int, float
        Number and starting time of the process.
    """

    token: str = ""
    purpose: str = ""
    host: str = "an unknown computer"
    machine: str = ""
    pid: int = 0
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Owner of a lock that another run holds, with the age of the lock in seconds since it was last touched."""

    owner: Owner
    age: float

    @property
    def is_stale(self) -> bool:
        """True if the owner has ended, as far as this process can tell."""
        if self.owner.machine != _machine():
            return self.age > STALE
        if self.owner.pid == os.getpid():
            return self.owner.token not in _held
        return not _is_running(self.owner.pid, self.owner.started)

    @property
    def is_this_thread(self) -> bool:
        """True if the calling thread has acquired the lock itself."""
        return _held.get(self.owner.token) == threading.get_ident()

    def __str__(self) -> str:
        where = f"process {self.owner.pid} on {self.owner.host}" if self.owner.token else "an unknown process"
        return f"{where}, last active {max(0.0, self.age):.0f} s ago"


class Lock:
    """Lock for writing a target.

    Parameters
    ----------
    target : pathlib.Path
        File or folder to write; the lock file lies beside it.
    purpose : str
        Identifier of the request.
    """

    def __init__(self, target: Path, purpose: str = "") -> None:
        self.path = target.with_name(target.name + SUFFIX)
        self._owner = Owner(uuid4().hex, purpose, platform.node(), _machine(), os.getpid(), _started(os.getpid()))
        self._released = threading.Event()
        self._confirmed = 0.0

    @property
    def purpose(self) -> str:
        """Identifier of the request."""
        return self._owner.purpose

    def acquire(self, *, take_over: bool = False) -> Holder | None:
        """Acquire the lock if it is free; return None, or the holder if another run has it.

        Parameters
        ----------
        take_over : bool
            Take over a stale lock.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        candidate = self.path.with_name(f".{self.path.name}.{self._owner.token}")
        _write_new(candidate, json.dumps(asdict(self._owner)))
        try:
            acquired = _link(candidate, self.path)
            holder = None if acquired else self._holder(candidate.stat().st_mtime)
            if holder is not None and take_over and holder.is_stale:
                acquired = self._succeed(holder, candidate)
                holder = None if acquired else self._holder(candidate.stat().st_mtime)
        finally:
            candidate.unlink(missing_ok=True)
        if not acquired:
            return holder or self.acquire(take_over=take_over)  # released in the meantime
        _held[self._owner.token] = threading.get_ident()
        threading.Thread(target=self._beat, name="lock", daemon=True).start()
        return None

    def holder(self) -> Holder | None:
        """Return the run that holds the lock, or None."""
        return self._holder(time.time())

    def confirm(self) -> None:
        """Raise an error if another process has taken over the lock.

        Raises
        ------
        LockLostError
            If this run no longer holds the lock.
        """
        now = time.monotonic()
        if now - self._confirmed < _CONFIRM:
            return
        if _read(self.path).token != self._owner.token:
            raise LockLostError(
                f"{self.path} must stay in place during the run, but it was removed or taken over by another run"
            )
        self._confirmed = now

    def release(self) -> None:
        """Release the lock; a lock that is not held is left alone."""
        self._released.set()
        if _held.pop(self._owner.token, None) is None or self._owner.pid != os.getpid():
            return
        with suppress(OSError):
            if _read(self.path).token == self._owner.token:
                self.path.unlink()

    def _holder(self, now: float) -> Holder | None:
        """Return the current holder, or None; `now` is the time of the file system, whose clock may differ."""
        try:
            touched = self.path.stat().st_mtime
        except FileNotFoundError:
            return None
        return Holder(_read(self.path), now - touched)

    def _succeed(self, holder: Holder, candidate: Path) -> bool:
        """Replace a stale lock; of several processes that try, one succeeds."""
        right = self.path.with_name(f".{self.path.name}.{holder.owner.token}.next")
        with suppress(OSError):
            if candidate.stat().st_mtime - right.stat().st_mtime > STALE:
                right.unlink()  # its process ended within the next lines
        if not _link(candidate, right):
            return False
        try:
            if _read(self.path).token != holder.owner.token:
                return False
            right.replace(self.path)
            return True
        finally:
            right.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._released.wait(BEAT):
            with suppress(OSError):
                os.utime(self.path)


def _write_new(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _link(source: Path, path: Path) -> bool:
    """Create a file with the content of another; return False if it exists."""
    try:
        os.link(source, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links, or a lost reply of a file server
        if source.stat().st_nlink == 2:
            return True
        try:
            _write_new(path, source.read_text(encoding="utf-8"))
        except FileExistsError:
            return False
    return True


def _read(path: Path) -> Owner:
    """Return the owner that a lock file names; an unknown one if the file is missing, unfinished or damaged."""
    with suppress(OSError, ValueError, TypeError):
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    return Owner()


def _machine() -> str:
    """Return an identifier of this computer and of the set of processes that it shows to this one."""
    parts: list[str] = []
    readers: tuple[Callable[[], str], ...] = (
        lambda: Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip(),
        lambda: os.readlink("/proc/self/ns/pid"),
    )
    for reader in readers:
        with suppress(OSError):
            parts.append(reader())
    return " ".join(parts) or f"{platform.node()} {getnode():x}"


def _started(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


def _is_running(pid: int, started: float) -> bool:
    """Return True if a process runs that started at this time; its number may have been given to another."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - started) < 5
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
