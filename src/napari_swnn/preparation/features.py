"""Features of pixels at several scales, from which a random forest learns the phases."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCALES = (1.0, 2.0, 4.0, 8.0)
"""Standard deviations of the Gaussians in pixels."""

_TRUNCATE = 3.0
_PER_SCALE = 6


def n_features(scales: tuple[float, ...] = SCALES) -> int:
    """Return the number of features of a pixel."""
    return 1 + _PER_SCALE * len(scales)


def feature_margin(scales: tuple[float, ...] = SCALES) -> int:
    """Return the distance in pixels over which a pixel of the image influences the features."""
    return 2 * ceil(_TRUNCATE * max(scales)) + 3


def pixel_features(grey: NDArray[np.float32], scales: tuple[float, ...] = SCALES) -> NDArray[np.float32]:
    """Return the features of all pixels.

    At each scale: the Gaussian mean, the gradient magnitude, the two eigenvalues of the Hessian matrix (their sum is
    the Laplacian), the local standard deviation, and the anisotropy of the structure tensor. The derivatives are
    multiplied by powers of the scale, so that they do not fade.

    Parameters
    ----------
    grey : (y, x) array of float32
        Grey values.
    scales : tuple of float
        Standard deviations of the Gaussians in pixels.

    Returns
    -------
    (y, x, n) array of float32
        Grey value, and the features of each scale.
    """
    features = np.empty((*grey.shape, n_features(scales)), np.float32)
    features[..., 0] = grey
    for index, scale in enumerate(scales):
        first = 1 + _PER_SCALE * index
        for offset, values in enumerate(_features_at(grey, scale)):
            features[..., first + offset] = values
    return features


def _features_at(grey: NDArray[np.float32], scale: float) -> list[NDArray[np.float32]]:
    mean = _gaussian(grey, scale)
    gy, gx = (g * np.float32(scale) for g in np.gradient(mean))
    (gyy, gyx), (_, gxx) = (np.gradient(g) for g in (gy, gx))
    low, high = _eigenvalues(gyy * np.float32(scale), gyx * np.float32(scale), gxx * np.float32(scale))
    deviation = np.sqrt(np.maximum(0, _gaussian((grey - mean) ** 2, scale)))
    tensor = _eigenvalues(*(_gaussian(product, scale) for product in (gy * gy, gy * gx, gx * gx)))
    anisotropy = np.sqrt(np.maximum(0, tensor[1])) - np.sqrt(np.maximum(0, tensor[0]))
    return [mean, np.hypot(gy, gx), low, high, deviation, anisotropy]


def _gaussian(values: Any, scale: float) -> NDArray[np.float32]:
    from scipy import ndimage

    smooth: NDArray[np.float32] = ndimage.gaussian_filter(values, scale, truncate=_TRUNCATE)
    return smooth


def _eigenvalues(yy: NDArray[Any], yx: NDArray[Any], xx: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the lower and the higher eigenvalue of symmetric 2 × 2 matrices."""
    mean = (yy + xx) / 2
    half = np.hypot((yy - xx) / 2, yx)
    return mean - half, mean + half
