"""Autocovariance of sections for in-plane lags in all directions (Wiener-Khinchin), and the correlation length."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import BoolArray, FloatArray
from napari_swnn.core.descriptor.axis_lengths import first_crossing
from napari_swnn.core.descriptor.patterns import block_averages, windows_inside
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.section import Section, thin_evenly


def correlation_length(reference: Reference) -> float:
    """Return the distance at which the normalised autocovariance of the sections falls below 1/e.

    With more than two phases, the autocovariances of all phases are added, which weights each phase by its variance.
    The length determines the architecture (Eq. 12). `napari_swnn.statistics.correlation_length` returns the integral
    length instead.

    Parameters
    ----------
    reference : Reference
        Reference; the autocovariance is computed within the region of interest and averaged over axes and sections.

    Returns
    -------
    float
        Length in pixels, linearly interpolated; at least 1 and at most half the longest side.
    """
    longest = max(max(section.image.shape) for section in reference.sections) // 2
    sections = thin_evenly([section for section in reference.sections if section.inside.any()])
    sums = [_sum_products(sections, mean, longest, channel=channel) for channel, mean in enumerate(reference.means)]
    pairs = sums[0][0]
    products = np.sum([products for _, products in sums], axis=0)
    along_axes = (products[0, 0] + products[0, :, 0]) / np.maximum(pairs[0, 0] + pairs[0, :, 0], 1)
    return max(1.0, first_crossing(along_axes / along_axes[0], np.exp(-1.0)))


def reference_autocovariance(sections: Iterable[Section], mean: float, reach: int, *, scale: int = 1) -> FloatArray:
    """Return the autocovariance of block-averaged sections within their regions of interest.

    Parameters
    ----------
    sections : iterable of Section
        Sections; a pair of blocks counts if both lie entirely inside the region of interest.
    mean : float
        Volume fraction of the phase of interest, subtracted before multiplication.
    reach : int
        Largest lag along each axis, in blocks.
    scale : int
        Side of a block, in pixels. Blocks start at every pixel, as for patterns.

    Returns
    -------
    numpy.ndarray
        ``(2, reach + 1, reach + 1)`` float32. Entry ``[0, i, j]`` is that at a lag of ``(i, j)``, entry ``[1, i, j]``
        that at ``(i, -j)``: they differ where a structure slants.

    Raises
    ------
    ValueError
        If any lag has no pair of blocks.
    """
    pairs, products = _sum_products(sections, mean, reach, scale=scale)
    if pairs.min() < 0.5:
        raise ValueError(f"reach must be shorter than the region of interest, got {reach} blocks of {scale} pixels")
    autocovariance: FloatArray = (products / pairs).astype(np.float32)
    return autocovariance


def _sum_products(
    sections: Iterable[Section], mean: float, reach: int, *, scale: int = 1, channel: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return the number of block pairs and the sum of the products of their deviations, for each lag."""
    pairs = np.zeros((2, reach + 1, reach + 1))
    products = np.zeros((2, reach + 1, reach + 1))
    for section in sections:
        inside = windows_inside(section.inside, scale)
        deviation = inside * (block_averages(section.indicator(channel).astype(np.float32), scale) - np.float32(mean))
        pairs += _products(inside, reach, scale)
        products += _products(deviation, reach, scale)
    return pairs, products


def _products(plane: FloatArray | BoolArray, reach: int, scale: int) -> FloatArray:
    values = torch.from_numpy(np.ascontiguousarray(plane, np.float64))[None]
    products: FloatArray = _lagged_products(values, reach * scale)[:, ::scale, ::scale].numpy()
    return products


def sampling_noise(autocorrelation: FloatArray, n: float) -> float:
    """Return the sampling noise of an autocorrelation at large lags, where it has decayed (Bartlett 1946).

    Parameters
    ----------
    autocorrelation : numpy.ndarray
        ``(2, reach + 1, reach + 1)``, in the layout of `reference_autocovariance`, 1 at lag 0.
    n : float
        Total number of entries in the planes on which it was measured.

    Returns
    -------
    float
        Standard deviation between samples of `n` entries.
    """
    return float(np.sqrt(np.sum(_count_lags(autocorrelation.shape[-1]) * autocorrelation**2) / n))


def shrink_slant(autocorrelation: FloatArray, n: float) -> FloatArray:
    """Shrink the differences between lags ``(i, j)`` and ``(i, -j)`` to their statistically significant part.

    In a finite section of a material that does not slant, these differ by sampling noise. Half their difference is
    therefore multiplied by ``1 - 1/z`` if its mean square is `z` times that of the noise, and by 0 if it does not
    exceed the noise (an empirical Wiener filter).

    Parameters
    ----------
    autocorrelation : numpy.ndarray
        ``(2, reach + 1, reach + 1)``, in the layout of `reference_autocovariance`, 1 at lag 0.
    n : float
        Total number of entries in the planes on which it was measured.

    Returns
    -------
    numpy.ndarray
        ``(2, reach + 1, reach + 1)``.
    """
    mean, slant = _split(autocorrelation)
    # Half the difference of two lags has half the variance of one. It is 0 on the axes.
    power = float(np.mean(slant[1:, 1:] ** 2))
    noise_power = sampling_noise(autocorrelation, n) ** 2 / 2
    share = 1 - noise_power / power if power > noise_power else 0.0
    shrunk: FloatArray = np.stack([mean + share * slant, mean - share * slant]).astype(np.float32)
    return shrunk


def _split(autocorrelation: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean over lags ``(i, j)`` and ``(i, -j)``, and half their difference."""
    rising, falling = autocorrelation
    return (rising + falling) / 2, (rising - falling) / 2


def shrink_noise(autocorrelation: FloatArray, n: float) -> FloatArray:
    """Shrink an autocorrelation to its statistically significant part, one ring of lags at a time.

    The variance of the porosity is a sum over all lags, which sampling noise dominates in a small section. The mean of
    each ring of lags of similar length is therefore shrunk: to 0 if its mean square does not exceed the sampling noise,
    and by a factor ``1 - 1/z`` if its mean square is `z` times the noise (an empirical Wiener filter). Differences
    within a ring are preserved.

    Parameters
    ----------
    autocorrelation, n
        As for `shrink_slant`.

    Returns
    -------
    numpy.ndarray
        ``(2, reach + 1, reach + 1)``, 1 at lag 0.
    """
    mean, slant = _split(autocorrelation)
    lags = np.arange(len(mean))
    ring = np.rint(np.hypot(*np.meshgrid(lags, lags))).astype(int)
    # An off-axis entry is the mean of two lags: it counts twice and has half the variance of an entry on an axis.
    counts = np.outer(lags > 0, lags > 0) + 1

    def ring_means(values: FloatArray) -> FloatArray:
        """Return the mean over the lags of each ring, for values already summed over the lags of each entry."""
        means: FloatArray = np.bincount(ring.ravel(), values.ravel()) / np.bincount(ring.ravel(), counts.ravel())
        return means

    # Power expected from sampling noise alone: each entry contributes one variance, whether it represents one lag or
    # the mean of two.
    noise_power = ring_means(np.full(ring.shape, sampling_noise(autocorrelation, n) ** 2))
    power = ring_means(counts * mean**2)
    # Wiener filter: reduce the mean of each ring by the noise share of its power.
    noise_share = np.minimum(1, noise_power / np.maximum(power, np.finfo(float).tiny))
    noise_share[0] = 0  # lag 0 is the variance, which the patterns determine
    removed = noise_share * ring_means(counts * mean)
    mean = mean - removed[ring].astype(np.float32)
    shrunk: FloatArray = np.stack([mean + slant, mean - slant])
    return shrunk


def box_weights(side: int) -> FloatArray:
    """Return the weights with which an autocovariance sums to the variance of box averages.

    Parameters
    ----------
    side : int
        Side of a box, in entries of the plane; lags up to ``side - 1`` contribute.

    Returns
    -------
    numpy.ndarray
        ``(2, side, side)`` float32, to be multiplied by a result of `autocovariance` and summed.
    """
    overlap = side - np.arange(side)  # rows of a box that have a partner in it, for each lag
    weights: FloatArray = (_count_lags(side) * np.outer(overlap, overlap) / side**4).astype(np.float32)
    return weights


def _count_lags(n: int) -> FloatArray:
    """Return how many of all lags each entry ``(2, n, n)`` stands for.

    An entry stands for a lag and its opposite. Entries on the axes occur twice, and lag 0 is its own opposite.
    """
    signs = np.where(np.arange(n) > 0, 2, 1)
    counts: FloatArray = np.broadcast_to(np.outer(signs, signs) / 2, (2, n, n))
    return counts


def autocovariance(deviations: Tensor, reach: int) -> Tensor:
    """Return the autocovariance pooled over planes; differentiable.

    Parameters
    ----------
    deviations : torch.Tensor
        ``(n, h, w)`` deviations from the expected mean, which may differ from the mean of these planes.
    reach : int
        Largest lag along each axis, less than `h` and `w`.

    Returns
    -------
    torch.Tensor
        ``(2, reach + 1, reach + 1)``, in the layout of `reference_autocovariance`.
    """
    n, h, w = deviations.shape
    lags = torch.arange(reach + 1, device=deviations.device)
    pairs = n * (h - lags)[:, None] * (w - lags)
    return _lagged_products(deviations, reach) / pairs


def _lagged_products(planes: Tensor, reach: int) -> Tensor:
    """Return the sums over planes of the products of entries at lags ``(i, j)``, and at ``(i, -j)``, up to `reach`."""
    padded = [extent + reach for extent in planes.shape[1:]]  # zero padding prevents wrap-around
    transformed = torch.fft.rfft2(planes, s=padded)
    power = (transformed.real**2 + transformed.imag**2).sum(0)
    products = torch.fft.irfft2(power, s=padded)[: reach + 1]
    rising = products[:, : reach + 1]
    falling = torch.cat([products[:, :1], products[:, products.shape[1] - reach :].flip(1)], dim=1)
    return torch.stack([rising, falling])
