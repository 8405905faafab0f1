"""Pore sizes: diameters of the largest inscribed spheres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import VOXELS_AT_ONCE, PhaseView, open_phase, read_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray, FloatArray

_FIRST_RIM = 16
"""Width, in voxels, of the rim around a slab in which the border of the phase is first looked for."""


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
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    PoreSizes
        With ``.diameter``, ``.fraction`` by volume and ``.mean``.

    Raises
    ------
    ValueError
        If the phase fills nothing or all of the volume, or an argument is not of the kind described.
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
        Labels, in slabs that overlap by four times the largest radius; each radius takes one distance transform.
    phase : int
        The label of the phase of interest, which must fill part of the volume, but not all of it.
    periodic : bool or one for each axis
        True if the volume is periodic along that axis.

    Returns
    -------
    array of uint16
        Odd numbers of voxels, in the shape of `volume`.

    Raises
    ------
    ValueError
        If the phase fills nothing or all of the volume, or an argument is not of the kind described.

    Notes
    -----
    A ball of radius r holds the voxels whose centres are nearer than r, and is 2 r - 1 voxels wide. Radii are whole
    numbers, so a slit of w voxels has size w if w is odd and w - 1 if it is even. Beyond the border of a volume that is
    not periodic nothing is known, and spheres may extend there.

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
    """Yield the local diameters slab by slab along axis 0, each with its range of planes."""
    wraps = check_axis_flags(periodic, view.ndim, name="periodic")
    deepest = _deepest(view, wraps)
    if deepest in (0, np.inf):
        state = "all" if deepest else "none"
        raise ValueError(
            f"phase {view.phase} must fill part, but not all, of the volume, got {state}; pick another phase"
        )
    # A ball that reaches a plane has its centre within one radius of it, and the border of the phase that limits the
    # ball within two.
    for planes, inside, inner in _parts(view, wraps, 2 * math.ceil(deepest)):
        yield planes, _local_diameter(inside, int(deepest))[inner]


def _local_diameter(inside: BoolArray, largest: int) -> NDArray[np.uint16]:
    """Return the local diameters of an array in memory, from balls up to the radius `largest`."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(inside)
    diameter = np.zeros(inside.shape, np.uint16)
    for radius in range(min(int(depth.max()), largest), 1, -1):
        covered = ndimage.distance_transform_edt(depth < radius) < radius
        diameter[covered & (diameter == 0)] = 2 * radius - 1
    diameter[inside & (diameter == 0)] = 1  # a voxel that no larger ball reaches is one wide
    return diameter


def _deepest(view: PhaseView, periodic: Sequence[bool]) -> float:
    """Return the largest distance from a voxel of the phase to another phase: 0 without the phase, inf if alone."""
    from scipy import ndimage

    rim, longest = _FIRST_RIM, max(view.shape)
    while True:
        found = 0.0
        for _, inside, inner in _parts(view, periodic, rim):
            unbounded = inside.all()
            depth = np.inf if unbounded else float(ndimage.distance_transform_edt(inside)[inner].max())
            found = max(found, depth)
        # A wider rim shows more of the other phases, so distances can only fall.
        if found <= rim or rim >= longest:
            return found
        rim = longest if found > longest else math.ceil(found)


def _parts(view: PhaseView, periodic: Sequence[bool], rim: int) -> Iterator[tuple[slice, BoolArray, tuple[slice, ...]]]:
    """Yield planes across axis 0, the phase there with a rim on all sides, and the place of the planes in it.

    The rim ends at the border of a volume that is not periodic.
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
