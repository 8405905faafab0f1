"""The threshold at which one volume has exactly its target porosity."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Block
from napari_swnn.core.numerics.parallel import iter_side_by_side, pool_size
from napari_swnn.core.volume.virtual_volume import VirtualVolume

_DROPPED_BITS = 10
"""Number of dropped bits of 32: candidates for the threshold differ by a ten-thousandth of their magnitude."""
_N_LEVELS = 2 ** (32 - _DROPPED_BITS)
_SIGN = np.uint32(2**31)

Histogram = tuple[NDArray[np.uint32], NDArray[np.intp]]
"""Levels that occur, and how often each does."""


def iter_exact(volume: VirtualVolume) -> Generator[None, None, VirtualVolume]:
    """Find the threshold at which a volume has exactly its target porosity.

    Its voxels then depend on all of it: another shape has another threshold. With a mask, only its inside counts.

    Parameters
    ----------
    volume : VirtualVolume
        With an `exact_porosity`.

    Yields
    ------
    None
        After each block; the whole volume is computed once.

    Returns
    -------
    VirtualVolume
        The volume with a threshold of its own.
    """
    target = volume.spec.exact_porosity
    assert target is not None
    counts = np.zeros(_N_LEVELS, np.int64)
    histograms = iter_side_by_side(partial(_histogram, volume), volume.blocks(), pool_size(volume.device))
    with closing(histograms):
        for levels, n in histograms:
            counts[levels] += n
            yield
    return replace(volume, threshold=_threshold(counts, target))


def _histogram(volume: VirtualVolume, block: Block) -> Histogram:
    """Count the grey values of a block at each level."""
    inside = volume.inside(block.wanted)
    if inside is not None and not inside.any():
        return np.empty(0, np.uint32), np.empty(0, np.intp)
    grey = volume.grey(block.window)[block.source()]
    if inside is not None:
        grey = grey[np.broadcast_to(inside, grey.shape)]
    return np.unique(sortable_bits(grey.ravel()) >> _DROPPED_BITS, return_counts=True)


def _threshold(counts: NDArray[np.int64], target: float) -> float:
    above = counts[::-1].cumsum()[::-1]  # at this level and above
    level = np.abs(above - target * above[0]).argmin()
    return value_of_bits(np.uint32(level << _DROPPED_BITS))


def sortable_bits(grey: FloatArray) -> NDArray[np.uint32]:
    """Map float32 values to integers in the same order, so that the range of the values need not be known.

    The bits of a float are in the order of its magnitude: a positive value gets the sign bit set, and all bits of a
    negative one are inverted.
    """
    bits = np.ascontiguousarray(grey, np.float32).view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def value_of_bits(number: np.uint32) -> float:
    """Return the float32 value of a number of `sortable_bits`."""
    bits = number ^ _SIGN if number & _SIGN else ~number
    return float(bits.view(np.float32))
