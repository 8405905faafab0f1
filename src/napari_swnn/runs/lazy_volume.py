"""Writing of a volume that is described already, such as that of a lazy layer."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path as FilePath

import torch

from napari_swnn._types import Path
from napari_swnn.core.volume.assembly import GenerationStep
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.runs._disk import iter_to_disk


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
