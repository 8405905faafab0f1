"""Tiles of large sections: each is read with a margin, treated by one thread, and written without the margin."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_swnn._types import Shape

TILE = 1024
"""Preferred edge length of a tile in pixels."""

_MARGINS_ACROSS = 4
"""Smallest edge length of a tile in margins, so that the margins cost little."""

_IN_MEMORY = 1 << 30
"""Size in bytes above which an intermediate image is kept in a temporary file."""

PIXELS_AT_ONCE = 1 << 22
"""Number of pixels that are read together when a whole image is measured."""

Window: TypeAlias = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Tile:
    """Part of one section.

    Attributes
    ----------
    section : int
        Number of the section in its stack; 0 for a single section.
    core : pair of slices
        Rows and columns that the tile covers.
    padded : pair of slices
        Rows and columns that are read: the core and its margin, within the section.
    """

    section: int
    core: Window
    padded: Window

    @property
    def inner(self) -> Window:
        """Rows and columns of the core within the padded tile."""
        pairs = zip(self.core, self.padded, strict=True)
        rows, columns = (slice(core.start - padded.start, core.stop - padded.start) for core, padded in pairs)
        return rows, columns


Work: TypeAlias = Callable[[NDArray[Any], Tile], NDArray[Any]]
"""Function that treats the values of a padded tile."""


def n_sections(shape: Shape) -> int:
    """Return the number of sections of an array ``(y, x)`` or ``(z, y, x)``."""
    return shape[0] if len(shape) == 3 else 1


def section(values: Any, index: int) -> Any:
    """Return one section of an array ``(y, x)`` or ``(z, y, x)``."""
    return values[index] if values.ndim == 3 else values


def iter_tiles(shape: Shape, margin: int, side: int) -> Iterator[Tile]:
    """Yield the tiles of all sections, row by row."""
    height, width = shape[-2:]
    side = max(side, _MARGINS_ACROSS * margin)
    for index in range(n_sections(shape)):
        for top in range(0, height, side):
            for left in range(0, width, side):
                core = slice(top, min(top + side, height)), slice(left, min(left + side, width))
                yield Tile(index, core, (_pad(core[0], margin, height), _pad(core[1], margin, width)))


def _pad(core: slice, margin: int, length: int) -> slice:
    return slice(max(0, core.start - margin), min(length, core.stop + margin))


def iter_slabs(values: Any) -> Iterator[NDArray[Any]]:
    """Yield the values in slabs of whole rows, each a few million pixels; the slabs depend on the shape only."""
    rows = max(1, PIXELS_AT_ONCE // values.shape[-1])
    for index in range(n_sections(values.shape)):
        for top in range(0, values.shape[-2], rows):
            yield np.asarray(section(values, index)[top : top + rows])


def new_image(shape: Shape, dtype: DTypeLike) -> NDArray[Any]:
    """Return an array for an intermediate image, in memory or, if it is large, in a temporary file."""
    if prod(shape) * np.dtype(dtype).itemsize <= _IN_MEMORY:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(prefix="napari-swnn-") as file:
        return np.memmap(file, dtype, "w+", shape=shape)


def iter_map(
    values: Any, work: Work, *, margin: int, dtype: DTypeLike, side: int = TILE
) -> Generator[float, None, NDArray[Any]]:
    """Apply `work` to all tiles, several side by side.

    Parameters
    ----------
    values : (y, x) or (z, y, x) array, numpy or dask
        Image to read.
    work : callable
        Function of the values of a padded tile and the tile.
    margin : int
        Number of pixels around a tile that its result depends on.
    dtype : dtype
        Type of the result.
    side : int
        Preferred edge length of a tile in pixels.

    Yields
    ------
    float
        Completed fraction, in [0, 1].

    Returns
    -------
    numpy.ndarray
        Treated image, with the shape of `values`.
    """
    from napari_swnn.core.numerics.parallel import iter_side_by_side, n_threads

    tiles = list(iter_tiles(values.shape, margin, side))
    result = new_image(values.shape, dtype)

    def treat(tile: Tile) -> None:
        read = np.asarray(section(values, tile.section)[tile.padded])
        section(result, tile.section)[tile.core] = work(read, tile)[tile.inner]

    done = iter_side_by_side(treat, tiles, min(n_threads(), len(tiles)))
    try:
        for index, _ in enumerate(done):
            yield (index + 1) / len(tiles)
    finally:
        done.close()
    return result
