"""Pore sizes: diameters of maximal inscribed spheres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import VOXELS_AT_ONCE, PhaseView, check_found, open_phase, read_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray, FloatArray

_FIRST_RIM = 16
"""Initial width, in voxels, of the rim around a slab that is searched for the border of the phase."""


@dataclass(frozen=True, slots=True, eq=False)
class PoreSizes:
    """Volume-weighted pore-size distribution.

    Attributes
    ----------
    diameter : (n,) float
        Diameters of the inscribed spheres in `unit`: 1, 3, 5, … voxels.
    fraction : (n,) float
        Fraction of the phase whose largest covering sphere has this diameter; the fractions sum to 1.
    mean : float
        Volume-weighted mean diameter in `unit`.
    unit : str
        Unit of the diameter.
    """

    diameter: FloatArray
    fraction: FloatArray
    mean: float
    unit: str

    @property
    def cumulative(self) -> FloatArray:
        """Fraction of the phase in pores at least as large as each diameter, shape ``(n,)``; it decreases from 1."""
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
        See `local_diameter`.
    voxel_size : float
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    PoreSizes
        Volume ``.fraction`` of each ``.diameter``, and the ``.mean`` diameter.

    Raises
    ------
    ValueError
        If the phase is absent or fills the whole volume, or an argument is invalid.
    """
    voxel = VoxelSize(voxel_size, unit)
    counts = np.zeros(1, np.int64)
    for _, widths in _iter_diameters(open_phase(volume, phase=phase), periodic):
        found = np.bincount(widths.ravel(), minlength=len(counts))
        found[: len(counts)] += counts
        counts = found
    counts = counts[1::2]  # of 1, 3, 5, … voxels
    diameter = np.arange(1, 2 * len(counts), 2) * voxel.value
    fraction = counts / counts.sum()
    return PoreSizes(diameter, fraction, float(diameter @ fraction), voxel.unit)


def local_diameter(volume: Any, *, phase: int = 1, periodic: bool | Sequence[bool] = False) -> Any:
    """Return the diameter in voxels of the largest sphere inside `phase` that covers each voxel; 0 outside the phase.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, processed in slabs that overlap by four times the largest radius. Each radius needs one distance
        transform.
    phase : int
        Label of the phase of interest, which must fill part, but not all, of the volume.
    periodic : bool or sequence of bool, one for each axis
        True if the volume is periodic along that axis.

    Returns
    -------
    array of uint16
        Diameters in voxels, odd inside the phase, with the shape of `volume`.

    Raises
    ------
    ValueError
        If the phase is absent or fills the whole volume, or an argument is invalid.

    Notes
    -----
    A ball of radius r contains the voxels whose centres are closer than r to its own, and is 2 r - 1 voxels wide. Radii
    are integers, so a slit w voxels wide has size w if w is odd and w - 1 if w is even. Spheres may extend beyond the
    non-periodic borders of the volume.

    References
    ----------
    Hildebrand and Rüegsegger (1997), J. Microscopy 185, 67 (local thickness).
    """
    view = open_phase(volume, phase=phase)
    diameter = np.empty(view.shape, np.uint16)
    for planes, widths in _iter_diameters(view, periodic):
        diameter[planes] = widths
    return diameter


def _iter_diameters(view: PhaseView, periodic: bool | Sequence[bool]) -> Iterator[tuple[slice, NDArray[np.uint16]]]:
    """Yield the range of planes and the local diameters of each slab along axis 0."""
    wraps = check_axis_flags(periodic, view.ndim, name="periodic")
    deepest = _deepest(view, wraps)
    if deepest in (0, np.inf):
        check_found(view, bool(deepest))
        state = "all" if deepest else "none"
        raise ValueError(
            f"phase {view.phase} must fill part, but not all, of the volume, got {state}; pick another phase"
        )
    # The centre of a ball that reaches a plane lies within one radius of the plane, and the phase border that limits
    # the ball lies within two radii.
    for planes, inside, inner in _parts(view, wraps, 2 * math.ceil(deepest)):
        yield planes, _local_diameter(inside, int(deepest))[inner]


def _local_diameter(inside: BoolArray, largest: int) -> NDArray[np.uint16]:
    """Return the local diameters in an in-memory array, using balls of radius up to `largest`."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(inside)
    diameter = np.zeros(inside.shape, np.uint16)
    for radius in range(min(int(depth.max()), largest), 1, -1):
        covered = ndimage.distance_transform_edt(depth < radius) < radius
        diameter[covered & (diameter == 0)] = 2 * radius - 1
    diameter[inside & (diameter == 0)] = 1  # voxels that no larger ball covers
    return diameter


def _deepest(view: PhaseView, periodic: Sequence[bool]) -> float:
    """Return the largest distance from the phase to any other: 0 if it is absent, inf if it is the only one."""
    from scipy import ndimage

    rim, longest = _FIRST_RIM, max(view.shape)
    while True:
        found = 0.0
        for _, inside, inner in _parts(view, periodic, rim):
            unbounded = inside.all()
            depth = np.inf if unbounded else float(ndimage.distance_transform_edt(inside)[inner].max())
            found = max(found, depth)
        # A wider rim includes more of the other phases, so distances can only decrease.
        if found <= rim or rim >= longest:
            return found
        rim = longest if found > longest else math.ceil(found)


def _parts(view: PhaseView, periodic: Sequence[bool], rim: int) -> Iterator[tuple[slice, BoolArray, tuple[slice, ...]]]:
    """Yield a range of planes, the phase there with a rim around it, and the position of the planes in that array.

    The rim stops at non-periodic borders of the volume.
    """
    n_planes, *cross = view.shape
    step = max(2 * rim, VOXELS_AT_ONCE // math.prod(cross), 1)
    for start in range(0, n_planes, step):
        core = [(start, min(start + step, n_planes)), *((0, n) for n in cross)]
        bounds = [
            (low - rim, high + rim) if wraps else (max(low - rim, 0), min(high + rim, n))
            for (low, high), n, wraps in zip(core, view.shape, periodic, strict=True)
        ]
        lows, highs = zip(*bounds, strict=True)
        inside = read_window(view.labels, lows, highs, periodic) == view.phase
        yield slice(*core[0]), inside, tuple(slice(a - low, b - low) for (a, b), low in zip(core, lows, strict=True))
