"""Thresholds found from a histogram: Otsu, multi-Otsu and Li."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.preparation.histogram import Histogram

_MULTI_OTSU_BINS = 256
_LI_ITERATIONS = 1000


def otsu(histogram: Histogram, n_phases: int) -> tuple[float, ...]:
    """Return the levels that maximise the variance between classes (Otsu 1979; Liao, Chen and Chung 2001).

    Each level is the highest grey value of the class below it. The best division of the bins is found by dynamic
    programming, so that the time does not grow exponentially with the number of classes.

    Parameters
    ----------
    histogram : Histogram
        Histogram with at least `n_phases` occupied bins.
    n_phases : int
        Number of classes.
    """
    if n_phases > 2:
        histogram = histogram.merged(_MULTI_OTSU_BINS)
    counts = np.append(0, np.cumsum(histogram.counts, dtype=np.float64))
    sums = np.append(0, np.cumsum(histogram.counts * (histogram.centres - histogram.centres[0])))
    if n_phases == 2:
        below = _gain(counts[1:-1], sums[1:-1])
        above = _gain(counts[-1] - counts[1:-1], sums[-1] - sums[1:-1])
        return (float(histogram.centres[int(np.argmax(below + above))]),)
    return tuple(float(histogram.centres[i]) for i in _best_division(counts, sums, n_phases))


def _gain(count: FloatArray, total: FloatArray) -> FloatArray:
    """Return the contribution of a class to the variance between classes, up to constants."""
    gain: FloatArray = np.where(count > 0, total**2 / np.maximum(count, 1), 0.0)
    return gain


def _best_division(counts: FloatArray, sums: FloatArray, n_classes: int) -> list[int]:
    """Return the last bin of each class but the highest."""
    n = len(counts) - 1
    # gains[i, j] is the gain of a class of the bins i to j - 1.
    gains = _gain(counts[None] - counts[:, None], sums[None] - sums[:, None])
    gains[np.tril_indices(n + 1)] = -np.inf  # no class is empty of bins
    best = gains[0]
    starts = []
    for _ in range(n_classes - 1):
        totals = best[:, None] + gains
        starts.append(np.argmax(totals, axis=0))
        best = totals.max(axis=0)
    ends = []
    end = n
    for start in reversed(starts):
        end = int(start[end])
        ends.append(end - 1)
    return ends[::-1]


def li(histogram: Histogram) -> float:
    """Return the level of minimum cross-entropy (Li and Tam 1998)."""
    values = histogram.centres - histogram.centres[0]
    step = values[1] - values[0]
    level = float(np.average(values, weights=histogram.counts))
    for _ in range(_LI_ITERATIONS):
        above = values > level
        mean_above = np.average(values[above], weights=histogram.counts[above])
        mean_below = np.average(values[~above], weights=histogram.counts[~above])
        # A dark class that is exactly zero has no logarithm; skimage starts the next level from there, too.
        mean_below = max(mean_below, 1e-12 * mean_above)
        following = float((mean_above - mean_below) / (np.log(mean_above) - np.log(mean_below)))
        if abs(following - level) < 1e-3 * step:
            break
        level = following
    return float(level + histogram.centres[0])
