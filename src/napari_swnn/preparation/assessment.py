"""Assessment of labels: porosity with its interval, size of the structure, and size of the image beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics.correlation_length import correlation_length
from napari_swnn.statistics.representativity import volume_fraction_interval


@dataclass(frozen=True, slots=True)
class Assessment:
    """Size of an image beside the size of its structure.

    Attributes
    ----------
    porosity : float
        Fraction of the phase of interest, in [0, 1].
    interval : pair of float
        95 % confidence interval of the porosity of the material.
    correlation_length : float
        Integral of the normalised autocovariance up to its first zero, in `unit`.
    n_objects : int
        Number of separate regions of the phase of interest.
    verdict : str
        Sentence that says if the image is large enough.
    large_enough : bool
        True if the image is large enough for the scales that a training uses.
    unit : str
        Unit of length.
    """

    porosity: float
    interval: tuple[float, float]
    correlation_length: float
    n_objects: int
    verdict: str
    large_enough: bool
    unit: str


def assess(labels: Any, phase: int = 1, voxel: VoxelSize | None = None) -> Assessment:
    """Return the assessment of a section or of a stack of sections.

    Parameters
    ----------
    labels : (y, x) or (z, y, x) array of int
        Labels of the phases; a stack holds separate sections.
    phase : int
        Label of the phase of interest.
    voxel : VoxelSize, optional
        Edge length of a pixel; by default the unit is the voxel.
    """
    voxel = voxel or VoxelSize()
    interval = volume_fraction_interval(labels, phase=phase)
    length = correlation_length(labels, phase=phase).value
    from scipy import ndimage

    _, n_objects = ndimage.label(labels == phase)
    verdict = f"porosity {interval.value:.3f}, known to ± {interval.half_width:.3f}"
    return Assessment(
        interval.value,
        (interval.low, interval.high),
        length * voxel.value,
        int(n_objects),
        verdict,
        interval.warning is None,
        voxel.unit,
    )
