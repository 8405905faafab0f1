"""How pixels a lag apart vary together, for lags in all directions of a plane (Wiener-Khinchin)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import BoolArray, FloatArray
from napari_swnn.core.descriptor.patterns import block_averages, windows_inside
from napari_swnn.core.descriptor.reference import Section


def reference_autocovariance(sections: Iterable[Section], mean: float, reach: int, *, scale: int = 1) -> FloatArray:
    """Autocovariance of sections within their regions of interest, seen at a coarser scale.

    Parameters
    ----------
    sections : iterable of Section
        Pairs of blocks count where both lie wholly inside.
    mean : float
        Of the phase of interest; deviations are taken from it.
    reach : int
        Largest lag along each axis, in blocks.
    scale : int
        Side of a block, in pixels. All positions serve, as for patterns.

    Returns
    -------
    numpy.ndarray
        ``(reach + 1, reach + 1)`` float32. Entry ``[i, j]`` is the mean of lags ``(i, j)`` and ``(i, -j)``: which way
        a structure slants is left to the patterns.

    Raises
    ------
    ValueError
        If some lag has no pair.
    """
    pairs, products = np.zeros((2, reach + 1, reach + 1))
    for section in sections:
        inside = windows_inside(section.inside, scale)
        deviation = inside * (block_averages(section.image.astype(np.float32), scale) - np.float32(mean))
        pairs += _products(inside, reach, scale)
        products += _products(deviation, reach, scale)
    if pairs.min() < 0.5:
        raise ValueError(f"reach must be shorter than the region of interest, got {reach} blocks of {scale} pixels")
    autocovariance: FloatArray = (products / pairs).astype(np.float32)
    return autocovariance


def _products(plane: FloatArray | BoolArray, reach: int, scale: int) -> FloatArray:
    longest = reach * scale
    values = torch.from_numpy(np.ascontiguousarray(plane, np.float64))[None]
    products: FloatArray = _lagged_products(values, longest)[::scale, ::scale].numpy()
    return products


def chance_deviation(autocorrelation: FloatArray, n: float) -> float:
    """How far an autocorrelation is off by chance, at lags beyond which it has died out (Bartlett 1946).

    Parameters
    ----------
    autocorrelation : numpy.ndarray
        ``(reach + 1, reach + 1)``, laid out as by `reference_autocovariance`, 1 at lag 0.
    n : float
        Number of entries of the planes it was taken from.

    Returns
    -------
    float
        Standard deviation over planes of that size.
    """
    lags = _either_way(len(autocorrelation))
    return float(np.sqrt(np.sum(np.outer(lags, lags) * autocorrelation**2) / n))


def beyond_chance(autocorrelation: FloatArray, n: float) -> FloatArray:
    """An autocorrelation whose rings of lags add up to no more than its planes are large enough to tell.

    By the sum of all lags large volumes scatter in porosity, and in a small section most of it is chance. So the mean
    of lags about equally far is shrunk: where they are no larger, in the mean square, than chance makes them, to 0;
    where their mean square is `z` times as much, to ``1 - 1/z`` of it (an empirical Wiener filter). By what the lags of
    a ring differ is left as it is.

    Parameters
    ----------
    autocorrelation : numpy.ndarray
        ``(reach + 1, reach + 1)``, laid out as by `reference_autocovariance`, 1 at lag 0.
    n : float
        Number of entries of the planes it was taken from.

    Returns
    -------
    numpy.ndarray
        As laid out before, 1 at lag 0.
    """
    lags = np.arange(len(autocorrelation))
    ring = np.rint(np.hypot(*np.meshgrid(lags, lags))).astype(int)
    # Off the axes an entry is the mean of two lags: it counts twice, and its variance is half of that on an axis.
    counts = np.outer(lags > 0, lags > 0) + 1

    def over_ring(values: FloatArray) -> FloatArray:
        means: FloatArray = np.bincount(ring.ravel(), values.ravel()) / np.bincount(ring.ravel(), counts.ravel())
        return means

    by_chance = over_ring(np.full(ring.shape, chance_deviation(autocorrelation, n) ** 2))
    seen = over_ring(counts * autocorrelation**2)
    lost = np.minimum(1, by_chance / np.maximum(seen, np.finfo(float).tiny))
    lost[0] = 0
    shrunk: FloatArray = autocorrelation - (lost * over_ring(counts * autocorrelation))[ring].astype(np.float32)
    return shrunk


def box_weights(side: int) -> FloatArray:
    """Weights with which an autocovariance adds up to the variance of averages over boxes.

    Parameters
    ----------
    side : int
        Of a box, in entries of the plane; lags up to ``side - 1`` count.

    Returns
    -------
    numpy.ndarray
        ``(side, side)`` float32, to be multiplied with what `autocovariance` gives.
    """
    pairs = _either_way(side) * (side - np.arange(side))  # of rows of a box that are so far apart
    weights: FloatArray = (np.outer(pairs, pairs) / side**4).astype(np.float32)
    return weights


def _either_way(n: int) -> np.ndarray:
    """How many lags along an axis each of the first `n` stands for: itself and its negative."""
    counts: np.ndarray = np.where(np.arange(n) > 0, 2, 1)
    return counts


def autocovariance(deviations: Tensor, reach: int) -> Tensor:
    """Autocovariance of planes, taken together; differentiable.

    Parameters
    ----------
    deviations : torch.Tensor
        ``(n, h, w)`` deviations from the mean that is expected, which need not be that of these planes.
    reach : int
        Largest lag along each axis, less than `h` and `w`.

    Returns
    -------
    torch.Tensor
        ``(reach + 1, reach + 1)``, as for `reference_autocovariance`.
    """
    n, h, w = deviations.shape
    lags = torch.arange(reach + 1, device=deviations.device)
    pairs = 2 * n * (h - lags)[:, None] * (w - lags)
    return _lagged_products(deviations, reach) / pairs


def _lagged_products(planes: Tensor, reach: int) -> Tensor:
    """Sum over planes of the products of entries ``(i, j)`` apart and of those ``(i, -j)`` apart, up to `reach`."""
    padded = [extent + reach for extent in planes.shape[1:]]  # so that no lag meets the other end
    transformed = torch.fft.rfft2(planes, s=padded)
    power = (transformed.real**2 + transformed.imag**2).sum(0)
    products = torch.fft.irfft2(power, s=padded)[: reach + 1]
    rising = products[:, : reach + 1]
    falling = torch.cat([products[:, :1], products[:, products.shape[1] - reach :].flip(1)], dim=1)
    total: Tensor = rising + falling
    return total
