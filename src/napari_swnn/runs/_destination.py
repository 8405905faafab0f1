"""Computation of volumes in memory or in a file."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._types import Labels, Path
from napari_swnn.core.numerics.memory import check_memory
from napari_swnn.core.volume.assembly import BlockCounter, GenerationStep, iter_assembly
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.runs._disk import Describe, check_number, iter_to_disk


def iter_to_memory_or_disk(
    describe: Describe,
    *,
    out: Path | None,
    n: int = 1,
    exact: bool = False,
    resume: bool,
    client: Any,
    device: str,
) -> Generator[GenerationStep, None, Labels | FilePath]:
    """Compute volumes in memory if `out` is None, and otherwise in a file, step by step.

    Invalid input raises an error at the call. The arguments and the steps are those of `iter_to_disk`.
    """
    if out is not None:
        return iter_to_disk(describe, FilePath(out), n=n, exact=exact, resume=resume, client=client, device=device)
    for name, value in (("resume", resume), ("client", client)):
        if value:
            raise ValueError(f"{name} needs a file to write to, got out=None; pass out")
    check_number(n)
    volumes = describe(device)
    first = volumes[0]
    if len(volumes) == 1:
        check_memory(first.shape, first.dtype.itemsize)
        return iter_assembly(first)
    # Each volume is assembled separately and then copied, so one additional volume must fit into memory.
    check_memory((len(volumes) + 1, *first.shape), first.dtype.itemsize)
    return _iter_several(volumes)


def _iter_several(volumes: Sequence[BlockVolume]) -> Generator[GenerationStep, None, Labels]:
    first = volumes[0]
    labels = np.empty((len(volumes), *first.shape), first.dtype)
    progress = BlockCounter(len(volumes) * (1 + first.is_exact) * len(first.blocks()))
    for i, volume in enumerate(volumes):
        labels[i] = yield from iter_assembly(volume, progress=progress)
    return labels
