"""Representativity of an image: confidence interval of the volume fraction of its material."""

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

    from napari_swnn._types import FloatArray, Shape

VALIDATED_SIDE = 200
"""Image side, in voxels, below which the authors of ImageRep did not validate the method."""

WINDOW = 4
"""Radius over which the autocovariance is summed, in correlation lengths."""

FEW_SAMPLES = 30
"""Effective number of samples below which the normal approximation, and hence the interval, is doubtful."""


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
        Half-width of the interval before clipping to [0, 1].
    confidence : float
        Probability, such as 0.95, that the interval contains the volume fraction of the material.
    integral_range : float
        Integral of the normalised autocovariance over all displacements: the area (2-D, in `unit` squared) or volume
        (3-D, in `unit` cubed) of one independent sample.
    effective_samples : float
        Effective number of independent samples in the image: its size divided by the integral range.
    warning : str or None
        Reason why the interval may be unreliable, or ``None``.
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
    """Return the confidence interval of a material's volume fraction, estimated from one image.

    Parameters
    ----------
    labels : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Segmented image of a statistically homogeneous material.
    phase : int
        Label of the phase of interest, which must fill part, but not all, of the image.
    confidence : float
        Confidence level, in (0, 1).
    periodic : bool or sequence of bool, one for each axis
        True if the image is periodic along that axis.
    mask : array of bool, optional
        Region of interest, with the shape of `labels`.
    voxel_size : float
        Edge length of a pixel or voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    FractionInterval
        Interval from ``.low`` to ``.high``, with a ``.warning`` if it may be unreliable.

    Raises
    ------
    ValueError
        If the phase is absent or fills the whole image, or an argument is invalid.

    Notes
    -----
    The variance of the volume fraction over images of N voxels is φ(1 - φ) A / N, where the integral range A is the sum
    of the normalised autocovariance (Lantuéjoul 1991). The measured autocovariance Ĉ is relative to the image's own φ,
    which lowers every value by this variance. Summed over the M displacements in a ball, E ΣĈ = Aφ(1 - φ) (1 - M/N), so
    the variance is estimated by ΣĈ / (N - M), which is exact if no correlation extends beyond the ball. A large ball
    adds the noise of distant displacements; its radius is the smallest that is at least 4 times the integral of the
    radial autocovariance up to that radius, the automatic window of Sokal (1997). If the autocovariance becomes
    negative within the ball, as in ordered structures, the largest of the sums up to that radius is used: the interval
    is then too wide rather than too narrow.

    ImageRep corrects this bias with a fitted model and widens the interval by the fitting error; this function does
    not.

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
        warning=_warn(shape, samples, fits=4 * wanted <= min(shape)),
        unit=voxel.unit,
    )


def _variance(s2: TwoPointMap, fraction: float, n_voxels: int) -> float:
    """Return the variance of the volume fraction; see the notes of `volume_fraction_interval`."""
    length = s2.length()
    ball = (length <= s2.displacement[-1]) & (s2.samples > 0)
    shell = np.rint(length[ball]).astype(int)
    counts = np.bincount(shell)
    sums = np.bincount(shell, s2.values[ball] - fraction**2)
    estimates = np.cumsum(sums) / np.maximum(1, n_voxels - np.cumsum(counts))
    largest = estimates[: _summation_radius(sums / np.maximum(1, counts)) + 1].max()
    of_one = fraction * (1 - fraction)
    return float(np.clip(largest, of_one / n_voxels, of_one))  # from 1 to n_voxels effective samples


def _summation_radius(radial: FloatArray) -> int:
    """Return the smallest radius of at least `WINDOW` times the integral of the radial autocovariance up to it."""
    lengths = np.cumsum(radial) / radial[0] - 0.5  # trapezoidal, in voxels
    wide = np.flatnonzero(np.arange(len(lengths)) >= WINDOW * lengths)
    return int(wide[0]) if len(wide) else len(lengths)


def _warn(shape: Shape, samples: float, *, fits: bool) -> str | None:
    if not fits:
        return (
            "features are large relative to the image: the autocovariance does not decay within a quarter of its side, "
            "so the interval is probably too narrow; use a larger image"
        )
    if samples < FEW_SAMPLES:
        return (
            f"the image contains only {samples:.0f} independent samples (fewer than {FEW_SAMPLES}): "
            "the interval is approximate; use a larger image"
        )
    side, elements = min(shape), "pixels" if len(shape) == 2 else "voxels"
    if side < VALIDATED_SIDE:
        return (
            f"the image is {side} {elements} across: the method has not been validated below {VALIDATED_SIDE}; "
            "treat the interval as a rough guide"
        )
    return None
