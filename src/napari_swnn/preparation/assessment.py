"""Assessment of labels: porosity with its interval, and the size of the image beside that of its structure."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_labels, is_lazy
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.preparation._tiles import n_sections, section
from napari_swnn.preparation.objects import count_objects

if TYPE_CHECKING:
    from napari_swnn._types import Labels

CONFIDENCE = 0.95
_FIELD = 2048
"""Largest side in pixels of the field, at the centre of a section, in which the autocovariance is measured."""
_MOST_FIELDS = 16
"""Largest number of sections of a stack in which the autocovariance is measured."""
_POORLY_KNOWN = 0.03
"""Half-width of the interval of the porosity above which the verdict mentions it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Size of an image beside the size of its structure.

    Attributes
    ----------
    porosity : float
        Fraction of the phase of interest, in (0, 1).
    interval : pair of float
        95 % confidence interval of the porosity of the material, within [0, 1]; it covers the sampling error only, and
        no error of the segmentation.
    correlation_length : float
        Distance in `unit` at which the normalised autocovariance falls below 1/e; it determines the scales of a
        training.
    n_objects : int
        Number of separate regions of the phase of interest, pores or grains; see `count_objects`.
    n_features : int
        Estimated number of pores or grains of the rarer phase, from its fraction and the correlation length; for a
        connected phase it is the better measure.
    n_scales, n_wanted : int
        Number of scales for which the image is large enough, and that its structure needs.
    verdict : str
        Sentence that says if the image is large enough, and why.
    large_enough : bool
        True if the image is large enough for the scales that its structure needs and contains enough of it.
    unit : str
        Unit of length.
    """

    porosity: float
    interval: tuple[float, float]
    correlation_length: float
    n_objects: int
    n_features: int
    n_scales: int
    n_wanted: int
    verdict: str
    large_enough: bool
    unit: str

    @property
    def half_width(self) -> float:
        """Half the width of the interval of the porosity."""
        return (self.interval[1] - self.interval[0]) / 2


def assess(labels: Any, phase: int = 1, voxel: VoxelSize | None = None) -> Assessment:
    """Return the porosity with its interval, and a verdict on the size of an image.

    Parameters
    ----------
    labels : (y, x) or (z, y, x) array of int
        Labels of the phases; the sections of a stack count as independent of each other.
    phase : int
        Label of the phase of interest.
    voxel : VoxelSize, optional
        Edge length of a pixel; by default the unit is the voxel.

    Returns
    -------
    Assessment
        The autocovariance is measured in at most 2048 x 2048 pixels at the centre of each of at most 16 sections, the
        porosity in the whole image.

    Raises
    ------
    ValueError
        If the image lacks the phase or contains no other phase.
    """
    from napari_swnn.core.descriptor import Reference
    from napari_swnn.core.descriptor.autocovariance import correlation_length
    from napari_swnn.core.training.architecture import estimate_features, fitting_scales, wanted_scales

    voxel = voxel or VoxelSize()
    labels = check_labels(np.asarray(labels) if is_lazy(labels) else labels)
    porosity = int(np.count_nonzero(labels == phase)) / labels.size
    if porosity in (0, 1):
        part = "all" if porosity else "none"
        raise ValueError(f"labels must hold phase {phase} beside another one, got {part} of it; segment again")
    fields = _fields(labels, phase)
    length = correlation_length(Reference(fields, phase=1))
    samples = _effective_samples(fields) * labels.size / sum(field.size for field in fields)
    half_width = float(NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * sqrt(porosity * (1 - porosity) / samples))
    width = min(labels.shape[-2:])
    area = labels.shape[-2] * labels.shape[-1]
    n_features = int(n_sections(labels.shape) * estimate_features(porosity, sqrt(area), length))
    n_wanted = wanted_scales(length)
    n_scales = min(fitting_scales(width), n_wanted)
    verdict = _Verdict(width / length, n_features, half_width, n_scales, n_wanted)
    return Assessment(
        porosity=porosity,
        interval=(max(0.0, porosity - half_width), min(1.0, porosity + half_width)),
        correlation_length=length * voxel.value,
        n_objects=count_objects(labels, phase),
        n_features=n_features,
        n_scales=n_scales,
        n_wanted=n_wanted,
        verdict=verdict.text,
        large_enough=not verdict.reasons,
        unit=voxel.unit,
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Sentence on the size of an image."""

    lengths_across: float
    n_features: int
    half_width: float
    n_scales: int
    n_wanted: int

    @property
    def reasons(self) -> list[str]:
        """Reasons why the image is too small; empty if it is large enough."""
        from napari_swnn.core.training.architecture import MIN_FEATURES

        reasons = []
        if self.n_scales < self.n_wanted:
            reasons.append(f"training can use {self.n_scales} of the {self.n_wanted} scales that the structure needs")
        if self.n_features < MIN_FEATURES:
            reasons.append(f"about {self.n_features} pores or grains, where {MIN_FEATURES} are wanted")
        return reasons

    @property
    def text(self) -> str:
        across = f"{self.lengths_across:.0f} correlation lengths across"
        accuracy = f"the sampling error of the porosity is ± {100 * self.half_width:.1f} percentage points"
        if self.half_width > _POORLY_KNOWN:
            accuracy += ", which further sections would reduce"
        accuracy += ", and errors of the segmentation add to it"
        if self.reasons:
            return f"small: {across}, {', '.join(self.reasons)}; {accuracy}"
        return f"large enough: {across}, about {self.n_features} pores or grains; {accuracy}"


def _fields(labels: Labels, phase: int) -> list[Labels]:
    """Return sections, evenly chosen, that contain the phase and another one: 1 in the phase, 0 elsewhere.

    They are cut to their centres, if these contain both.
    """
    phases = [(section(labels, index) == phase).view(np.uint8) for index in range(n_sections(labels.shape))]
    mixed = [image for image in phases if 0 < image.mean() < 1] or [np.concatenate(phases)]
    mixed = mixed[:: -(-len(mixed) // _MOST_FIELDS)]
    centres = [centre for centre in map(_centre, mixed) if 0 < centre.mean() < 1]
    return centres or mixed


def _centre(image: Labels) -> Labels:
    top, left = (max(0, (length - _FIELD) // 2) for length in image.shape)
    return image[top : top + _FIELD, left : left + _FIELD]


def _effective_samples(fields: list[Labels]) -> float:
    from napari_swnn.statistics import volume_fraction_interval

    return sum(volume_fraction_interval(field).effective_samples for field in fields)
