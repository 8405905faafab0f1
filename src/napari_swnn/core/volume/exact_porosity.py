"""Search for the segmentation at which a volume has exactly its target porosity."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Block
from napari_swnn.core.model.segmentation import ThresholdCurve
from napari_swnn.core.numerics.parallel import iter_side_by_side, pool_size
from napari_swnn.core.volume.exact_fractions import iter_exact_fractions
from napari_swnn.core.volume.virtual_volume import VirtualVolume

_DROPPED_BITS = 10
"""Number of low bits discarded from 32: neighbouring threshold candidates differ by about 0.01 %."""
_N_LEVELS = 2 ** (32 - _DROPPED_BITS)
_SIGN = np.uint32(2**31)

Histogram = tuple[NDArray[np.uint32], NDArray[np.intp]]
"""Occurring levels and their counts."""


def iter_exact(volume: VirtualVolume) -> Generator[int, None, VirtualVolume]:
    """Find the threshold, or the offsets, at which a volume has exactly its target porosity or fractions.

    Every voxel then depends on the whole volume, including its shape. With a mask, only voxels inside the mask count.

    Parameters
    ----------
    volume : VirtualVolume
        Volume with an `exact_porosity`.

    Yields
    ------
    int
        Number of new blocks, after each block; the whole volume is computed once, and rarely a second time.

    Returns
    -------
    VirtualVolume
        The volume with its own segmentation.
    """
    if volume.model.offsets is not None:
        return (yield from iter_exact_fractions(volume))
    target = volume.spec.exact_porosity
    assert target is not None
    counts = np.zeros(_N_LEVELS, np.int64)
    histograms = iter_side_by_side(partial(_histogram, volume), volume.blocks(), pool_size(volume.device))
    with closing(histograms):
        for levels, n in histograms:
            counts[levels] += n
            yield 1
    return replace(volume, segmentation=ThresholdCurve.constant(_threshold(counts, target)))


def _histogram(volume: VirtualVolume, block: Block) -> Histogram:
    """Count the grey values of a block at each level."""
    return np.unique(sortable_bits(volume.grey_inside(block)[0]) >> _DROPPED_BITS, return_counts=True)


def _threshold(counts: NDArray[np.int64], target: float) -> float:
    above = counts[::-1].cumsum()[::-1]  # number of voxels at or above each level
    level = np.abs(above - target * above[0]).argmin()
    return value_of_bits(np.uint32(level << _DROPPED_BITS))


def sortable_bits(grey: FloatArray) -> NDArray[np.uint32]:
    """Map float32 values to integers that preserve their order, whatever the range of the values.

    As an integer, the bit pattern of a float increases with its magnitude: the sign bit of a positive value is set, and
    all bits of a negative value are inverted.
    """
    bits = np.ascontiguousarray(grey, np.float32).view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def value_of_bits(number: np.uint32) -> float:
    """Return the float32 value of an integer from `sortable_bits`."""
    bits = number ^ _SIGN if number & _SIGN else ~number
    return float(bits.view(np.float32))
