"""Interface area of each pair of phases per volume (in 2-D: interface length per area)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._inputs import check_max_distance, check_sampled
from napari_swnn.statistics._phase_sets import open_phases
from napari_swnn.statistics.cross_correlation import Pair, sample_pairs
from napari_swnn.statistics.surface import AREA_PER_SLOPE, SLOPE_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class InterfaceAreas:
    """Interface area of each pair of phases per volume; in 2-D interface length per area.

    Attributes
    ----------
    values : dict of (int, int) to float
        Specific interface area in 1/`unit`, keyed by labels in ascending order.
    by_axis : dict of (int, int) to (ndim,) float
        Estimates from the slope along each axis; they differ in anisotropic media.
    unit : str
        Unit of length.
    """

    values: dict[Pair, float]
    by_axis: dict[Pair, FloatArray]
    unit: str

    def between(self, first: int, second: int) -> float:
        """Return the specific interface area between two phases, in either order.

        Raises
        ------
        KeyError
            If the volume lacks one of the phases, or they are equal.
        """
        return self.values[min(first, second), max(first, second)]

    def of_phase(self, phase: int) -> float:
        """Return the specific surface of one phase: the sum over its pairs."""
        return sum(value for pair, value in self.values.items() if phase in pair)


def interface_areas(
    volume: Any,
    *,
    phases: Sequence[int] | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> InterfaceAreas:
    """Return the interface area of each pair of phases from the slope of its cross-correlation at 0.

    For an isotropic medium S_ij = 4 S2_ij'(0) in 3-D and π S2_ij'(0) in 2-D. The estimator is that of
    `specific_surface_from_slope`: for each phase, the areas of its pairs sum to its specific surface, Σ_j S_ij = S_i.
    Counting voxel faces instead would overestimate isotropic surfaces by a factor of 1.5.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, at least 3 voxels along each axis. A dask array is read once for each axis, and once before.
    phases : sequence of int, optional
        Labels between which the interfaces are measured; by default all labels, at most eight.
    periodic, mask, voxel_size, unit
        See `two_point_correlation`.

    Returns
    -------
    InterfaceAreas
        Areas in 1/`unit`, as ``.values[i, j]``, ``.between(i, j)`` and, summed, ``.of_phase(i)``.

    Raises
    ------
    TypeError, ValueError
        If an axis, or the region of interest along it, has fewer than 3 voxels, or an argument is invalid.

    Notes
    -----
    The slope is the second-order difference (4 S2_ij(1) - S2_ij(2)) / 2, with S2_ij(0) = 0. Two phases that are
    separated everywhere by a layer one voxel thick therefore get a small negative area, which the areas of that layer
    make up for. To compare a section with a volume, multiply the values of the section by 4/π.

    References
    ----------
    Debye, Anderson and Brumberger (1957), J. Appl. Phys. 28, 679; Torquato (2002), section 2.2.5. Face counting:
    Daubner et al. (2024), J. Electrochem. Soc., doi:10.1149/1945-7111/ad9a07.

    Examples
    --------
    >>> import numpy as np
    >>> layers = np.repeat([0, 1, 2], 4)[:, None, None] * np.ones((12, 12, 12), int)
    >>> interface_areas(layers, periodic=True).by_axis[0, 1].round(3)
    array([0.167, 0.   , 0.   ])
    """
    voxel = VoxelSize(voxel_size, unit)
    view, found = open_phases(volume, phases=phases, mask=mask)
    if min(view.shape) < 3:
        raise ValueError(f"volume must have at least 3 voxels along each axis, got shape {view.shape}")
    reach = check_max_distance(2, view.shape)
    pairs = list(combinations(found, 2))
    hits, trials = sample_pairs(view, pairs, reach, check_axis_flags(periodic, view.ndim, name="periodic"))
    check_sampled(int(trials.min()), "pair of voxels at a distance of 2 along each axis")
    factor = AREA_PER_SLOPE[view.ndim] / voxel.value
    slopes = (hits / (2 * trials)) @ SLOPE_WEIGHTS  # (n_pairs, ndim)
    by_axis = {pair: factor * slope for pair, slope in zip(pairs, slopes, strict=True)}
    return InterfaceAreas({pair: float(each.mean()) for pair, each in by_axis.items()}, by_axis, voxel.unit)
