"""Integral length: the distance over which the autocovariance decays, as its integral up to the first zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn.statistics._inputs import check_max_distance, check_volume
from napari_swnn.statistics.two_point import normalised_autocovariance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import FloatArray
    from napari_swnn.statistics._curves import Curve


@dataclass(frozen=True, slots=True, eq=False)
class CorrelationLength:
    """Integral length of a phase, and the first zero of its autocovariance.

    Attributes
    ----------
    value : float
        Integral of the axis-averaged normalised autocovariance from 0 to its first zero, in `unit`.
    by_axis : (ndim,) float
        Integral along each axis.
    first_zero : float
        Position of that zero in `unit`, linearly interpolated between voxels.
    first_zero_by_axis : (ndim,) float
        Position of the first zero along each axis.
    reached_zero : bool
        True if all of these autocovariances reach zero within the measured distance. Otherwise the lengths are lower
        bounds, and the volume is small relative to its microstructure.
    unit : str
        Unit of the lengths.
    """

    value: float
    by_axis: FloatArray
    first_zero: float
    first_zero_by_axis: FloatArray
    reached_zero: bool
    unit: str


def correlation_length(
    volume: Any,
    *,
    phase: int = 1,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> CorrelationLength:
    """Return the integral length of `phase`, the length over which its autocovariance decays.

    Reports call it the integral length, since the correlation length that determines the scales of a training is the
    distance at which the autocovariance falls below 1/e.

    Parameters
    ----------
    volume, phase, periodic, mask, voxel_size, unit
        See `napari_swnn.statistics.two_point_correlation`.
    max_distance : int, optional
        Largest distance, in voxels, searched for the zero; by default half the shortest side.

    Returns
    -------
    CorrelationLength
        Integral up to the first zero (``.value``, ``.by_axis``) and position of that zero (``.first_zero``).

    Raises
    ------
    ValueError
        If the phase is absent or fills the whole volume, or an argument is invalid.

    Notes
    -----
    For an exponential autocovariance, the integral equals the decay length. In a finite image, the autocovariance is
    measured relative to the image's own volume fraction, which shifts the zero to smaller distances, more so in smaller
    images.

    Examples
    --------
    >>> import numpy as np
    >>> board = np.kron([[0, 1], [1, 0]], np.ones((8, 8), int))
    >>> length = correlation_length(board, periodic=True)
    >>> float(length.value), float(length.first_zero)
    (2.0, 4.0)
    """
    shape = check_volume(volume).shape
    curve = normalised_autocovariance(
        volume,
        phase=phase,
        max_distance=check_max_distance(max_distance, shape, default=max(shape)),
        periodic=periodic,
        mask=mask,
        voxel_size=voxel_size,
        unit=unit,
    )
    return correlation_length_of_curve(curve)


def correlation_length_of_curve(curve: Curve) -> CorrelationLength:
    """Return the integral length of a normalised autocovariance; NaN along axes without samples.

    Parameters
    ----------
    curve : Curve
        Normalised autocovariance, as returned by `napari_swnn.statistics.normalise_two_point`.
    """
    cut = [_cut_at_first_zero(curve.distance, values) for values in (curve.values, *curve.by_axis)]
    # The trapezoidal rule is exact for the linear interpolation that also places the zero.
    integrals = [float(np.trapezoid(y, x)) if len(x) else np.nan for x, y in cut]
    zeros = [float(x[-1]) if len(x) else np.nan for x, _ in cut]
    return CorrelationLength(
        value=integrals[0],
        by_axis=np.array(integrals[1:]),
        first_zero=zeros[0],
        first_zero_by_axis=np.array(zeros[1:]),
        reached_zero=all(len(y) > 0 and y[-1] == 0 for _, y in cut),
        unit=curve.unit,
    )


def _cut_at_first_zero(distance: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cut a curve that starts above 0 at its first zero, found by linear interpolation.

    A curve without a zero is returned whole; it also ends at the first NaN, where nothing was sampled.
    """
    below = np.flatnonzero(~(values > 0))
    if len(below) == 0:
        return distance, values
    i = int(below[0])
    if np.isnan(values[i]):
        return distance[:i], values[:i]
    fraction = values[i - 1] / (values[i - 1] - values[i])
    zero = distance[i - 1] + fraction * (distance[i] - distance[i - 1])
    return np.append(distance[:i], zero), np.append(values[:i], 0.0)
