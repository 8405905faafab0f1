"""Averages over the arrays of a sample, whose axes may lie along different axes of the material."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_swnn.statistics import Curve, pool
from napari_swnn.validation._samples import Numbers, Sample


def pool_curves(curves: Sequence[Curve], sample: Sample) -> Curve:
    """Pool the curves of the arrays of a sample, each along the axes of the material on which it lies."""
    if sample.axes is None:
        return pool(curves)
    n = min(len(curve.distance) for curve in curves)
    values = sample.spread(np.array([curve.by_axis[:, :n] for curve in curves]))
    samples = sample.spread(np.array([curve.samples[:, :n] for curve in curves]))
    return pool([Curve(curves[0].distance[:n], *rows, curves[0].unit) for rows in zip(values, samples, strict=True)])


def average_by_axis(values: Sequence[Any], sample: Sample) -> Numbers:
    """Return the mean of values along the axes of the arrays of a sample, weighted by their sizes."""
    sizes = sample.spread(np.repeat(sample.sizes[:, None], sample.ndim, axis=1))
    return average(sample.spread(np.array(values)), sizes)


def average(values: Numbers, weights: Numbers) -> Numbers:
    """Return the weighted mean over the first axis; NaN where the weights are 0."""
    total = np.sum(weights, axis=0)
    known: Numbers = np.where(total > 0, np.sum(values * weights, axis=0) / np.maximum(total, 1), np.nan)
    return known
