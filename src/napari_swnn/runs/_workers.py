"""Workers of a Dask cluster: waiting for them, their device, and the code that they run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_swnn.core.numerics.device import pick_device

LONGEST_WAIT = 86400.0
"""Default time limit in seconds for the first worker: jobs of an adaptive cluster may wait in a queue for hours."""
_PATIENCE = 5.0
"""Time in seconds after which waiting is reported."""

_log = logging.getLogger(__name__)

Identity = tuple[str, ...]


class ClusterLostError(RuntimeError):
    """The scheduler or the workers of a cluster ended during a run."""


def wait_for_workers(
    client: Any, *, longest: float = LONGEST_WAIT, report: Callable[[str], None] = _log.warning
) -> None:
    """Wait until a worker of a cluster runs a task.

    Parameters
    ----------
    client : distributed.Client
        Client of the cluster.
    longest : float
        Time limit in seconds.
    report : callable
        Called once with a sentence if the workers are not there after a few seconds.

    Raises
    ------
    TimeoutError
        If no worker has come within the time limit.
    """
    # A task, because an adaptive cluster starts no workers before it has work.
    future = client.submit(_confirm, pure=False)
    for patience in (min(_PATIENCE, longest), max(0.0, longest - _PATIENCE)):
        with suppress(TimeoutError), loss_explained():
            future.result(timeout=patience)
            return
        if patience == _PATIENCE:
            report(f"waiting for the first worker of {_address(client)}, at most {longest / 60:.0f} minutes")
    future.cancel()
    raise TimeoutError(
        f"the cluster must have workers, got none from {_address(client)} within {longest:.0f} s; start workers, or "
        "allow more time"
    )


def wait_for_file(path: Path, *, longest: float, report: Callable[[str], None]) -> None:
    """Wait until a scheduler has written its file.

    Raises
    ------
    TimeoutError
        If it does not exist within the time limit in seconds.
    """
    start, reported = time.monotonic(), False
    while not path.exists():
        waited = time.monotonic() - start
        if waited > longest:
            raise TimeoutError(
                f"the scheduler must write its file, got no {path} within {longest:.0f} s; start 'dask scheduler "
                f"--scheduler-file {path}', or correct the name"
            )
        if waited > _PATIENCE and not reported:
            report(f"waiting for the scheduler file {path}, at most {longest / 60:.0f} minutes")
            reported = True
        time.sleep(0.2)


def find_workers_device(client: Any, device: str) -> str:
    """Return the kind of device that all workers compute on, after comparing their code with that of this process.

    Raises
    ------
    ValueError
        If the devices of the workers differ, the device is unavailable, or a worker runs other code.
    """
    wait_for_workers(client)
    with loss_explained():
        found = client.run(_describe, device)
    for address, (_, theirs) in found.items():
        check_identity(identity(), theirs, f"the worker {address}")
    kinds = sorted({kind for kind, _ in found.values()})
    if len(kinds) > 1:
        raise ValueError(f"device must be available on all workers, got {' and '.join(kinds)} for {device!r}")
    return str(kinds[0])


@cache
def identity() -> Identity:
    """Return the versions of everything that determines the bytes of a result, with a hash of the source."""
    import napari_swnn

    folder = Path(napari_swnn.__file__).parent
    digest = sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    names = ("napari-swnn", "torch", "numpy")
    return (*(f"{name} {version(name)}" for name in names), f"source {digest.hexdigest()[:12]}")


def check_identity(ours: Identity, theirs: Identity, name: str) -> None:
    """Raise an error if another process runs other code.

    Raises
    ------
    ValueError
        If a version or the source differs; the message names both.
    """
    if ours != theirs:
        differing = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
        wanted, got = (", ".join(texts) for texts in zip(*differing, strict=True))
        raise ValueError(
            f"{name} must run the code of this process, {wanted}, got {got}; use one environment for all processes"
        )


def run_checked(function: Callable[..., Any], expected: Identity, first: Any, entry: Any) -> Any:
    """Run a task on a worker, which may have joined after the others were compared."""
    check_identity(expected, identity(), "a worker")
    return function(first, entry)


@contextmanager
def loss_explained() -> Iterator[None]:
    """Turn the errors of a scheduler or of workers that have ended into one sentence.

    Raises
    ------
    ClusterLostError
        Instead of such an error; its context would hide the sentence behind pages of tracebacks.
    """
    try:
        yield
    except lost_errors() as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ClusterLostError(
            f"the scheduler and the workers must stay alive, got: {reason or type(error).__name__}; finished parts are "
            "kept: start the cluster again and resume (resume=True, on the command line --resume)"
        ) from None


def lost_errors() -> tuple[type[BaseException], ...]:
    """Return the errors that state the end of a scheduler or of workers."""
    from distributed import CancelledError as CancelledByClusterError
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    return CancelledError, CancelledByClusterError, KilledWorker, CommClosedError


def _describe(device: str) -> tuple[str, Identity]:
    return str(pick_device(device)), identity()


def _confirm() -> bool:
    return True


def _address(client: Any) -> str:
    return str(getattr(client.scheduler, "address", "the scheduler"))
