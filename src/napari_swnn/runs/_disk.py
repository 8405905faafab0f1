"""Generation to disk: checks before any work, then computation of missing blocks by this process or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import torch

from napari_swnn._files import DiskFullError, is_full
from napari_swnn._lock import Lock
from napari_swnn._memory import find_free_memory, format_memory
from napari_swnn._steps import forward_steps
from napari_swnn.core.volume.assembly import BlockCounter, GenerationStep
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.core.volume.exact_porosity import iter_exact
from napari_swnn.core.volume.virtual_volume import VirtualVolume
from napari_swnn.io.ome_zarr_image import is_ome_zarr
from napari_swnn.io.volume_file import Piece, VolumeFile, check_free_space
from napari_swnn.runs._cluster import find_client, iter_cluster
from napari_swnn.runs._local import iter_local
from napari_swnn.runs._request import Request, check_same_request, volume_provenance, volume_request
from napari_swnn.runs._turns import is_running, iter_turn, lock_for
from napari_swnn.runs._workers import find_workers_device
from napari_swnn.runs.volume_files import check_name, file_of_volumes

_BYTES_OF_DESCRIPTION = 4096
"""Memory of the description of one realisation in bytes."""
Describe = Callable[[str], Sequence[BlockVolume]]
"""Function that validates a request and returns the volumes of one file, on a device."""


def iter_to_disk(
    describe: Describe, out: FilePath, *, n: int = 1, exact: bool = False, resume: bool, client: Any, device: str
) -> Generator[GenerationStep, None, FilePath]:
    """Compute volumes in a file; invalid input raises an error at the call.

    Parameters
    ----------
    describe : callable
        Function that returns the volumes on a device.
    out : pathlib.Path
        File to write to.
    n : int
        Number of volumes.
    exact : bool
        True if the volumes match their target porosity exactly.
    resume, client, device
        As for `napari_swnn.iter_generation`.

    Yields
    ------
    GenerationStep
        Progress after each block and after each piece of the coarser levels.

    Returns
    -------
    pathlib.Path
        The finished file.
    """
    check_name(out)
    check_number(n)
    client = _choose_client(client, out, exact=exact)
    # With a client, only the workers need the device; this process computes nothing.
    volumes = describe(device if client is None else "cpu")
    if client is not None:
        there = torch.device(find_workers_device(client, device))
        volumes = [volume.on(there) for volume in volumes]
    file = file_of_volumes(out, volumes)
    request = volume_request(volumes)
    if not _is_finished(file, request, resume=resume):
        check_free_space(file)
    return _iter_to_disk(file, volumes, request, client, resume=resume)


def check_number(n: int) -> None:
    """Raise an error for more realisations than can be described, before any is."""
    needed, free = n * _BYTES_OF_DESCRIPTION, find_free_memory()
    if needed > free.n_bytes:
        raise ValueError(
            f"n must be a number of realisations that memory can describe, got {n}, which needs "
            f"{format_memory(needed)} of {free}; write several files"
        )


def _choose_client(client: Any, out: FilePath, *, exact: bool) -> Any:
    """Return the client for the computation, or None to compute in this process."""
    if exact and client is not None:
        raise ValueError("exact needs the whole volume before its first block, got a client; omit one of them")
    if not is_ome_zarr(out) and client is not None:
        raise ValueError(f"client needs out to end in .zarr, which several workers can write to, got {out}")
    if exact or not is_ome_zarr(out):
        return None  # a current client that was not passed explicitly is ignored
    return find_client() if client is None else client


def _is_finished(file: VolumeFile, request: Request, *, resume: bool, locked: bool = False) -> bool:
    """Return True if the file of this request is finished; raise an error for any other file.

    An unfinished file is left out while another run of the same request writes it, and may have no provenance yet. The
    run that holds the lock (`locked`) checks it too.
    """
    for path in (file.out, file.partial, file.out):  # twice, since another run may finish and rename it in between
        if not path.exists():
            continue
        if path == file.partial and not locked and is_running(lock_for(file.out, request)):
            return False  # waits for it
        if not resume:
            what = "exists" if path == file.out else "belongs to an unfinished run"
            raise FileExistsError(
                f"out must be the name of a new file, got {path}, which {what}; "
                "choose another name, or resume the run if the request is the same"
            )
        begun = file.provenance(path).get("request", {})
        if not path.exists():
            continue
        check_same_request(request, begun, path)
        return path == file.out
    return False


def _iter_to_disk(
    file: VolumeFile, volumes: Sequence[BlockVolume], request: Request, client: Any, *, resume: bool
) -> Generator[GenerationStep, None, FilePath]:
    """Write what is missing as the only run that writes this file; a run of the same request may finish it first."""

    def is_done(*, locked: bool = False) -> bool:
        try:
            return _is_finished(file, request, resume=True, locked=locked)
        except ValueError as error:
            if resume:
                raise
            raise FileExistsError(
                f"out must be the name of a new file, but another run has created it: {error}"
            ) from error

    lock = lock_for(file.out, request)
    waiting = BlockCounter(_n_blocks(volumes[0], file.pieces(0)))
    try:
        turn = iter_turn(lock, file.out, resume=resume, is_done=is_done)
        note = yield from forward_steps(
            turn, lambda wait: replace(waiting.step(), activity=wait.activity, note=wait.note)
        )
        if is_done(locked=True):
            with suppress(OSError):  # a folder that is read-only
                lock.acquire(take_over=True)  # a stale lock beside a finished file is removed
                file.discard_remains()
        else:
            yield from _iter_missing(file, volumes, request, client, lock, note)
    except OSError as error:
        if is_full(error):
            raise DiskFullError.of(error, file.out, f"{file.partial} is kept; free some space and resume") from error
        raise
    finally:
        lock.release()
    return file.out


def _iter_missing(
    file: VolumeFile, volumes: Sequence[BlockVolume], request: Request, client: Any, lock: Lock, note: str
) -> Generator[GenerationStep, None, None]:
    first = volumes[0]
    file.discard_damaged()
    if not file.partial.exists():
        file.create(volume_provenance(first, request))
    pieces = file.pieces(0)
    missing = [piece for piece in pieces if not file.is_written(piece)]
    n_blocks = _n_blocks(first, pieces)
    n_missing = _n_blocks(first, missing)
    n_before = len(volumes) * len(first.blocks()) if first.is_exact and missing else 0
    progress = BlockCounter(n_before + n_blocks, n_blocks - n_missing)
    if note:
        yield replace(progress.step(), note=note)
    if n_before:
        volumes = yield from _iter_exact(volumes, progress)
    if client is None:
        steps = iter_local(file, volumes, missing, progress)
    else:
        steps = iter_cluster(file, volumes, missing, progress, client)
    with closing(steps):
        for step in steps:
            lock.confirm()
            yield step
    lock.confirm()
    file.finish()


def _iter_exact(
    volumes: Sequence[BlockVolume], progress: BlockCounter
) -> Generator[GenerationStep, None, Sequence[BlockVolume]]:
    exact = []
    for volume in volumes:
        assert isinstance(volume, VirtualVolume)
        exact.append((yield from forward_steps(iter_exact(volume), progress.step)))
    return exact


def _n_blocks(volume: BlockVolume, pieces: Sequence[Piece]) -> int:
    return sum(len(volume.blocks(piece.window)) for piece in pieces)
