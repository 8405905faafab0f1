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
        Number of positions that each value averages; neighbouring positions are correlated.
    unit : str
        Unit of the distance.
    """

    distance: FloatArray
    by_axis: FloatArray
    samples: Counts
    unit: str

    @property
    def values(self) -> FloatArray:
        """Mean over the axes that were sampled, shape ``(n,)``; NaN where none was."""
        sampled = self.samples > 0
        return _divide(np.where(sampled, self.by_axis, 0).sum(axis=0), sampled.sum(axis=0))


def curve_of_counts(hits: Counts, trials: Counts, voxel: VoxelSize) -> Curve:
    """Turn counts, shape ``(ndim, n)``, into a curve of probabilities."""
    check_sampled(int(trials[:, 0].sum()))
    return Curve(np.arange(hits.shape[1]) * voxel.value, _divide(hits, trials), trials, voxel.unit)


def pool(curves: Sequence[Curve]) -> Curve:
    """Average curves of several sections or volumes, each weighted by the number of positions it sampled.

    Pooled two-point correlations, lineal paths and cluster functions are those of all parts together. Pool these, not
    autocovariances, which are relative to the volume fraction of each part.

    Parameters
    ----------
    curves : sequence of Curve
        At least one curve, all of equal dimension, voxel size and unit; longer ones are cut to the shortest.

    Raises
    ------
    ValueError
        If there is no curve, or they differ in dimension, voxel size or unit.
    """
    if not curves:
        raise ValueError("curves must hold at least one curve, got none")
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
            f"{_describe(first)} and {_describe(other)}; compute them alike before pooling"
        )


def _describe(curve: Curve) -> str:
    step = f"{curve.distance[1]:g} " if len(curve.distance) > 1 else ""
    return f"a {len(curve.by_axis)}-D curve in steps of {step}{curve.unit}"


def _divide(numerator: FloatArray | Counts, denominator: Counts) -> FloatArray:
    """Divide; NaN where the denominator is 0."""
    missing = np.full(np.shape(numerator), np.nan)
    return np.divide(numerator, denominator, out=missing, where=denominator > 0)
