"""Correlation lengths of sections along single axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft

from napari_swnn._types import BoolArray, FloatArray
from napari_swnn.core.descriptor.autocovariance import first_crossing


def length_along(fields: Sequence[tuple[BoolArray, BoolArray]], axis: int) -> float:
    """Return the distance along an axis at which the normalised autocovariance of a phase falls below 1/e.

    Parameters
    ----------
    fields : sequence of pairs of numpy.ndarray
        Indicator of the phase and region of interest of each section, both ``(h, w)``.
    axis : int
        Axis of the arrays, 0 or 1.

    Returns
    -------
    float
        Length in pixels, linearly interpolated; at most half the longest extent along the axis. NaN if the phase is
        absent or fills the whole region of interest.
    """
    total = sum(int(np.count_nonzero(inside)) for _, inside in fields)
    filled = sum(int(np.count_nonzero(image & inside)) for image, inside in fields)
    if not 0 < filled < total:
        return float("nan")
    reach = max(inside.shape[axis] for _, inside in fields) // 2
    products = np.zeros(reach + 1)
    pairs = np.zeros(reach + 1)
    for image, inside in fields:
        products += _products_along(np.where(inside, image - filled / total, 0.0), axis, reach)
        pairs += _products_along(inside.astype(np.float64), axis, reach)
    covariance = products / np.maximum(pairs, 1)
    return first_crossing(covariance / covariance[0], np.exp(-1.0))


def _products_along(plane: FloatArray, axis: int, reach: int) -> FloatArray:
    """Return the sum of the products of values at each lag along an axis, up to `reach`."""
    lines = np.moveaxis(plane, axis, -1)
    n = fft.next_fast_len(lines.shape[-1] + reach, real=True)  # zero padding prevents wrap-around
    power = (np.abs(fft.rfft(lines, n)) ** 2).sum(0)
    products: FloatArray = fft.irfft(power, n)[: reach + 1]
    return products
