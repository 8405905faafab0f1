"""Correlation length: how far the memory of a microstructure reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_choice
from napari_swnn.statistics._inputs import check_max_distance, check_volume
from napari_swnn.statistics.two_point import autocovariance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CorrelationLength:
    """Correlation length of a phase.

    Attributes
    ----------
    value : float
        Of the autocovariance averaged over the axes, in `unit`.
    by_axis : (ndim,) float
        Of the autocovariance along each axis, in `unit`.
    definition : str
        ``"integral"`` or ``"first_zero"``.
    reached_zero : bool
        Whether every one of these autocovariances fell to zero within the distance looked at. If not, the length is a
        lower bound, and the volume is small for its microstructure.
    unit : str
        Unit of the length.
    """

    value: float
    by_axis: FloatArray
    definition: str
    reached_zero: bool
    unit: str


def correlation_length(
    volume: Any,
    *,
    phase: int = 1,
    definition: str = "integral",
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
    definition : {"integral", "first_zero"}
        The integral of the normalised autocovariance from 0 to its first zero, by the trapezoidal rule; or the place of
        that zero, between voxels by linear interpolation.
    max_distance : int, optional
        How far to look for the zero, in voxels; by default half the shortest side.

    Returns
    -------
    CorrelationLength
        With ``.value`` and ``.by_axis``.

    Raises
    ------
    ValueError
        If the phase fills nothing or all of the volume, or an argument is not what it should be.

    Notes
    -----
    For an exponential autocovariance the integral is the decay length. On a finite image the autocovariance is measured
    against the image's own volume fraction, which brings the zero closer; the shorter the image, the more.
    """
    check_choice(definition, ["integral", "first_zero"], name="definition")
    shape = check_volume(volume).shape
    curve = autocovariance(
        volume,
        phase=phase,
        max_distance=check_max_distance(max_distance, shape, default=max(shape)),
        periodic=periodic,
        mask=mask,
        normalised=True,
        voxel_size=voxel_size,
        unit=unit,
    )
    cut = [cut_at_first_zero(curve.distance, values) for values in (curve.values, *curve.by_axis)]
    lengths = [np.trapezoid(y, x) if definition == "integral" else x[-1] for x, y in cut]
    reached = all(y[-1] == 0 for _, y in cut)
    return CorrelationLength(float(lengths[0]), np.array(lengths[1:]), definition, reached, unit)


def cut_at_first_zero(distance: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a curve that begins above 0 up to its first zero, found by linear interpolation.

    Without a zero all of it is returned; a value that was not sampled (NaN) ends the curve.
    """
    below = np.flatnonzero(~(values > 0))
    if len(below) == 0:
        return distance, values
    i = int(below[0])
    if np.isnan(values[i]):
        return distance[:i], values[:i]
    share = values[i - 1] / (values[i - 1] - values[i])
    zero = distance[i - 1] + share * (distance[i] - distance[i - 1])
    return np.append(distance[:i], zero), np.append(values[:i], 0.0)
