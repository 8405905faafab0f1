"""What makes the detail of patterns count beside how much of the phase they hold."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import FloatArray

_LEAST_VARIANCE = 1e-4
"""Of the largest: principal components with less count as if they had this much."""


def half_whitening(patterns: FloatArray) -> FloatArray:
    """The matrix that takes half of the differences in spread out of a sample of patterns.

    Most of what tells one pattern from another is how much of the phase it holds: along a direction even on the
    sphere, edges and corners hardly count. Directions multiplied by ``C^(-1/4)``, where ``C`` is the covariance of the
    patterns, lean towards them: fully whitened ones (``C^(-1/2)``) would see all principal components alike, the noise
    of the finest among them.

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
