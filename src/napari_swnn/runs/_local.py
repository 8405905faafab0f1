"""Writing a volume in this process, one block after another."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from napari_swnn._types import Labels
from napari_swnn.core.volume.generation import GenerationStep, Progress, filling
from napari_swnn.core.volume.virtual_volume import VirtualVolume
from napari_swnn.io.volume_file import Piece, VolumeFile


def iter_local(
    file: VolumeFile, volumes: Sequence[VirtualVolume], pieces: Sequence[Piece], progress: Progress
) -> Generator[GenerationStep, None, None]:
    """Compute and write pieces of level 0, then all that is missing of the coarser levels."""
    for piece in pieces:
        labels = np.empty(piece.window.shape, file.layout.dtype)
        for _ in filling(labels, piece.window, volumes[piece.realisation]):
            yield progress.step(1)
        file.write(piece, labels)
    for level in range(1, file.n_levels):
        for piece in file.pieces(level):
            if not file.is_written(piece):
                file.coarsen(piece)
                yield progress.step()


def compute(piece: Piece, volume: VirtualVolume) -> Labels:
    """Labels of a piece of level 0."""
    labels = np.empty(piece.window.shape, volume.dtype)
    for _ in filling(labels, piece.window, volume):
        pass
    return labels
