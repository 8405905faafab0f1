"""Euler number: components minus tunnels plus cavities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import check_found, linked_slabs, open_phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import BoolArray


@dataclass(frozen=True, slots=True)
class EulerNumber:
    """Euler number of a phase.

    Attributes
    ----------
    value : int
        Components minus tunnels plus enclosed cavities (in 2-D: components minus holes).
    density : float
        `value` per volume in 1/`unit`³ (in 2-D: per area in 1/`unit`²).
    connectivity : int
        1 if neighbours share a face; 2 (2-D) or 3 (3-D) if they may share only a corner.
    unit : str
        Unit of length.
    """

    value: int
    density: float
    connectivity: int
    unit: str


def euler_number(
    volume: Any,
    *,
    phase: int = 1,
    periodic: bool | Sequence[bool] = False,
    connectivity: int = 1,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> EulerNumber:
    """Return the Euler number of `phase`: the more negative its density, the better connected the phase.

    The phase ends at the border of the volume, except along periodic axes.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, read once, slab by slab.
    phase : int
        Label of the phase of interest.
    periodic : bool or sequence of bool, one for each axis
        True if the volume is periodic along that axis, so that its last and first planes are neighbours.
    connectivity : int
        1 connects voxels that share a face; 2 in 2-D or 3 in 3-D also those that share a corner. The complement then
        has the other connectivity.
    voxel_size : float
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    EulerNumber
        With ``.value`` and ``.density``.

    Raises
    ------
    ValueError
        If the connectivity is neither 1 nor the dimension, or an argument is invalid.

    Notes
    -----
    Slabs that share one plane of voxels are combined by χ(A ∪ B) = χ(A) + χ(B) - χ(A ∩ B), with
    ``skimage.measure.euler_number`` for each slab. A slab of the last and first planes closes a periodic axis.

    References
    ----------
    Ohser and Mücklich (2000), Statistical Analysis of Microstructures in Materials Science, chapter 4.
    """
    voxel = VoxelSize(voxel_size, unit)
    view = open_phase(volume, phase=phase)
    if connectivity not in (1, view.ndim):
        raise ValueError(f"connectivity must be 1 or {view.ndim} for a {view.ndim}-D volume, got {connectivity!r}")
    around, *sideways = check_axis_flags(periodic, view.ndim, name="periodic")
    count = partial(_euler, periodic=(False, *sideways), connectivity=connectivity)
    total, found = 0, False
    for k, inside in enumerate(linked_slabs(view, periodic=around)):
        shared = k > 0 or around  # the first plane also belongs to the previous (or last) slab
        found = found or bool(inside.any())
        total += count(inside) - (count(inside[:1]) if shared else 0)
    check_found(view, found)
    density = total / math.prod(view.shape) / voxel.value**view.ndim
    return EulerNumber(total, density, int(connectivity), voxel.unit)


def _euler(inside: BoolArray, periodic: Sequence[bool], connectivity: int) -> int:
    """Return the Euler number of an in-memory part, closing it along each periodic axis in turn."""
    from skimage import measure

    if not any(periodic):
        return int(measure.euler_number(inside, connectivity))
    axis = list(periodic).index(True)
    others = [flag and a != axis for a, flag in enumerate(periodic)]
    first = inside.take([0], axis)
    return _euler(np.concatenate([inside, first], axis), others, connectivity) - _euler(first, others, connectivity)
