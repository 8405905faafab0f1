"""Pore sizes: the largest inscribed sphere that covers each voxel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn.statistics._blocks import open_phase
from napari_swnn.statistics._inputs import check_periodic, check_voxel_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PoreSizes:
    """Distribution of pore sizes by volume.

    Attributes
    ----------
    diameter : (n,) float
        Diameters of the inscribed spheres in `unit`: 1, 3, 5, … voxels.
    fraction : (n,) float
        Fraction of the phase whose largest covering sphere has this diameter; adds up to 1.
    mean : float
        Mean diameter by volume, in `unit`.
    unit : str
        Unit of the diameter.
    """

    diameter: FloatArray
    fraction: FloatArray
    mean: float
    unit: str

    @property
    def cumulative(self) -> FloatArray:
        """Fraction of the phase in pores of at least each diameter, shape ``(n,)``: falls from 1."""
        return self.fraction[::-1].cumsum()[::-1]


def pore_size_distribution(
    volume: Any,
    *,
    phase: int = 1,
    periodic: bool | Sequence[bool] = False,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> PoreSizes:
    """Return the pore-size distribution of `phase` by maximal inscribed spheres (discs in 2-D).

    Parameters
    ----------
    volume, phase, periodic
        As for `local_diameter`.
    voxel_size : float
        Side of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    PoreSizes
        With ``.diameter``, ``.fraction`` by volume and ``.mean``.

    Raises
    ------
    ValueError
        If the phase fills nothing or all of the volume, or an argument is not what it should be.
    """
    voxel_size = check_voxel_size(voxel_size)
    widths = local_diameter(volume, phase=phase, periodic=periodic)
    counts = np.bincount(widths.ravel())[1::2]  # of 1, 3, 5, … voxels
    diameter = np.arange(1, 2 * len(counts), 2) * voxel_size
    fraction = counts / counts.sum()
    return PoreSizes(diameter, fraction, float(diameter @ fraction), unit)


def local_diameter(volume: Any, *, phase: int = 1, periodic: bool | Sequence[bool] = False) -> Any:
    """Return the diameter in voxels of the largest sphere inside `phase` that covers each voxel; 0 outside the phase.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels. Spheres know no blocks: the volume and its distance transforms, some 30 bytes a voxel, are held in
        memory, and each radius takes one distance transform.
    phase : int
        The label of the phase of interest, which must fill a part of the volume.
    periodic : bool or one for each axis
        Whether the volume repeats. It is then computed with a rim of twice the largest radius.

    Returns
    -------
    array of uint16
        Odd numbers of voxels, in the shape of `volume`.

    Raises
    ------
    ValueError
        If the phase fills nothing or all of the volume, or an argument is not what it should be.

    Notes
    -----
    A ball of radius r holds the voxels whose centres are nearer than r, and is 2 r - 1 voxels wide. Radii are whole
    numbers, so a slit of w voxels has size w if w is odd and w - 1 if it is even. Beyond the border of a volume that is
    not periodic nothing is known, and spheres may reach out there.

    References
    ----------
    Hildebrand and Rüegsegger (1997), J. Microscopy 185, 67 (local thickness).
    """
    from scipy import ndimage

    inside = open_phase(volume, phase=phase).binary
    _check_partial(inside, phase)
    wraps = check_periodic(periodic, inside.ndim)
    # Solid beyond the border makes balls smaller, never larger: all those that meet the volume lie within this rim.
    rim = 2 * int(np.ceil(ndimage.distance_transform_edt(inside).max())) if any(wraps) else 0
    around = [(rim * flag, rim * flag) for flag in wraps]
    inner = tuple(slice(before, before + n) for (before, _), n in zip(around, inside.shape, strict=True))
    diameter: Any = _local_diameter(np.pad(inside, around, mode="wrap"))[inner]
    return diameter


def _local_diameter(inside: BoolArray) -> Any:
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(inside)
    diameter = np.zeros(inside.shape, np.uint16)
    for radius in range(int(depth.max()), 1, -1):
        covered = ndimage.distance_transform_edt(depth < radius) < radius
        diameter[covered & (diameter == 0)] = 2 * radius - 1
    diameter[inside & (diameter == 0)] = 1  # what no larger ball reaches is as wide as itself
    return diameter


def _check_partial(inside: BoolArray, phase: int) -> None:
    if inside.all() or not inside.any():
        state = "all" if inside.any() else "none"
        raise ValueError(f"phase {phase} must fill a part of the volume, got {state} of it; pick another phase")
