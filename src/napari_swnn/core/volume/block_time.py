"""Estimate of the time to compute a volume, from a few of its blocks."""

from __future__ import annotations

from contextlib import closing
from math import ceil, prod

import numpy as np

from napari_swnn.core.grid.windows import Block, Window
from napari_swnn.core.numerics.parallel import iter_side_by_side, pool_size
from napari_swnn.core.numerics.timing import time_per_item
from napari_swnn.core.volume.block_volume import BlockVolume

_LEAST = 4
"""Number of blocks to measure, since those of a composition take different times."""


def estimate_time(volume: BlockVolume) -> float:
    """Return about the time to compute a volume block by block on this machine, as busy as it is now, in seconds.

    Blocks spread evenly over the volume are measured, in parallel as in a run.
    """
    n_blocks = prod(_count_blocks(volume))
    n = pool_size(volume.device)
    n_timed = min(n_blocks, max(n, _LEAST))
    spread = [_find_block(volume, (2 * i + 1) * n_blocks // (2 * n_timed)) for i in range(n_timed)]
    volume.labels(spread[0])  # loads code
    with closing(iter_side_by_side(volume.labels, spread, n)) as computed:
        return n_blocks * time_per_item(computed, n_timed)


def _count_blocks(volume: BlockVolume) -> tuple[int, ...]:
    return tuple(ceil(extent / volume.block_side) for extent in volume.shape)


def _find_block(volume: BlockVolume, number: int) -> Block:
    """Return a block of a volume by its number; a list of the blocks of a large volume would not fit into memory."""
    start = tuple(int(i) * volume.block_side for i in np.unravel_index(number, _count_blocks(volume)))
    first = Window(start, tuple(i + 1 for i in start))
    box = volume.blocks(first)[0].window
    return Block(box, box.intersection(Window.of_shape(volume.shape)))
