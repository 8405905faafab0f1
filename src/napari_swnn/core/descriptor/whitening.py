"""Partial whitening: directions weighted towards the fine detail of patterns."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import FloatArray

_LEAST_VARIANCE = 1e-4
"""Minimum variance of a principal component, relative to the largest."""
_NO_VARIANCE = 1e-9
"""Variance of a principal component, relative to the largest, that is due to rounding alone."""


def half_whitening(patterns: FloatArray) -> FloatArray:
    """Return the half-whitening matrix ``C^(-1/4)``, where ``C`` is the covariance of the patterns.

    Patterns differ mostly in their volume fraction: projected on uniformly random directions, edges and corners hardly
    contribute. Multiplying directions by ``C^(-1/4)`` weights them towards edges and corners. Full whitening
    (``C^(-1/2)``) would weight all principal components equally, including the noise in the finest ones.

    The channels of several phases sum to 1 in each pixel, so patterns do not differ at all along some directions. These
    directions get no weight: generated patterns do not differ along them either.

    Parameters
    ----------
    patterns : numpy.ndarray
        ``(n, c, t, t)``.

    Returns
    -------
    numpy.ndarray
        ``(d, d)`` float32, symmetric, with ``d = c * t * t``.
    """
    covariance = np.atleast_2d(np.cov(patterns.reshape(len(patterns), -1), rowvar=False, dtype=np.float64))
    variances, components = np.linalg.eigh(covariance)
    largest = variances[-1]
    if not largest > 0:  # all patterns are identical: nothing to whiten
        return np.eye(len(covariance), dtype=np.float32)
    gains = np.maximum(variances, _LEAST_VARIANCE * largest) ** -0.25
    if patterns.shape[1] > 1:
        gains[variances < _NO_VARIANCE * largest] = 0
    scaled = components * gains
    whitening: FloatArray = (scaled @ components.T).astype(np.float32)
    return whitening
