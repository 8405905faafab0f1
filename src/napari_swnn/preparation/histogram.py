"""Histogram of the grey values of a whole image, and the thresholds that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray
from napari_swnn.preparation._tiles import iter_slabs

N_BINS = 1024
"""Number of bins for values that are not whole numbers."""
_MAX_WHOLE_BINS = 1 << 16


@dataclass(frozen=True, eq=False)
class Histogram:
    """Histogram of grey values.

    Attributes
    ----------
    counts : (n,) int
        Number of pixels in each bin.
    centres : (n,) float
        Grey value at the centre of each bin; the bins are equally wide.
    """

    counts: NDArray[np.int64]
    centres: FloatArray

    def merged(self, n_bins: int) -> Histogram:
        """Return the histogram with at most `n_bins` bins; adjacent bins are added."""
        group = -(-len(self.counts) // n_bins)
        starts = np.arange(0, len(self.counts), group)
        counts = np.add.reduceat(self.counts, starts)
        width = self.centres[1] - self.centres[0] if len(self.centres) > 1 else 0.0
        return Histogram(counts, self.centres[starts] + width * (group - 1) / 2)


def grey_histogram(values: Any) -> Histogram:
    """Return the histogram of all sections.

    Whole numbers that span fewer than 65536 values have a bin each, as an 8-bit or 16-bit image has; other values are
    sorted into 1024 bins between the lowest and the highest value.

    Parameters
    ----------
    values : (y, x) or (z, y, x) array, numpy or dask
        Grey values.
    """
    low, high, whole = _span(values)
    if whole and high - low < _MAX_WHOLE_BINS:
        centres = np.arange(low, high + 1)
    else:
        width = (high - low) / N_BINS
        centres = low + width * (np.arange(N_BINS) + 0.5)
    counts = np.zeros(len(centres), np.int64)
    width = centres[1] - centres[0] if len(centres) > 1 else 1.0
    first = centres[0] - width / 2
    for slab in iter_slabs(values):
        bins = ((slab.astype(np.float64) - first) / width).astype(np.int64)
        counts += np.bincount(np.clip(bins, 0, len(counts) - 1).ravel(), minlength=len(counts))
    return Histogram(counts, centres)


def _span(values: Any) -> tuple[float, float, bool]:
    low = np.inf
    high = -np.inf
    whole = True
    for slab in iter_slabs(values):
        low = min(low, float(slab.min()))
        high = max(high, float(slab.max()))
        whole = whole and bool((slab == np.rint(slab)).all())
    return low, high, whole
