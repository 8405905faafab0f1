"""A statistic as a function of the distance along each axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn.statistics._inputs import check_sampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import FloatArray
    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.statistics._lines import Counts


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A statistic as a function of the distance along each axis.

    Attributes
    ----------
    distance : (n,) float
        Distances in `unit`, from 0 in steps of one voxel.
    by_axis : (ndim, n) float
        The statistic along each axis, in array order; NaN where no position was sampled.
    samples : (ndim, n) int
        Number of positions averaged in each value; neighbouring positions are correlated.
    unit : str
        Unit of the distance.
    """

    distance: FloatArray
    by_axis: FloatArray
    samples: Counts
    unit: str

    @property
    def values(self) -> FloatArray:
        """Mean over the sampled axes, shape ``(n,)``; NaN where no axis was sampled."""
        sampled = self.samples > 0
        return _divide(np.where(sampled, self.by_axis, 0).sum(axis=0), sampled.sum(axis=0))


def curve_of_counts(hits: Counts, trials: Counts, voxel: VoxelSize) -> Curve:
    """Convert counts, shape ``(ndim, n)``, to a curve of probabilities."""
    check_sampled(int(trials[:, 0].sum()))
    return Curve(np.arange(hits.shape[1]) * voxel.value, _divide(hits, trials), trials, voxel.unit)


def pool(curves: Sequence[Curve]) -> Curve:
    """Average the curves of several sections or volumes, weighted by the number of sampled positions.

    Pooled two-point correlations, lineal paths and cluster functions equal those of all parts combined. Do not
    pool autocovariances, which are relative to the volume fraction of each part.

    Parameters
    ----------
    curves : sequence of Curve
        One or more curves of equal dimension, voxel size and unit; all are truncated to the shortest.

    Raises
    ------
    ValueError
        If there are no curves, or they differ in dimension, voxel size or unit.
    """
    if not curves:
        raise ValueError("curves must contain at least one curve, got none")
    n = min(len(curve.distance) for curve in curves)
    first = curves[0]
    for other in curves[1:]:
        _check_same_kind(first, other, n)
    samples = sum((curve.samples[:, :n] for curve in curves), np.zeros((len(first.samples), n), np.int64))
    hits = sum(np.nan_to_num(curve.by_axis[:, :n]) * curve.samples[:, :n] for curve in curves)
    return Curve(first.distance[:n], _divide(np.asarray(hits), samples), samples, first.unit)


def _check_same_kind(first: Curve, other: Curve, n: int) -> None:
    same = len(first.by_axis) == len(other.by_axis) and first.unit == other.unit
    if not (same and np.allclose(first.distance[:n], other.distance[:n])):
        raise ValueError(
            "curves must have equal dimension, voxel size and unit, got "
            f"{_describe(first)} and {_describe(other)}; compute them in the same way before pooling"
        )


def _describe(curve: Curve) -> str:
    step = f"{curve.distance[1]:g} " if len(curve.distance) > 1 else ""
    return f"a {len(curve.by_axis)}-D curve in steps of {step}{curve.unit}"


def _divide(numerator: FloatArray | Counts, denominator: Counts) -> FloatArray:
    """Return the quotient, or NaN where the denominator is 0."""
    missing = np.full(np.shape(numerator), np.nan)
    return np.divide(numerator, denominator, out=missing, where=denominator > 0)
