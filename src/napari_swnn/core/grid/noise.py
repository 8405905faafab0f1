"""Gaussian noise as a pure function of seed, scale and position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.grid.windows import Window, split_at_period
from napari_swnn.core.numerics.parallel import map_threads, n_threads

TILE = 16
"""Edge length of a tile in voxels."""
_WORD = 2**64
"""Number of possible values of one counter word."""


@dataclass(frozen=True, slots=True)
class NoiseField:
    """Infinite field of independent standard normal values.

    The field is divided into tiles; each tile is filled by the counter-based generator Philox [1]_, with the seed and
    the scale as its key and the tile index as the start of its counter. The value of a voxel therefore does not depend
    on the window, the order of evaluation or the process.

    Parameters
    ----------
    seed : int
        From 0 to 2**64 - 1.
    scale : int
        Edge length of a voxel, in voxels of the finest scale; fields of different scales are independent.
    n_channels : int
        Number of values per voxel.
    period : tuple of int or None, optional
        Period along each axis in voxels; None for an axis that is not periodic.

    References
    ----------
    .. [1] Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3.
    """

    seed: int
    scale: int
    n_channels: int
    period: tuple[int | None, ...] | None = None

    def window(self, window: Window) -> FloatArray:
        """Return the values in a window, ``(n_channels, *window.shape)`` float32."""
        values = np.empty((self.n_channels, *window.shape), np.float32)
        for part, place in split_at_period(window, self.period or (None,) * len(window.shape)):
            self._fill(values[:, *place], part)
        return values

    def _fill(self, values: FloatArray, window: Window) -> None:
        axes = [_cells(start, stop) for start, stop in zip(window.start, window.stop, strict=True)]
        tiles = list(product(*axes))

        def fill(part: Sequence[tuple[tuple[int, slice, slice], ...]]) -> None:
            for tile in part:
                index, source, place = zip(*tile, strict=True)
                values[:, *place] = _tile(self.seed, self.scale, self.n_channels, index)[:, *source]

        n = n_threads()
        map_threads(fill, [tiles[i::n] for i in range(n)])


def _cells(start: int, stop: int) -> list[tuple[int, slice, slice]]:
    """Return the index of each tile that meets a range, with the common part in the tile and in the range."""
    cells = []
    for index in range(start // TILE, -(-stop // TILE)):
        first, last = max(start, index * TILE), min(stop, (index + 1) * TILE)
        cells.append((index, slice(first - index * TILE, last - index * TILE), slice(first - start, last - start)))
    return cells


@lru_cache(maxsize=1024)  # neighbouring blocks share tiles
def _tile(seed: int, scale: int, n_channels: int, index: Shape) -> FloatArray:
    """Return the values ``(n_channels, *tile)`` of one tile."""
    # The lowest counter word counts within the tile and the other three contain its index, so tiles never overlap.
    words = np.array([0, *(i % _WORD for i in index), *[0] * (3 - len(index))], np.uint64)
    bits = np.random.Philox(key=np.array([seed, scale], np.uint64), counter=words)
    values = np.random.Generator(bits).standard_normal((n_channels, *[TILE] * len(index)), dtype=np.float32)
    values.flags.writeable = False  # shared by all callers
    return values
