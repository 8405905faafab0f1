"""Partial whitening: directions weighted towards the fine detail of patterns."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import FloatArray

_LEAST_VARIANCE = 1e-4
"""Minimum variance of a principal component, relative to the largest."""


def half_whitening(patterns: FloatArray) -> FloatArray:
    """Return the matrix that removes half of the differences in variance from a sample of patterns.

    Patterns differ mostly in their amount of the phase: along a direction uniform on the sphere, edges and corners
    hardly count. Multiplication by ``C^(-1/4)``, where ``C`` is the covariance of the patterns, weights directions
    towards them; fully whitened directions (``C^(-1/2)``) would weight all principal components alike, including the
    noise of the finest.

    Parameters
    ----------
    patterns : numpy.ndarray
        ``(n, phases, t, t)``.

    Returns
    -------
    numpy.ndarray
        ``(d, d)`` float32, symmetric, with ``d = phases * t * t``.
    """
    covariance = np.atleast_2d(np.cov(patterns.reshape(len(patterns), -1), rowvar=False, dtype=np.float64))
    variances, components = np.linalg.eigh(covariance)
    largest = variances[-1]
    if not largest > 0:  # all patterns are the same: nothing to whiten
        return np.eye(len(covariance), dtype=np.float32)
    scaled = components * np.maximum(variances, _LEAST_VARIANCE * largest) ** -0.25
    whitening: FloatArray = (scaled @ components.T).astype(np.float32)
    return whitening
