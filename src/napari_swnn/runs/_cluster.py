"""Writing a volume with the workers of a `distributed.Client`: each computes pieces and writes them itself.

The workers must see the folder under the same name, as those of one machine or of a cluster with a shared file system
do. Whatever is lost with a worker is computed again by another; the bytes are the same.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import Any

from napari_swnn.core.numerics.device import pick_device
from napari_swnn.core.volume.generation import GenerationStep, Progress
from napari_swnn.core.volume.virtual_volume import VirtualVolume
from napari_swnn.io.volume_file import Piece, VolumeFile
from napari_swnn.runs._local import compute

_LEAST_IN_FLIGHT = 32
"""Tasks that wait at the scheduler at least: enough to let a cluster that adapts itself grow."""

Job = tuple[VolumeFile, Sequence[VirtualVolume]]


def client_in_scope() -> Any:
    """The current `distributed.Client`; None without one, and within a task. Does not import distributed."""
    distributed = sys.modules.get("distributed")
    if distributed is None or _within_task(distributed):
        return None
    try:
        return distributed.default_client()
    except ValueError:  # there is none
        return None


def _within_task(distributed: Any) -> bool:
    """Whether this is a worker's thread: it would wait for tasks that wait for it."""
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def workers_device(client: Any, device: str) -> str:
    """The one kind of device that all workers compute on.

    Raises
    ------
    ValueError
        If they differ, or lack the device asked for.
    """
    # A task comes first: a cluster that adapts itself has no workers, and starts none, before there is work.
    first = client.submit(_device, device, pure=False).result()
    kinds = sorted({first, *client.run(_device, device).values()})
    if len(kinds) > 1:
        raise ValueError(f"device must be one that all workers have, got {' and '.join(kinds)} for {device!r}")
    return str(kinds[0])


def iter_cluster(
    file: VolumeFile, volumes: Sequence[VirtualVolume], pieces: Sequence[Piece], progress: Progress, client: Any
) -> Generator[GenerationStep, None, None]:
    """Compute and write pieces of level 0, then all that is missing of the coarser levels."""
    # As bytes within a task, the scheduler can make the job anew when the workers that hold it are gone.
    job = client.submit(pickle.loads, pickle.dumps((file, volumes)), pure=False)
    for n_blocks in iter_tasks(client, _compute, job, pieces):
        yield progress.step(n_blocks)
    for level in range(1, file.n_levels):
        missing = [piece for piece in file.pieces(level) if not file.is_written(piece)]
        for _ in iter_tasks(client, _coarsen, job, missing):
            yield progress.step()


def iter_tasks(client: Any, function: Callable[..., Any], first: Any, entries: Sequence[Any]) -> Iterator[Any]:
    """Results of ``function(first, entry)`` for each entry, as they come in; a bounded number waits at a time."""
    from distributed import as_completed

    waiting, completed = iter(entries), as_completed()
    running: set[Any] = set()

    def submit() -> None:
        for entry in islice(waiting, _in_flight(client) - len(running)):
            future = client.submit(function, first, entry, pure=False)
            running.add(future)
            completed.add(future)

    try:
        submit()
        for future in completed:
            result = future.result()
            running.discard(future)
            submit()
            yield result
    finally:
        client.cancel(list(running))


def _in_flight(client: Any) -> int:
    # Counted anew each time: a cluster may grow.
    n_threads: int = sum(client.nthreads().values())
    return max(_LEAST_IN_FLIGHT, 2 * n_threads)


def _device(device: str) -> str:
    return str(pick_device(device))


def _compute(job: Job, piece: Piece) -> int:
    file, volumes = job
    volume = volumes[piece.realisation]
    file.write(piece, compute(piece, volume))
    return len(volume.blocks(piece.window))


def _coarsen(job: Job, piece: Piece) -> None:
    file, _ = job
    file.coarsen(piece)
