"""Assembly of volumes in memory from blocks of one fixed grid."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from napari_swnn._progress import Progress, WorkClock
from napari_swnn._steps import forward_steps
from napari_swnn._types import Labels
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.numerics.parallel import iter_side_by_side, pool_size
from napari_swnn.core.volume.block_volume import BlockVolume
from napari_swnn.core.volume.exact_porosity import iter_exact
from napari_swnn.core.volume.virtual_volume import VirtualVolume


@dataclass(frozen=True, slots=True)
class GenerationStep(Progress):
    """Progress of a generation.

    Attributes
    ----------
    block, n_blocks : int
        Number of finished blocks and total number of blocks.
    fraction, elapsed, time_left, activity, note
        As for `Progress`; the elapsed time refers to this run.
    """

    block: int
    n_blocks: int


class BlockCounter:
    """Counter of the blocks of a run, which may be a resumed run.

    Parameters
    ----------
    n_blocks : int
        Number of blocks.
    done : int
        Number of blocks that an earlier run finished.
    """

    def __init__(self, n_blocks: int, done: int = 0) -> None:
        self._n_blocks = n_blocks
        self._n_done = done
        self._clock = WorkClock(n_blocks, done)

    def step(self, n_blocks: int = 0) -> GenerationStep:
        """Count finished blocks and return the progress."""
        self._n_done += n_blocks
        self._clock.advance(n_blocks)
        return GenerationStep(
            block=self._n_done,
            n_blocks=self._n_blocks,
            fraction=self._clock.fraction,
            elapsed=self._clock.elapsed,
            time_left=self._clock.time_left,
            activity="generating",
        )


def iter_assembly(
    volume: BlockVolume, window: Window | None = None, *, progress: BlockCounter | None = None
) -> Generator[GenerationStep, None, Labels]:
    """Compute a volume or a window of it in memory.

    Blocks are computed in parallel, one per torch thread, as far as memory permits.

    Parameters
    ----------
    volume : BlockVolume
        Volume from `describe_volume` or `describe_composition`.
    window : Window, optional
        Part to compute; by default the whole volume.
    progress : BlockCounter, optional
        Counter of a run of which this volume is a part; by default this volume is the run.

    Yields
    ------
    GenerationStep
        Progress after each block. An exact volume is computed twice.

    Returns
    -------
    numpy.ndarray
        Labels with the shape of the window.
    """
    window = Window.of_shape(volume.shape) if window is None else window
    is_exact = volume.is_exact
    blocks = volume.blocks(window)
    if progress is None:
        progress = BlockCounter(len(blocks) + is_exact * len(volume.blocks()))
    if is_exact:
        assert isinstance(volume, VirtualVolume)
        volume = yield from forward_steps(iter_exact(volume), progress.step)
    labels = np.empty(window.shape, volume.dtype)
    n = pool_size(volume.device, reserved=labels.nbytes)
    with closing(iter_side_by_side(volume.labels, blocks, n)) as computed:
        for block, found in zip(blocks, computed, strict=True):
            labels[block.destination(window.start)] = found
            yield progress.step(1)
    return labels
