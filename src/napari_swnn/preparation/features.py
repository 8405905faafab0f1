"""Features of pixels at several scales, from which a random forest learns the phases."""

from __future__ import annotations

from itertools import combinations
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCALES = (0.7, 1.4, 2.8, 5.6, 11.2)
"""Standard deviations of the Gaussians in pixels."""

_TRUNCATE = 3.0
_PER_SCALE = 6


def n_features(scales: tuple[float, ...] = SCALES) -> int:
    """Return the number of features of a pixel."""
    return 1 + _PER_SCALE * len(scales) + len(scales) * (len(scales) - 1) // 2


def feature_margin(scales: tuple[float, ...] = SCALES) -> int:
    """Return the distance in pixels over which a pixel of the image influences the features."""
    return 2 * ceil(_TRUNCATE * max(scales)) + 3


def pixel_features(grey: NDArray[np.float32], scales: tuple[float, ...] = SCALES) -> NDArray[np.float32]:
    """Return the features of all pixels.

    At each scale: the Gaussian mean and the difference from it, the gradient magnitude, the two eigenvalues of the
    Hessian matrix (their sum is the Laplacian), and the local standard deviation. The derivatives are multiplied by
    powers of the scale, so that they do not fade. The differences of the means of all pairs of scales follow; they do
    not depend on uneven brightness, and split what single means cannot.

    Parameters
    ----------
    grey : (y, x) array of float32
        Grey values.
    scales : tuple of float
        Standard deviations of the Gaussians in pixels.

    Returns
    -------
    (y, x, n) array of float32
        Grey value, the features of each scale, and the differences between scales.
    """
    features = np.empty((*grey.shape, n_features(scales)), np.float32)
    features[..., 0] = grey
    position = 1
    means = []
    for scale in scales:
        found = _features_at(grey, scale)
        means.append(found[0])
        for values in found:
            features[..., position] = values
            position += 1
    for fine, coarse in combinations(means, 2):
        np.subtract(fine, coarse, out=features[..., position])
        position += 1
    return features


def _features_at(grey: NDArray[np.float32], scale: float) -> list[NDArray[np.float32]]:
    mean = _gaussian(grey, scale)
    gy, gx = (g * np.float32(scale) for g in np.gradient(mean))
    (gyy, gyx), (_, gxx) = (np.gradient(g) for g in (gy, gx))
    low, high = _eigenvalues(gyy * np.float32(scale), gyx * np.float32(scale), gxx * np.float32(scale))
    difference = grey - mean
    deviation = np.sqrt(np.maximum(0, _gaussian(difference**2, scale)))
    return [mean, difference, np.hypot(gy, gx), low, high, deviation]


def _gaussian(values: Any, scale: float) -> NDArray[np.float32]:
    from scipy import ndimage

    smooth: NDArray[np.float32] = ndimage.gaussian_filter(values, scale, truncate=_TRUNCATE)
    return smooth


def _eigenvalues(yy: NDArray[Any], yx: NDArray[Any], xx: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the lower and the higher eigenvalue of symmetric 2 × 2 matrices."""
    mean = (yy + xx) / 2
    half = np.hypot((yy - xx) / 2, yx)
    return mean - half, mean + half
