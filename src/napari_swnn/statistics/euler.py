"""Euler number: components less tunnels plus cavities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_swnn.statistics._blocks import open_phase, slabs
from napari_swnn.statistics._inputs import check_voxel_size

if TYPE_CHECKING:
    from napari_swnn._types import BoolArray


@dataclass(frozen=True, slots=True)
class EulerNumber:
    """Euler number of a phase.

    Attributes
    ----------
    value : int
        Components less tunnels plus enclosed cavities (in 2-D: components less holes).
    density : float
        `value` over the volume, in one over `unit` cubed (2-D: squared).
    connectivity : int
        1 for neighbours that share a face, 2 (2-D) or 3 (3-D) for those that share a corner.
    unit : str
        Unit of length.
    """

    value: int
    density: float
    connectivity: int
    unit: str


def euler_number(
    volume: Any, *, phase: int = 1, connectivity: int = 1, voxel_size: float = 1.0, unit: str = "voxel"
) -> EulerNumber:
    """Return the Euler number of `phase`: the more negative its density, the better connected the phase.

    The border of the volume counts as the end of the phase.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels; read once, slab by slab.
    phase : int
        The label of the phase of interest.
    connectivity : int
        1: voxels that share a face are connected; 2 in 2-D, 3 in 3-D: a corner is enough. The other phase then has
        the other kind.
    voxel_size : float
        Side of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    EulerNumber
        With ``.value`` and ``.density``.

    Raises
    ------
    ValueError
        If the connectivity is neither, or an argument is not what it should be.

    Notes
    -----
    Slabs that share one plane of voxels are put together by χ(A ∪ B) = χ(A) + χ(B) - χ(A ∩ B); each slab is left to
    ``skimage.measure.euler_number``.

    References
    ----------
    Ohser and Mücklich (2000), Statistical Analysis of Microstructures in Materials Science, chapter 4.
    """
    voxel_size = check_voxel_size(voxel_size)
    view = open_phase(volume, phase=phase)
    if connectivity not in (1, view.ndim):
        raise ValueError(f"connectivity must be 1 or {view.ndim} for a {view.ndim}-D volume, got {connectivity!r}")
    total = 0
    shared: BoolArray | None = None
    for slab in slabs(view, overlap=1):
        inside = slab.binary
        total += _euler(inside, connectivity) - (0 if shared is None else _euler(shared, connectivity))
        shared = inside[-1:]  # the first plane of the next slab
    density = total / math.prod(view.shape) / voxel_size**view.ndim
    return EulerNumber(total, density, int(connectivity), unit)


def _euler(inside: BoolArray, connectivity: int) -> int:
    from skimage import measure

    return int(measure.euler_number(inside, connectivity))
