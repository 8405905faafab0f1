"""Reference: the segmented section(s) of a reconstruction."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from napari_swnn._checks import check_label, check_labels, check_region
from napari_swnn._phase_names import check_names
from napari_swnn._phases import PhaseChoice, choose_phase, list_labels, measure_fractions
from napari_swnn._types import BoolArray, Labels
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.descriptor.section import Positions, Section, find_positions
from napari_swnn.core.descriptor.stacks import describe_stack


class ReferenceWarning(UserWarning):
    """Warning about a reference that can be used, but perhaps not as intended."""


@dataclass(frozen=True, eq=False)
class Reference:
    """One or more segmented sections to reconstruct from, validated on creation.

    Parameters
    ----------
    labels : array_like or iterable of array_like
        Labels, one value per phase: one section ``(y, x)``, a list of sections, or a volume ``(z, y, x)``. A list
        describes an isotropic material. A volume supplies separate sections for each of its three axes, and the
        reconstruction reproduces each direction separately. Booleans and whole floats become integers, equal colour
        channels become one. Stored as integers; with `merge` or `rest_of`, as the two labels of `phases`.
    phase : int, optional
        Label of the phase of interest, of which `porosity` speaks, usually the pores; by default 1 if it is present,
        otherwise the highest label. Stored as the label of the phase of interest in a reconstruction.
    merge : bool
        If True, all other labels become one background; by default each of them is a phase of its own.
    rest_of : int, optional
        Label of the background, instead of `phase`: everything else is the phase of interest, for images of numbered
        objects. Labels count as phases only up to eight; more need this.
    names : mapping of int to str, optional
        Names of phases by label, such as ``{1: "pore", 2: "binder"}``, for tables and legends.
    roi : array_like or sequence of array_like, optional
        Region of interest with the shape of `labels` (a list if `labels` is a list, with None for a whole section), not
        0 inside; only patterns entirely inside are used. Stored as booleans.
    voxel_size : float
        Edge length of a pixel, in `unit`; also the voxel size of the reconstruction.
    unit : str
        Unit of `voxel_size`.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the labels are empty, masked or NaN, contain a single phase or more than eight, `phase` is not among them,
        sections number their phases differently, channels or the number of dimensions are wrong, the region of
        interest does not match the labels, or a name has no label.

    Warns
    -----
    ReferenceWarning
        If a volume may be a stack of sections: it is thin, or its planes are unrelated.
    """

    labels: Any
    _: KW_ONLY
    phase: Any = None
    merge: InitVar[bool] = False
    rest_of: InitVar[int | None] = None
    names: Any = None
    roi: Any = None
    voxel_size: float = 1.0
    unit: str = "voxel"
    directions: tuple[tuple[Section, ...], ...] = field(init=False, repr=False)
    """Sections for each direction, or a single set for all directions."""
    phases: tuple[int, ...] = field(init=False)
    """Labels of a reconstruction: the phase of interest, then the others in ascending order."""
    background: int | None = field(init=False)
    """Label of all voxels outside the phase of interest with two phases; None with more of them."""
    choice: PhaseChoice = field(init=False, repr=False)
    """Phases of the reconstruction, with the fraction of each label within the region of interest."""
    remarks: tuple[str, ...] = field(init=False, repr=False)
    """Sentences on what may not be intended, each of which was also a warning."""

    def __post_init__(self, merge: bool, rest_of: int | None) -> None:
        if isinstance(self.labels, Iterator):
            object.__setattr__(self, "labels", list(self.labels))
        images = _as_images(self.labels)
        rois = _as_rois(self.roi, images, several=_is_several(self.labels))
        # Converted to Python numbers, because model files store them.
        voxel = VoxelSize(self.voxel_size, self.unit)
        object.__setattr__(self, "voxel_size", voxel.value)
        object.__setattr__(self, "unit", voxel.unit)
        choice = _choose(images, rois, self.phase, merge=merge, rest_of=rest_of)
        if rest_of is not None or choice.merges:
            images = [np.where(choice.select(image), *choice.phases) for image in images]
        object.__setattr__(self, "choice", choice)
        object.__setattr__(self, "phase", choice.phase)
        object.__setattr__(self, "phases", choice.phases)
        object.__setattr__(self, "background", choice.background)
        object.__setattr__(self, "names", check_names(self.names, choice))
        pairs = [(find_positions(image, choice.phases), roi) for image, roi in zip(images, rois, strict=True)]
        object.__setattr__(self, "directions", _directions(pairs))
        object.__setattr__(self, "labels", images[0] if len(images) == 1 else tuple(images))
        if self.roi is not None:
            object.__setattr__(self, "roi", rois[0] if len(rois) == 1 else tuple(rois))
        object.__setattr__(self, "remarks", _find_remarks(images, choice))
        for remark in self.remarks:
            warnings.warn(remark, ReferenceWarning, stacklevel=3)

    @property
    def voxel(self) -> VoxelSize:
        """Voxel size and its unit."""
        return VoxelSize(self.voxel_size, self.unit)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections of all directions."""
        return tuple(section for direction in self.directions for section in direction)

    @property
    def n_channels(self) -> int:
        """Number of channels of patterns and volumes: one for two phases, otherwise one for each phase."""
        return 1 if len(self.phases) == 2 else len(self.phases)

    @cached_property
    def fractions(self) -> dict[int, float]:
        """Volume fraction of each phase within the region of interest, in the order of `phases`; they sum to 1."""
        counts = np.zeros(len(self.phases), np.int64)
        for section in self.sections:
            counts += np.bincount(section.positions[section.inside], minlength=len(counts))
        return {phase: int(n) / int(counts.sum()) for phase, n in zip(self.phases, counts, strict=True)}

    @property
    def porosity(self) -> float:
        """Volume fraction of the phase of interest within the region of interest, in (0, 1)."""
        return self.fractions[self.phase]

    def direction(self, axis: int) -> tuple[Section, ...]:
        """Return the sections that describe planes normal to `axis`."""
        return self.directions[axis % len(self.directions)]


def _is_several(labels: Any) -> bool:
    """Return True for a list of sections, each an array of its own."""
    return isinstance(labels, list | tuple) and len(labels) > 0 and np.ndim(labels[0]) >= 2


def _as_images(labels: Any) -> list[Labels]:
    if _is_several(labels):
        return [check_labels(part, name=f"labels[{i}]", ndim=(2,), planar=True) for i, part in enumerate(labels)]
    return [check_labels(labels, planar=True)]


def _as_rois(roi: Any, images: Sequence[Labels], *, several: bool) -> list[BoolArray]:
    if roi is None:
        return [np.ones(image.shape, bool) for image in images]
    if several and not (isinstance(roi, list | tuple) and len(roi) == len(images)):
        got = f"a list of {len(roi)}" if isinstance(roi, list | tuple) else "a single region"
        raise ValueError(
            f"roi must be a list with one region for each of the {len(images)} sections, got {got}; pass None for a "
            "section that is used as a whole"
        )
    given = list(roi) if several else [roi]
    names = [f"roi[{i}]" for i in range(len(given))] if several else ["roi"]
    regions = [
        np.ones(image.shape, bool) if region is None else check_region(region, image.shape, name=name)
        for region, image, name in zip(given, images, names, strict=True)
    ]
    if not any(region.any() for region in regions):
        raise ValueError("roi must hold at least one pixel, got an empty region; mark where the material is")
    return regions


def _choose(
    images: Sequence[Labels], rois: Sequence[BoolArray], phase: Any, *, merge: bool, rest_of: Any
) -> PhaseChoice:
    phase = None if phase is None else check_label(phase, name="phase")
    rest_of = None if rest_of is None else check_label(rest_of, name="rest_of")
    fractions = measure_fractions(image[roi] for image, roi in zip(images, rois, strict=True))
    whole = all(roi.all() for roi in rois)
    name = "labels" if whole else "labels within roi"
    choice = choose_phase(fractions, phase, merge=merge, rest_of=rest_of, name=name)
    for label in choice.phases:  # model files store 32 bits
        check_label(label, name="each label")
    if phase is None and len(images) > 1:
        _check_same_labels(images, choice)
    return choice


def _check_same_labels(images: Sequence[Labels], choice: PhaseChoice) -> None:
    """Raise an error for a section that has several phases, but not the one that was chosen without a request.

    Such sections number their phases differently, for example 0 and 255 beside 0 and 1.
    """
    for i, image in enumerate(images):
        if not choice.select(image).any() and len(found := measure_fractions([image])) > 1:
            raise ValueError(
                f"labels must mean the same in all sections, got {list_labels(found)} in labels[{i}] without phase "
                f"{choice.phase}, which others have; relabel it, or pass the phase"
            )


def _find_remarks(images: Sequence[Labels], choice: PhaseChoice) -> tuple[str, ...]:
    return tuple(describe_stack(images[0] == choice.phase)) if images[0].ndim == 3 else ()


def _directions(pairs: Sequence[tuple[Positions, BoolArray]]) -> tuple[tuple[Section, ...], ...]:
    positions, inside = pairs[0]
    if positions.ndim == 2:
        return (tuple(Section(*pair) for pair in pairs),)
    return tuple(
        tuple(Section(np.take(positions, i, axis), np.take(inside, i, axis)) for i in range(positions.shape[axis]))
        for axis in range(3)
    )
