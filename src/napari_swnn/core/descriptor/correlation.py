"""How far the structure of a reference is correlated."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.core.descriptor.reference import Reference, evenly_thinned


def correlation_length(reference: Reference) -> float:
    """Distance at which the normalised autocovariance of the sections falls below 1/e.

    That of the networks' choice (Eq. 12): `napari_swnn.statistics.correlation_length` is the integral instead.

    Parameters
    ----------
    reference : Reference
        The autocovariance is taken within the region of interest and averaged over axes and sections.

    Returns
    -------
    float
        In pixels, linearly interpolated; at least 1, at most half the longest side.
    """
    longest = max(max(section.image.shape) for section in reference.sections) // 2
    porosity = np.float32(reference.porosity)
    pairs, products = np.zeros(longest + 1), np.zeros(longest + 1)
    for section in evenly_thinned([section for section in reference.sections if section.inside.any()]):
        for axis in (0, 1):
            inside = np.moveaxis(section.inside, axis, 1).astype(np.float32)
            deviation = inside * (np.moveaxis(section.image, axis, 1) - porosity)
            n = min(longest, inside.shape[1] - 1) + 1
            pairs[:n] += _lagged_products(inside)[:n]
            products[:n] += _lagged_products(deviation)[:n]
    covariance = products / np.maximum(pairs, 1)
    return float(max(1.0, _first_crossing(covariance / covariance[0], np.exp(-1.0))))


def _lagged_products(lines: FloatArray) -> FloatArray:
    """Sum over lines of the products of entries a lag apart, for every lag (Wiener-Khinchin)."""
    n = lines.shape[1]
    power = np.abs(np.fft.rfft(lines, n=2 * n, axis=1)) ** 2
    products: FloatArray = np.fft.irfft(power.sum(axis=0), n=2 * n)[:n]
    return products


def _first_crossing(curve: FloatArray, level: float) -> float:
    below = np.flatnonzero(curve < level)
    if below.size == 0:
        return float(len(curve) - 1)
    i = int(below[0])
    return float(i - 1 + (curve[i - 1] - level) / (curve[i - 1] - curve[i]))
