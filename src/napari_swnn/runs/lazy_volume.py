"""Writing of a volume that is described already, such as that of a lazy layer."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path as FilePath

import torch

from napari_swnn._types import Path
from napari_swnn.core.volume.assembly import GenerationStep
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.runs._disk import iter_to_disk
from napari_swnn.runs.volume_files import file_of_volumes


def iter_volume_file(volume: BlockVolume, out: Path) -> Generator[GenerationStep, None, FilePath]:
    """Compute a volume block by block into a file, or resume it; yield steps and return the path.

    Parameters
    ----------
    volume : BlockVolume
        Volume to compute, on its device.
    out : path-like
        File as for `napari_swnn.generate`. Invalid input raises an error at the call.
    """

    def describe(device: str) -> list[BlockVolume]:
        return [volume.on(torch.device(device))]

    return iter_to_disk(describe, FilePath(out), resume=True, client=None, device=str(volume.device))


def measure_written(volume: BlockVolume, out: Path) -> float:
    """Return the part of a volume that a file holds already, in [0, 1]; the file must be one of this volume."""
    file = file_of_volumes(FilePath(out), [volume])
    if file.out.exists():
        return 1.0
    if not file.partial.exists():
        return 0.0
    pieces = file.pieces(0)
    return sum(map(file.is_written, pieces)) / len(pieces)
