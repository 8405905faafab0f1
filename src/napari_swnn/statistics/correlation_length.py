"""Correlation length: the distance over which the autocovariance decays."""

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
    """Correlation length of a phase, by two definitions.

    Attributes
    ----------
    value : float
        Integral of the normalised autocovariance, averaged over the axes, from 0 to its first zero, in `unit`.
    by_axis : (ndim,) float
        The same integral along each axis.
    first_zero : float
        Position of that zero, in `unit`, between voxels by linear interpolation.
    first_zero_by_axis : (ndim,) float
        Position of the first zero along each axis.
    reached_zero : bool
        True if every one of these autocovariances falls to zero within the distance examined. If not, the lengths are
        lower bounds, and the volume is small for its microstructure.
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
    """Return the correlation length of `phase`.

    Parameters
    ----------
    volume, phase, periodic, mask, voxel_size, unit
        As for `napari_swnn.statistics.two_point_correlation`.
    max_distance : int, optional
        Largest distance at which the zero is looked for, in voxels; by default half the shortest side.

    Returns
    -------
    CorrelationLength
        With ``.value`` and ``.by_axis``, the integral up to the first zero, and ``.first_zero`` itself.

    Raises
    ------
    ValueError
        If the phase fills none or all of the volume, or an argument is not of the kind described.

    Notes
    -----
    For an exponential autocovariance the integral is the decay length. On a finite image the autocovariance is measured
    relative to the image's own volume fraction, which moves the zero closer; the smaller the image, the more.

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
    """Return the correlation length of a normalised autocovariance; NaN along an axis that was not sampled.

    Parameters
    ----------
    curve : Curve
        Normalised autocovariance, as `napari_swnn.statistics.normalise_two_point` returns it.
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
    """Return a curve that begins above 0 up to its first zero, found by linear interpolation.

    Without a zero all of it is returned; a value that was not sampled (NaN) ends the curve.
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
