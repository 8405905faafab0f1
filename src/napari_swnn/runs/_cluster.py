"""Writing of a volume by the workers of a `distributed.Client`: each worker computes pieces and writes them.

All workers must be able to access the folder under the same path, for example on one machine or a shared file system.
If a worker is lost, another worker recomputes its pieces with identical bytes.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from napari_swnn.core.volume.assembly import BlockCounter, GenerationStep
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.io.volume_file import Piece, VolumeFile
from napari_swnn.runs._local import compute_piece
from napari_swnn.runs._workers import identity, loss_explained, lost_errors, run_checked

_MIN_PENDING = 32
"""Minimum number of tasks submitted to the scheduler at a time, so that an adaptive cluster scales up."""

Job = tuple[VolumeFile, Sequence[BlockVolume]]


def find_client() -> Any:
    """Return the current `distributed.Client`, without importing distributed; None if none exists or within a task."""
    distributed = sys.modules.get("distributed")
    if distributed is None or _within_task(distributed):
        return None
    try:
        return distributed.default_client()
    except ValueError:  # no current client
        return None


def _within_task(distributed: Any) -> bool:
    """Return True in a worker thread, where waiting for other tasks could deadlock."""
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def iter_cluster(
    file: VolumeFile, volumes: Sequence[BlockVolume], pieces: Sequence[Piece], progress: BlockCounter, client: Any
) -> Generator[GenerationStep, None, None]:
    """Compute and write pieces of level 0, then the missing pieces of the coarser levels."""
    # Unpickled within a task, the job can be restored by the scheduler if the workers that hold it are lost.
    job = client.submit(pickle.loads, pickle.dumps((file, volumes)), pure=False)
    for n_blocks in iter_tasks(client, _compute, job, pieces):
        yield progress.step(n_blocks)
    for level in range(1, file.n_levels):
        missing = [piece for piece in file.pieces(level) if not file.is_written(piece)]
        for _ in iter_tasks(client, _coarsen, job, missing):
            yield progress.step()


def iter_tasks(client: Any, function: Callable[..., Any], first: Any, entries: Sequence[Any]) -> Iterator[Any]:
    """Yield ``function(first, entry)`` for each entry in order of completion, with a limited number pending.

    Raises
    ------
    ValueError
        If a worker runs other code than this process.
    ClusterLostError
        If the scheduler or the workers have ended.
    """
    from distributed import as_completed

    waiting = iter(entries)
    completed = as_completed()
    running: set[Any] = set()

    def submit() -> None:
        for entry in islice(waiting, _max_pending(client) - len(running)):
            future = client.submit(run_checked, function, identity(), first, entry, pure=False)
            running.add(future)
            completed.add(future)

    try:
        with loss_explained():
            submit()
            for future in completed:
                result = future.result()
                running.discard(future)
                submit()
                yield result
    finally:
        with suppress(*lost_errors()):
            client.cancel(list(running))


def _max_pending(client: Any) -> int:
    # Evaluated at each call, because a cluster may grow.
    n_threads: int = sum(client.nthreads().values())
    return max(_MIN_PENDING, 2 * n_threads)


def _compute(job: Job, piece: Piece) -> int:
    file, volumes = job
    volume = volumes[piece.realisation]
    file.write(piece, compute_piece(piece, volume))
    return len(volume.blocks(piece.window))


def _coarsen(job: Job, piece: Piece) -> None:
    file, _ = job
    file.coarsen(piece)
