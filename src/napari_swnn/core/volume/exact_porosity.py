"""A threshold of its own for a volume, so that it has just the porosity asked for."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Block
from napari_swnn.core.volume.virtual_volume import VirtualVolume

_DROPPED_BITS = 10
"""Of the 32 of a grey value: candidates for the threshold differ by a ten-thousandth of their size."""
_N_LEVELS = 2 ** (32 - _DROPPED_BITS)
_SIGN = np.uint32(2**31)


def exact_target(volume: VirtualVolume) -> float:
    """The one porosity that a volume is asked for.

    Raises
    ------
    ValueError
        If there is none, or not a single one.
    """
    if volume.porosity is not None:
        low, high = volume.porosity.extremes
        if low != high:
            raise ValueError(f"exact needs one porosity for the whole volume, got a map from {low:.4g} to {high:.4g}")
        return low
    if volume.noise is not None:
        raise ValueError("exact needs one porosity for the whole volume, got a gradient of the noise; leave one out")
    if volume.model.porosity is None:
        raise ValueError("exact needs to know the porosity, got a model that does not tell its own; leave exact out")
    return volume.model.porosity


def iter_exact(volume: VirtualVolume) -> Generator[None, None, VirtualVolume]:
    """Give a volume the threshold above which it holds just the porosity asked for.

    Its voxels then depend on all of it: another shape gives another threshold. Where a mask cuts, only what is inside
    counts.

    Parameters
    ----------
    volume : VirtualVolume
        As described, with the threshold of the model.

    Returns
    -------
    generator
        Computes the whole volume once, yields after each block, and returns the volume with its own threshold.

    Raises
    ------
    ValueError
        If there is no single porosity to meet.
    """
    target = exact_target(volume)
    counts = np.zeros(_N_LEVELS, np.int64)
    for block in volume.blocks():
        counts += _levels_of(volume, block)
        yield
    return replace(volume, threshold=_threshold(counts, target))


def _levels_of(volume: VirtualVolume, block: Block) -> NDArray[np.int64]:
    """How many grey values of a block lie at each level."""
    inside = volume.inside(block.wanted)
    if inside is not None and not inside.any():
        return np.zeros(_N_LEVELS, np.int64)
    grey = volume.grey(block.window)[block.source()]
    if inside is not None:
        grey = grey[np.broadcast_to(inside, grey.shape)]
    return np.bincount(_ordered(grey.ravel()) >> _DROPPED_BITS, minlength=_N_LEVELS)


def _threshold(counts: NDArray[np.int64], target: float) -> float:
    above = counts[::-1].cumsum()[::-1]  # at this level and above
    level = np.abs(above - target * above[0]).argmin()
    return _value(np.uint32(level << _DROPPED_BITS))


def _ordered(grey: FloatArray) -> NDArray[np.uint32]:
    """Whole numbers in the order of the float32 values that they stand for: no range of values need be known."""
    bits = np.ascontiguousarray(grey, np.float32).view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _value(ordered: np.uint32) -> float:
    """The float32 value that a number of `_ordered` stands for."""
    bits = ordered ^ _SIGN if ordered & _SIGN else ~ordered
    return float(bits.view(np.float32))
