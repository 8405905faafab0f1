"""Uncertainty of the reference: confidence intervals of its porosity and of other statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

from napari_swnn._types import BoolArray, FloatArray
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.statistics import FractionInterval, volume_fraction_interval
from napari_swnn.statistics.representativity import FEW_SAMPLES
from napari_swnn.validation._samples import Sample
from napari_swnn.validation._structure import Structure

CONFIDENCE = 0.95


def reference_interval(reference: Reference) -> FractionInterval:
    """Return the 95 % confidence interval of a material's porosity, estimated from a reference.

    Parameters
    ----------
    reference : Reference
        Reference, of which only the region of interest is used. Several sections are assumed to be independent.

    Returns
    -------
    FractionInterval
        Interval with ``low``, ``high``, ``half_width`` and, for a small reference, a ``warning``.

    Notes
    -----
    For one section or volume, this equals `napari_swnn.statistics.volume_fraction_interval`. For several sections, the
    integral range A is averaged over the sections, and the variance is φ(1 - φ) A divided by their total area.
    """
    return sample_interval(Sample.of_reference(reference).of_phase(0), reference)


def sample_interval(sample: Sample, reference: Reference) -> FractionInterval:
    """Return the result of `reference_interval` for a sample of one phase of the reference."""
    size, unit = reference.voxel_size, reference.unit
    pairs = [(array, mask) for array, mask in zip(sample.arrays, sample.masks, strict=True) if _varies(array, mask)]
    found = [
        volume_fraction_interval(array, mask=mask, confidence=CONFIDENCE, voxel_size=size, unit=unit)
        for array, mask in pairs
    ]
    return found[0] if len(sample.arrays) == 1 else _pooled(found, sample, reference)


def scatter_of_parts(
    parts: Sequence[Structure], curves: Iterable[str], numbers: Iterable[str]
) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Return the half-widths of the 95 % confidence intervals of curves and numbers; NaN without parts.

    For n parts with standard deviation s, the half-width is the standard error s / √n times Student's t for n - 1
    degrees of freedom. It is a rough guide, since the parts are few and not fully independent.
    """
    return (
        {key: _half_width([part.curves[key].values for part in parts]) for key in curves},
        {key: float(_half_width([part.quantities[key].value for part in parts])) for key in numbers},
    )


def _half_width(of_parts: list[FloatArray] | list[float]) -> FloatArray:
    values = np.array(of_parts)
    if len(values) < 2:
        return np.array(np.nan)
    error: FloatArray = np.std(values, axis=0, ddof=1) / np.sqrt(len(values))
    half_width: FloatArray = error * student_factor(len(values))
    return half_width


def student_factor(n: int) -> float:
    """Return the half-width of a confidence interval relative to the standard error of `n` values."""
    return float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))


def _varies(array: BoolArray, mask: BoolArray | None) -> bool:
    inside = array if mask is None else array[mask]
    return bool(inside.any() and not inside.all())


def _pooled(found: list[FractionInterval], sample: Sample, reference: Reference) -> FractionInterval:
    area = sum(int(section.inside.sum()) for section in reference.sections) * reference.voxel_size**2
    a_section = area / len(reference.sections)  # one sample for each section if no section contains both phases
    integral_range = float(np.mean([interval.integral_range for interval in found])) if found else a_section
    samples = area / integral_range
    value = sample.fraction
    half_width = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * float(np.sqrt(value * (1 - value) / samples))
    return FractionInterval(
        value=value,
        low=max(0.0, value - half_width),
        high=min(1.0, value + half_width),
        half_width=half_width,
        confidence=CONFIDENCE,
        integral_range=integral_range,
        effective_samples=samples,
        warning=_warning(samples),
        unit=reference.unit,
    )


def _warning(samples: float) -> str | None:
    if samples >= FEW_SAMPLES:
        return None
    return (
        f"the sections amount to only {samples:.0f} independent samples (fewer than {FEW_SAMPLES}): "
        "the interval is rough; use more or larger sections"
    )
