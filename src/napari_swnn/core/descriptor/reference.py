"""Reference: the segmented section(s) of a reconstruction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from napari_swnn._checks import check_labels, check_phase_present, check_whole
from napari_swnn._types import BoolArray, Labels
from napari_swnn._voxel_size import VoxelSize


@dataclass(frozen=True, slots=True)
class Section:
    """One plane of the material.

    Attributes
    ----------
    image : numpy.ndarray
        ``(h, w)`` booleans, ``True`` in the phase of interest.
    inside : numpy.ndarray
        ``(h, w)`` booleans, ``True`` within the region of interest.
    """

    image: BoolArray
    inside: BoolArray


@dataclass(frozen=True, eq=False)
class Reference:
    """One or more segmented sections to reconstruct from, validated on creation.

    Parameters
    ----------
    labels : array_like or sequence of array_like
        Integer labels, one value per phase: one section ``(y, x)``, a list of sections, or a volume ``(z, y, x)``. A
        list describes an isotropic material. A volume supplies separate sections for each of its three axes, and the
        reconstruction reproduces each direction separately.
    phase : int
        Label of the phase of interest, usually the pores.
    roi : array_like or sequence of array_like, optional
        Region of interest with the shape of `labels` (a list if `labels` is a list); only patterns entirely inside are
        used.
    voxel_size : float
        Edge length of a pixel, in `unit`; also the voxel size of the reconstruction.
    unit : str
        Unit of `voxel_size`.

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If the labels are empty or contain a single phase, `phase` is not among them, the number of dimensions is
        wrong, or the region of interest does not match the labels.
    """

    labels: Any
    _: KW_ONLY
    phase: int = 1
    roi: Any = None
    voxel_size: float = 1.0
    unit: str = "voxel"
    directions: tuple[tuple[Section, ...], ...] = field(init=False, repr=False)
    """Sections for each direction, or a single set for all directions."""
    background: int = field(init=False)
    """Label of all voxels outside the phase of interest in a reconstruction."""

    def __post_init__(self) -> None:
        images = _as_images(self.labels)
        rois = _as_rois(self.roi, images, several=isinstance(self.labels, list | tuple))
        # Converted to Python numbers, because model files store them.
        object.__setattr__(self, "voxel_size", VoxelSize(self.voxel_size, self.unit).value)
        object.__setattr__(self, "phase", check_whole(self.phase, name="phase", low=-(2**31), high=2**32 - 1))
        visible = np.concatenate([image[roi] for image, roi in zip(images, rois, strict=True)])
        check_phase_present(visible, self.phase)
        pairs = [(image == self.phase, roi) for image, roi in zip(images, rois, strict=True)]
        object.__setattr__(self, "directions", _directions(pairs))
        object.__setattr__(self, "background", _background(visible, self.phase))
        object.__setattr__(self, "labels", images[0] if len(images) == 1 else tuple(images))

    @property
    def voxel(self) -> VoxelSize:
        """Voxel size and its unit."""
        return VoxelSize(self.voxel_size, self.unit)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections of all directions."""
        return tuple(section for direction in self.directions for section in direction)

    @property
    def porosity(self) -> float:
        """Volume fraction of the phase of interest within the region of interest, in (0, 1)."""
        inside = sum(int(section.inside.sum()) for section in self.sections)
        filled = sum(int(section.image[section.inside].sum()) for section in self.sections)
        return filled / inside

    def direction(self, axis: int) -> tuple[Section, ...]:
        """Return the sections that describe planes normal to `axis`."""
        return self.directions[axis % len(self.directions)]


def thin_evenly(sections: Sequence[Section], most: int = 48) -> Sequence[Section]:
    """Thin sections evenly to between `most` and twice `most`; fewer sections are returned unchanged."""
    return sections[:: max(1, len(sections) // most)]


def _as_images(labels: Any) -> list[Labels]:
    if isinstance(labels, list | tuple) and len(labels) > 0 and np.ndim(labels[0]) == 2:
        return [check_labels(section, name=f"labels[{i}]", ndim=(2,)) for i, section in enumerate(labels)]
    return [check_labels(labels)]


def _as_rois(roi: Any, images: Sequence[Labels], *, several: bool) -> list[BoolArray]:
    if roi is None:
        return [np.ones(image.shape, bool) for image in images]
    if several and not (isinstance(roi, list | tuple) and len(roi) == len(images)):
        raise ValueError(f"roi must be a list with one region for each of the {len(images)} sections, got {type(roi)}")
    given = list(roi) if several and np.ndim(images[0]) == 2 else [roi]
    arrays = [np.asarray(array).astype(bool) for array in given]
    shapes = [array.shape for array in arrays]
    expected = [image.shape for image in images]
    if shapes != expected:
        raise ValueError(f"roi must have the shape of labels, {expected}, got {shapes}; draw it on the same image")
    if not any(array.any() for array in arrays):
        raise ValueError("roi must hold at least one pixel, got an empty region; mark where the material is")
    return arrays


def _directions(pairs: Sequence[tuple[BoolArray, BoolArray]]) -> tuple[tuple[Section, ...], ...]:
    image, inside = pairs[0]
    if image.ndim == 2:
        return (tuple(Section(*pair) for pair in pairs),)
    return tuple(
        tuple(Section(np.take(image, i, axis), np.take(inside, i, axis)) for i in range(image.shape[axis]))
        for axis in range(3)
    )


def _background(visible: Labels, phase: int) -> int:
    others = [int(value) for value in np.unique(visible) if value != phase]
    # Several other phases are merged into one background, labelled with a value different from the phase.
    return others[0] if len(others) == 1 else int(phase == 0)
