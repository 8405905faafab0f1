"""Two-point correlation S2 along each axis and as a full map, and the autocovariance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import check_found, open_phase, read_window
from napari_swnn.statistics._curves import Curve, curve_of_counts
from napari_swnn.statistics._inputs import check_max_distance, check_sampled
from napari_swnn.statistics._lines import Counts, Words, count_bits, extend_lines, sample_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_swnn._types import FloatArray, Shape

_BLOCK_SIDE = {2: 1024, 3: 96}
"""Edge length in voxels of a block in `two_point_map`; Fourier transforms span a block plus twice `max_distance`."""


def two_point_correlation(
    volume: Any,
    *,
    phase: int = 1,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> Curve:
    """Return the two-point correlation S2(r): the probability that both ends of a segment lie in `phase`.

    Segments run along the axes between voxel centres. Every pair of voxels at each distance counts, so the estimate is
    unbiased and S2(0) equals the volume fraction.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels. A dask array is read once for each axis, a column of chunks at a time; store a lazily generated
        volume first.
    phase : int
        Label of the phase of interest.
    max_distance : int, optional
        Largest distance in voxels, below the shortest side; by default 64, at most half the shortest side.
    periodic : bool or sequence of bool, one for each axis
        True if segments that leave on one side re-enter on the opposite side.
    mask : array of bool, optional
        Region of interest, with the shape of `volume`; only pairs with both ends inside it count.
    voxel_size : float
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    Curve
        Probabilities in [0, 1], as ``.values`` (mean over the axes) and ``.by_axis``, at each ``.distance``.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Torquato (2002), Random Heterogeneous Materials, section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile([0, 0, 1, 1], (4, 4))
    >>> two_point_correlation(stripes, max_distance=2, periodic=True).by_axis
    array([[0.5 , 0.5 , 0.5 ],
           [0.5 , 0.25, 0.  ]])
    """
    voxel = VoxelSize(voxel_size, unit)
    view = open_phase(volume, phase=phase, mask=mask)
    reach = check_max_distance(max_distance, view.shape)
    hits, trials = sample_lines(view, count_pairs, reach, check_axis_flags(periodic, view.ndim, name="periodic"))
    check_found(view, bool(hits.any()))
    return curve_of_counts(hits, trials, voxel)


def autocovariance(
    volume: Any,
    *,
    phase: int = 1,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> Curve:
    """Return the autocovariance S2(r) - φ², where φ is the volume fraction of `volume`.

    Parameters
    ----------
    volume, phase, max_distance, periodic, mask, voxel_size, unit
        See `two_point_correlation`.

    Returns
    -------
    Curve
        Autocovariance, as ``.values`` (mean over the axes) and ``.by_axis``, at each ``.distance``.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    """
    s2 = two_point_correlation(
        volume, phase=phase, max_distance=max_distance, periodic=periodic, mask=mask, voxel_size=voxel_size, unit=unit
    )
    return replace(s2, by_axis=s2.by_axis - float(s2.values[0]) ** 2)


def normalised_autocovariance(
    volume: Any,
    *,
    phase: int = 1,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> Curve:
    """Return the normalised autocovariance (S2(r) - φ²) / φ(1 - φ), which is 1 at r = 0.

    Parameters
    ----------
    volume, phase, max_distance, periodic, mask, voxel_size, unit
        See `two_point_correlation`.

    Returns
    -------
    Curve
        Autocovariance, as ``.values`` (mean over the axes) and ``.by_axis``, at each ``.distance``.

    Raises
    ------
    ValueError
        If the phase is absent or fills the whole volume, or an argument is invalid.
    """
    s2 = two_point_correlation(
        volume, phase=phase, max_distance=max_distance, periodic=periodic, mask=mask, voxel_size=voxel_size, unit=unit
    )
    if not 0 < s2.values[0] < 1:
        raise ValueError(
            f"phase {phase} must fill part, but not all, of the volume, got a volume fraction of {s2.values[0]:g}; "
            "pick another phase"
        )
    return normalise_two_point(s2)


def normalise_two_point(s2: Curve) -> Curve:
    """Convert a two-point correlation to the normalised autocovariance.

    Parameters
    ----------
    s2 : Curve
        Two-point correlation of one volume, or of several combined by `pool`.

    Returns
    -------
    Curve
        (S2(r) - φ²) / φ(1 - φ), where φ = S2(0) is the volume fraction; NaN if φ is 0 or 1.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_swnn.statistics import pool
    >>> sections = [np.tile([0, 0, 1, 1], (4, 4)), np.tile([0, 0, 0, 1], (4, 4))]
    >>> s2 = pool([two_point_correlation(section, max_distance=2, periodic=True) for section in sections])
    >>> normalise_two_point(s2).by_axis[1].round(3)
    array([ 1.   , -0.067, -0.6  ])
    """
    fraction = float(s2.values[0])
    variance = fraction * (1 - fraction)
    by_axis = (s2.by_axis - fraction**2) / variance if variance > 0 else np.full(s2.by_axis.shape, np.nan)
    return replace(s2, by_axis=by_axis)


@dataclass(frozen=True, slots=True, eq=False)
class TwoPointMap:
    """Two-point correlation for every displacement up to a maximum distance along each axis.

    Attributes
    ----------
    values : (2 m + 1, ...) float
        S2 at each displacement, symmetric about zero displacement at the centre; NaN where no pair was sampled.
    samples : (2 m + 1, ...) int
        Number of pairs of voxels averaged in each value.
    displacement : (2 m + 1,) float
        Displacements along each axis, in `unit`.
    unit : str
        Unit of the displacement.
    """

    values: FloatArray
    samples: Counts
    displacement: FloatArray
    unit: str

    def length(self) -> FloatArray:
        """Return the length of every displacement in `unit`, with the shape of `values`."""
        squares = np.meshgrid(*[self.displacement**2] * self.values.ndim, indexing="ij", sparse=True)
        return np.asarray(np.sqrt(sum(squares)))


def two_point_map(
    volume: Any,
    *,
    phase: int = 1,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> TwoPointMap:
    """Return the two-point correlation S2 for all displacement vectors, not only those along the axes.

    Fourier transforms correlate each block with its surroundings, which takes much longer than `two_point_correlation`
    on a large volume. A dask array is read once, plus the surroundings of every block.

    Parameters
    ----------
    volume, phase, max_distance, periodic, mask, voxel_size, unit
        See `two_point_correlation`; `max_distance` applies along each axis.

    Returns
    -------
    TwoPointMap
        Probabilities in [0, 1], as ``.values``, for displacements along each axis, as ``.displacement``.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    """
    voxel = VoxelSize(voxel_size, unit)
    view = open_phase(volume, phase=phase, mask=mask)
    reach = check_max_distance(max_distance, view.shape)
    wraps = check_axis_flags(periodic, view.ndim, name="periodic")
    inside = view.labels == view.phase
    hits = _correlate(inside if view.mask is None else inside & view.mask, reach, wraps)
    trials = _pairs(view.shape, reach, wraps) if view.mask is None else _correlate(view.mask, reach, wraps)
    check_sampled(int(trials.max()))
    check_found(view, bool(hits.any()))
    values = np.divide(hits, trials, out=np.full(hits.shape, np.nan), where=trials > 0)
    displacement = np.arange(-reach, reach + 1) * voxel.value
    return TwoPointMap(values, trials, displacement, voxel.unit)


def count_pairs(words: Words, max_distance: int, periodic: bool) -> Counts:
    """Count the pairs of voxels that both lie in the phase, for each distance, in one block of lines."""
    ends = extend_lines(words, max_distance, periodic)
    n = len(words)
    shifted = (ends[r : r + n] for r in range(max_distance + 1))
    return np.array([count_bits(words[: len(end)] & end) for end in shifted])


def _correlate(inside: Any, reach: int, periodic: Sequence[bool]) -> Counts:
    """Count the pairs of voxels that both lie inside, for every displacement, shape ``(2 reach + 1, ...)``."""
    from scipy import fft

    sides = [min(n, _BLOCK_SIDE[inside.ndim]) for n in inside.shape]
    widths = [fft.next_fast_len(side + 2 * reach, real=True) for side in sides]
    total: NDArray[np.complexfloating[Any]] | float = 0.0
    for start in product(*(range(0, n, side) for n, side in zip(inside.shape, sides, strict=True))):
        stop = [min(low + side, n) for low, side, n in zip(start, sides, inside.shape, strict=True)]
        surroundings = read_window(inside, [i - reach for i in start], [i + reach for i in stop], periodic)
        block = surroundings[tuple(slice(reach, n - reach) for n in surroundings.shape)]
        total = total + fft.rfftn(block, widths).conj() * fft.rfftn(surroundings, widths)
    counts = fft.irfftn(total, widths)  # index k along an axis represents a displacement of k - reach
    return np.asarray(np.rint(counts[(slice(2 * reach + 1),) * inside.ndim]), np.int64)


def _pairs(shape: Shape, reach: int, periodic: Sequence[bool]) -> Counts:
    """Return the number of pairs of voxels in the whole volume, for every displacement."""
    lags = np.abs(np.arange(-reach, reach + 1))
    along = [np.full_like(lags, n) if wraps else n - lags for n, wraps in zip(shape, periodic, strict=True)]
    grids = np.meshgrid(*along, indexing="ij", sparse=True)
    return np.asarray(np.prod(np.broadcast_arrays(*grids), axis=0))
