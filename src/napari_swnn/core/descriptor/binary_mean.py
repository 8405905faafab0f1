"""Mean of a binary field over a section, with the size of an independent sample of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from scipy import fft
from scipy.special import stdtrit

from napari_swnn._types import BoolArray, FloatArray

_WINDOWS = (2, 3, 4)
"""Half-axes of the ellipses over which the autocovariance is summed, in correlation lengths."""
_MOST_SIDE = 512
"""Side of the central part of a section in which the autocovariance is measured, in pixels."""
_MIN_COUNT = 5.0
"""Expected number of independent occurrences below which the normal approximation fails."""


@dataclass(frozen=True, slots=True)
class BinaryMean:
    """Mean of a binary field, such as the indicator of a phase.

    Attributes
    ----------
    value : float
        Mean over the region of interest, in [0, 1].
    n_samples : float
        Effective number of independent samples: the area divided by the integral range.
    """

    value: float
    n_samples: float


def measure_mean(fields: Iterable[tuple[BoolArray, BoolArray]]) -> BinaryMean:
    """Return the mean of a binary field over independent sections.

    Parameters
    ----------
    fields : iterable of pairs of numpy.ndarray
        Field and region of interest of each section, both ``(h, w)``; a section without a pixel inside is left out.

    Notes
    -----
    The variance of a mean over N pixels is φ(1 - φ) A / N, where the integral range A is the sum of the normalised
    autocovariance (Lantuéjoul 1991). It is summed over an ellipse with half-axes of four correlation lengths, because
    lags at which nothing is correlated only add noise. For M lags, the factor N / (N - M) makes up for deviations that
    are relative to the mean of the section itself.
    """
    pairs = [(field, inside, int(inside.sum())) for field, inside in fields if inside.any()]
    total = sum(n for _, _, n in pairs)
    if total == 0:
        return BinaryMean(np.nan, 0.0)
    value = sum(int(np.count_nonzero(field & inside)) for field, inside, _ in pairs) / total
    # Over all sections together, so that a section in which the field is constant is no puzzle.
    area = sum(n * _integral_range(field, inside, value) for field, inside, n in pairs) / total
    return BinaryMean(value, total / area)


def significant_difference(first: BinaryMean, second: BinaryMean, level: float) -> float:
    """Return the largest difference between two means of one material, exceeded with the probability `level`.

    It is infinite if the means rest on too few samples.
    """
    n = first.n_samples, second.n_samples
    if min(n) < 2:
        return float("inf")
    common = (n[0] * first.value + n[1] * second.value) / sum(n)
    if min(common, 1 - common) * min(n) < _MIN_COUNT:
        return float("inf")
    error = sqrt(common * (1 - common) * (1 / n[0] + 1 / n[1]))
    return float(stdtrit(min(n) - 1, 1 - level / 2)) * error


def _integral_range(field: BoolArray, inside: BoolArray, mean: float) -> float:
    """Return the area of an independent sample in pixels, at least 1 and at most that of the region of interest."""
    if not 0 < mean < 1:
        return 1.0
    middle = tuple(slice(max(0, n - _MOST_SIDE) // 2, max(0, n - _MOST_SIDE) // 2 + _MOST_SIDE) for n in inside.shape)
    if inside[middle].any():
        field, inside = field[middle], inside[middle]
    n = int(inside.sum())
    reach = [max(1, extent // 2) for extent in field.shape]
    deviation = np.where(inside, field - np.float32(mean), np.float32(0))
    correlation = _lagged_products(deviation, reach) / (mean * (1 - mean))
    pairs = _count_pairs(inside, reach)
    correlation /= np.maximum(pairs, 1)
    lengths = [_length(correlation[reach[0] :, reach[1]]), _length(correlation[reach[0], reach[1] :])]
    widest = [min(lag, ceil(_WINDOWS[-1] * length)) for lag, length in zip(reach, lengths, strict=True)]
    near = tuple(slice(lag - wide, lag + wide + 1) for lag, wide in zip(reach, widest, strict=True))
    rows, columns = (np.arange(-wide, wide + 1) / length for wide, length in zip(widest, lengths, strict=True))
    distance = np.hypot(rows[:, None], columns)
    largest = 1.0
    for window in _WINDOWS:
        ellipse = (distance <= window) & (pairs[near] > 0.5)
        summed = float(correlation[near][ellipse].sum()) * n / max(1, n - int(ellipse.sum()))
        largest = max(largest, summed)
    return min(largest, float(n))


def _length(line: FloatArray) -> float:
    """Return the integral of a normalised autocovariance up to its first zero."""
    below = np.flatnonzero(line <= 0)
    return max(0.5, float(line[: below[0] if below.size else len(line)].sum()) - 0.5)


def _count_pairs(inside: BoolArray, reach: Sequence[int]) -> FloatArray:
    """Return the number of pairs of pixels within the region of interest at all lags up to `reach`."""
    if inside.all():
        rows, columns = (n - np.abs(np.arange(-lag, lag + 1)) for n, lag in zip(inside.shape, reach, strict=True))
        return np.outer(rows, columns).astype(np.float32)
    return _lagged_products(inside.astype(np.float32), reach)


def _lagged_products(plane: FloatArray, reach: Sequence[int]) -> FloatArray:
    """Return the sums of products at all lags up to `reach`, ``(2 * reach[0] + 1, 2 * reach[1] + 1)``."""
    shape = [fft.next_fast_len(extent + lag, real=True) for extent, lag in zip(plane.shape, reach, strict=True)]
    transformed = fft.rfft2(plane, shape)
    products = fft.irfft2(transformed.real**2 + transformed.imag**2, shape)
    rows, columns = (np.arange(-lag, lag + 1) for lag in reach)
    lagged: FloatArray = products[np.ix_(rows, columns)]
    return lagged
