"""Writing of a volume by this process, with blocks computed in parallel."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

import numpy as np

from napari_swnn._types import Labels
from napari_swnn.core.grid.windows import Block
from napari_swnn.core.numerics.parallel import iter_side_by_side, n_threads, pool_size
from napari_swnn.core.volume.assembly import BlockCounter, GenerationStep
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.io.volume_file import Piece, VolumeFile
from napari_swnn.runs._writing import PieceWriter

_MAX_WRITERS = 4
"""Maximum number of threads that compress pieces while a GPU computes."""

Job = tuple[BlockVolume, Block]


def iter_local(
    file: VolumeFile, volumes: Sequence[BlockVolume], pieces: Sequence[Piece], progress: BlockCounter
) -> Generator[GenerationStep, None, None]:
    """Compute and write pieces of level 0, then the missing pieces of the coarser levels."""

    def jobs() -> Iterator[Job]:
        for piece in pieces:
            volume = volumes[piece.realisation]
            yield from ((volume, block) for block in volume.blocks(piece.window))

    # All pieces share one sequence of blocks, so blocks of the next piece are computed while this one is written.
    computing = iter_side_by_side(_labels, jobs(), pool_size(volumes[0].device))
    with PieceWriter(file, _n_writers(file, volumes[0])) as writer, closing(computing) as computed:
        for piece in pieces:
            labels = np.empty(piece.window.shape, file.layout.dtype)
            for block in volumes[piece.realisation].blocks(piece.window):
                labels[block.destination(piece.window.start)] = next(computed)
                yield progress.step(1)
            writer.write(piece, labels)
    for level in range(1, file.n_levels):
        missing = [piece for piece in file.pieces(level) if not file.is_written(piece)]
        with closing(iter_side_by_side(file.coarsen, missing, n_threads())) as coarsened:
            for _ in coarsened:
                yield progress.step()


def _n_writers(file: VolumeFile, volume: BlockVolume) -> int:
    """Return the number of writing threads: none on a CPU, whose cores are computing, and one for pieces in order."""
    if volume.device.type == "cpu":
        return 0
    return min(_MAX_WRITERS, n_threads()) if file.has_separate_pieces else 1


def compute_piece(piece: Piece, volume: BlockVolume) -> Labels:
    """Compute the labels of a piece of level 0."""
    labels = np.empty(piece.window.shape, volume.dtype)
    # One block at a time: a cluster computes as many pieces side by side as its workers have threads.
    for block in volume.blocks(piece.window):
        labels[block.destination(piece.window.start)] = volume.labels(block)
    return labels


def _labels(job: Job) -> Labels:
    volume, block = job
    return volume.labels(block)
