"""Representativity of one image: the confidence interval of its material's volume fraction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_in_range
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._inputs import check_volume
from napari_swnn.statistics.correlation_length import correlation_length
from napari_swnn.statistics.two_point import TwoPointMap, two_point_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import FloatArray

VALIDATED_SIDE = 200
"""Side in voxels below which the authors of ImageRep have not validated the method."""

WINDOW = 4
"""Radius over which the autocovariance is summed, in correlation lengths."""

FEW_SAMPLES = 30
"""Effective sample number below which the normal distribution, and the interval, are doubtful."""


@dataclass(frozen=True, slots=True)
class FractionInterval:
    """Confidence interval of a volume fraction.

    Attributes
    ----------
    value : float
        Volume fraction of the image, in [0, 1].
    low, high : float
        Ends of the interval, within [0, 1].
    half_width : float
        Half the width of the interval, before it is clipped to [0, 1].
    confidence : float
        Probability, such as 0.95, that the interval contains the volume fraction of the material.
    integral_range : float
        Integral of the normalised autocovariance over all displacements: the area (2-D, in `unit` squared) or volume
        (3-D, cubed) that counts as one independent sample.
    effective_samples : float
        Number of independent samples that the image is worth: its size divided by the integral range.
    warning : str or None
        Reason not to rely on the interval, or ``None``.
    unit : str
        Unit of length.
    """

    value: float
    low: float
    high: float
    half_width: float
    confidence: float
    integral_range: float
    effective_samples: float
    warning: str | None
    unit: str


def volume_fraction_interval(
    labels: Any,
    *,
    phase: int = 1,
    confidence: float = 0.95,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> FractionInterval:
    """Return the confidence interval of a material's volume fraction, from one image of it.

    Parameters
    ----------
    labels : (y, x) or (z, y, x) array of int or bool, numpy or dask
        The image; it should be one sample of a statistically homogeneous material.
    phase : int
        The label of the phase of interest, which must fill part of the image, but not all of it.
    confidence : float
        Probability with which the interval is to contain the true value, in (0, 1).
    periodic : bool or one for each axis
        True if the image is periodic along that axis.
    mask : array of bool, optional
        Region of interest, of the shape of `labels`.
    voxel_size : float
        Edge length of a pixel or voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    FractionInterval
        With ``.low``, ``.high``, ``.half_width`` and, for a small image, ``.warning``.

    Raises
    ------
    ValueError
        If the phase fills nothing or all of the image, or an argument is not of the kind described.

    Notes
    -----
    The variance of the volume fraction over images of N voxels is φ(1 - φ) A / N with A the integral range, the sum of
    the normalised autocovariance (Lantuéjoul 1991). The measured autocovariance Ĉ is relative to the image's own φ,
    which lowers all of it by that same variance. Summed over the M displacements in a ball,
    E ΣĈ = Aφ(1 - φ) (1 - M/N), so the variance is estimated by ΣĈ / (N - M): exact if no correlation reaches beyond the
    ball. A wide ball adds the noise of distant displacements; its radius is the smallest that is 4 times the integral
    of the radial autocovariance up to that radius, the automatic window of Sokal (1997). Where the autocovariance turns
    negative on the way, as in ordered structures, the largest of the sums up to that radius is taken: the interval is
    too wide rather than too narrow.

    ImageRep corrects the same bias with a fitted model and widens the interval by the error of that fit; this function
    does not.

    References
    ----------
    Dahari, Docherty, Kench and Cooper (2024), Prediction of microstructural representativity from a single image,
    arXiv:2410.19568 (ImageRep); Lantuéjoul (1991), J. Microscopy 161, 387; Sokal (1997), Monte Carlo methods in
    statistical mechanics: foundations and new algorithms, section 3.
    """
    check_in_range(confidence, 0, 1, name="confidence", open_low=True, open_high=True)
    voxel = VoxelSize(voxel_size, unit)
    shape = check_volume(labels).shape
    length = correlation_length(labels, phase=phase, periodic=periodic, mask=mask)
    wanted = math.ceil(WINDOW * length.by_axis.max())
    reach = min(wanted, min(shape) // 2)
    s2 = two_point_map(labels, phase=phase, max_distance=reach, periodic=periodic, mask=mask)
    centre = (reach,) * len(shape)
    fraction, n_voxels = float(s2.values[centre]), int(s2.samples[centre])
    variance = _variance(s2, fraction, n_voxels)
    samples = fraction * (1 - fraction) / variance
    half_width = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    return FractionInterval(
        value=fraction,
        low=max(0.0, fraction - half_width),
        high=min(1.0, fraction + half_width),
        half_width=half_width,
        confidence=confidence,
        integral_range=n_voxels / samples * voxel.value ** len(shape),
        effective_samples=samples,
        warning=_warn(min(shape), samples, fits=4 * wanted <= min(shape)),
        unit=voxel.unit,
    )


def _variance(s2: TwoPointMap, fraction: float, n_voxels: int) -> float:
    """Return the variance of the volume fraction; see the notes above."""
    length = s2.length()
    ball = (length <= s2.displacement[-1]) & (s2.samples > 0)
    shell = np.rint(length[ball]).astype(int)
    counts = np.bincount(shell)
    sums = np.bincount(shell, s2.values[ball] - fraction**2)
    estimates = np.cumsum(sums) / np.maximum(1, n_voxels - np.cumsum(counts))
    largest = estimates[: _summation_radius(sums / np.maximum(1, counts)) + 1].max()
    of_one = fraction * (1 - fraction)
    return float(np.clip(largest, of_one / n_voxels, of_one))  # an image is worth one sample at least, n_voxels at most


def _summation_radius(radial: FloatArray) -> int:
    """Return the smallest radius that is `WINDOW` times the integral of the radial autocovariance up to it."""
    lengths = np.cumsum(radial) / radial[0] - 0.5  # trapezoidal, in voxels
    wide = np.flatnonzero(np.arange(len(lengths)) >= WINDOW * lengths)
    return int(wide[0]) if len(wide) else len(lengths)


def _warn(side: int, samples: float, *, fits: bool) -> str | None:
    if not fits:
        return (
            "features are large for the image: its autocovariance does not die out within a quarter of it, "
            "and the interval is likely too narrow; use a larger image"
        )
    if samples < FEW_SAMPLES:
        return (
            f"the image is worth only {samples:.0f} independent samples (fewer than {FEW_SAMPLES}): "
            "the interval is rough; use a larger image"
        )
    if side < VALIDATED_SIDE:
        return (
            f"the image is {side} voxels across: the method has not been validated below {VALIDATED_SIDE}; "
            "take the interval as a guide"
        )
    return None
