"""Reference: the segmented section(s) of a reconstruction."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from napari_swnn._checks import check_label
from napari_swnn._phase_names import check_names
from napari_swnn._phases import PhaseChoice, choose_phase, list_labels, measure_fractions
from napari_swnn._types import BoolArray, Labels
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.descriptor.given_sections import GivenSections
from napari_swnn.core.descriptor.orientation import Orientation, orient
from napari_swnn.core.descriptor.section import Positions, Section, find_positions
from napari_swnn.core.descriptor.stacks import describe_stack


class ReferenceWarning(UserWarning):
    """Warning about a reference that can be used, but perhaps not as intended."""


@dataclass(frozen=True, eq=False)
class Reference:
    """One or more segmented sections to reconstruct from, validated on creation.

    Parameters
    ----------
    labels : array_like, iterable of array_like or mapping, optional
        Labels, one value per phase: one section ``(y, x)``, a list of sections, or a volume ``(z, y, x)``. A list
        describes an isotropic material. A volume supplies separate sections for each of its three axes, and the
        reconstruction reproduces each direction separately. So does a mapping from planes (``"xy"``) or their normals
        (``"z"``) to a section or a list of them. Booleans and whole floats become integers, equal colour channels
        become one. Stored as integers; with `merge` or `rest_of`, as the two labels of `phases`.
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
    roi : array_like, sequence of array_like or mapping, optional
        Region of interest with the shape of `labels` (a list if `labels` is a list, with None for a whole section; a
        mapping if there are sections by plane), not 0 inside; only patterns entirely inside are used. Stored as
        booleans.
    xy, xz, yz : array_like or sequence of array_like, optional
        Sections by plane, instead of `labels`: `xy` with axes ``(y, x)``, `xz` with axes ``(z, x)``, and `yz` with axes
        ``(z, y)``. Each plane then describes its own direction, and the sections must agree along shared axes.
    symmetry_axis : {"z", "y", "x"}, optional
        Axis about which the material is the same in all directions, for sections by plane: one across the axis and one
        along it are enough. Without it, a single plane stands for all, and the third of three planes is taken from the
        other two if one of them looks the same along both of its axes.
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
        interest does not match the labels, a name has no label, or a missing plane cannot be taken from the others.

    Warns
    -----
    ReferenceWarning
        If a volume may be a stack of sections (it is thin, or its planes are unrelated), or sections of different
        planes disagree along the axis that they share, for example because one is turned by 90 degrees.
    """

    labels: Any = None
    _: KW_ONLY
    phase: Any = None
    merge: InitVar[bool] = False
    rest_of: InitVar[int | None] = None
    names: Any = None
    roi: Any = None
    voxel_size: float = 1.0
    unit: str = "voxel"
    xy: InitVar[Any] = None
    xz: InitVar[Any] = None
    yz: InitVar[Any] = None
    symmetry_axis: Any = None
    directions: tuple[tuple[Section, ...], ...] = field(init=False, repr=False)
    """Sections for each direction, or a single set for all directions."""
    phases: tuple[int, ...] = field(init=False)
    """Labels of a reconstruction: the phase of interest, then the others in ascending order."""
    background: int | None = field(init=False)
    """Label of all voxels outside the phase of interest with two phases; None with more of them."""
    choice: PhaseChoice = field(init=False, repr=False)
    """Phases of the reconstruction, with the fraction of each label within the region of interest."""
    orientation: Orientation | None = field(init=False, repr=False)
    """Sections by plane and their agreement; None for sections of unknown orientation and for a volume."""
    remarks: tuple[str, ...] = field(init=False, repr=False)
    """Sentences on what may not be intended, each of which was also a warning."""

    def __post_init__(self, merge: bool, rest_of: int | None, xy: Any, xz: Any, yz: Any) -> None:
        given = GivenSections.of(self.labels, self.roi, {"xy": xy, "xz": xz, "yz": yz})
        images = given.images
        # Converted to Python numbers, because model files store them.
        voxel = VoxelSize(_check_one_size(self.voxel_size), self.unit)
        choice = _choose(given, self.phase, merge=merge, rest_of=rest_of)
        if rest_of is not None or choice.merges:
            images = [np.where(choice.select(image), *choice.phases) for image in images]
        pairs = [(find_positions(image, choice.phases), roi) for image, roi in zip(images, given.rois, strict=True)]
        orientation = _orient(given, pairs, choice.phases, self.symmetry_axis)
        remarks = _find_remarks(images, choice) if orientation is None else orientation.check.remarks
        resolved = {
            "voxel_size": voxel.value,
            "unit": voxel.unit,
            "choice": choice,
            "phase": choice.phase,
            "phases": choice.phases,
            "background": choice.background,
            "names": check_names(self.names, choice),
            "labels": given.arrange(images),
            "roi": None if self.roi is None else given.arrange(given.rois),
            "directions": _directions(pairs) if orientation is None else orientation.directions,
            "orientation": orientation,
            "symmetry_axis": None if orientation is None else orientation.symmetry_axis,
            "remarks": remarks,
        }
        for name, value in resolved.items():
            object.__setattr__(self, name, value)
        for remark in self.remarks:
            warnings.warn(remark, ReferenceWarning, stacklevel=3)

    @property
    def voxel(self) -> VoxelSize:
        """Voxel size and its unit."""
        return VoxelSize(self.voxel_size, self.unit)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections of all directions, each of them once."""
        groups = self.directions if self.orientation is None else self.orientation.planes.values()
        return tuple(section for sections in groups for section in sections)

    @property
    def assumption(self) -> str:
        """Sentence on directions that have no sections of their own, without a full stop; empty if all have."""
        if self.orientation is not None:
            return self.orientation.assumption
        if len(self.directions) > 1:
            return ""
        sections = "section describes" if len(self.sections) == 1 else f"{len(self.sections)} sections describe"
        return f"the {sections} all directions: the material is taken to be isotropic"

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
    def means(self) -> tuple[float, ...]:
        """Mean of each channel: the porosity for two phases, otherwise all fractions."""
        return tuple(self.fractions.values())[: self.n_channels]

    @property
    def porosity(self) -> float:
        """Volume fraction of the phase of interest within the region of interest, in (0, 1)."""
        return self.fractions[self.phase]

    def direction(self, axis: int) -> tuple[Section, ...]:
        """Return the sections that describe planes normal to `axis`."""
        return self.directions[axis % len(self.directions)]


def _choose(given: GivenSections, phase: Any, *, merge: bool, rest_of: Any) -> PhaseChoice:
    phase = None if phase is None else check_label(phase, name="phase")
    rest_of = None if rest_of is None else check_label(rest_of, name="rest_of")
    fractions = measure_fractions(image[roi] for image, roi in zip(given.images, given.rois, strict=True))
    name = "labels" if all(roi.all() for roi in given.rois) else "labels within roi"
    choice = choose_phase(fractions, phase, merge=merge, rest_of=rest_of, name=name)
    for label in choice.phases:  # model files store 32 bits
        check_label(label, name="each label")
    if phase is None and len(given.images) > 1:
        _check_same_labels(given, choice)
    return choice


def _check_same_labels(given: GivenSections, choice: PhaseChoice) -> None:
    """Raise an error for a section that has several phases, but not the one that was chosen without a request.

    Such sections number their phases differently, for example 0 and 255 beside 0 and 1.
    """
    for image, name in zip(given.images, given.names, strict=True):
        if not choice.select(image).any() and len(found := measure_fractions([image])) > 1:
            raise ValueError(
                f"labels must mean the same in all sections, got {list_labels(found)} in {name} without phase "
                f"{choice.phase}, which others have; relabel it, or pass the phase"
            )


def _check_one_size(voxel_size: Any) -> Any:
    """Raise an error for voxel sizes by plane or axis."""
    if isinstance(voxel_size, Mapping | Sequence) and not isinstance(voxel_size, str):
        raise ValueError(
            f"voxel_size must be one number for all sections and axes, got {voxel_size!r}; resample the sections to "
            "one pixel size"
        )
    return voxel_size


def _orient(
    given: GivenSections, sections: Sequence[tuple[Positions, BoolArray]], phases: Sequence[int], axis: str | None
) -> Orientation | None:
    if given.planes is not None:
        return orient(given.group([Section(*pair) for pair in sections]), phases, symmetry_axis=axis)
    if axis is not None:
        raise ValueError(
            f"symmetry_axis must come with sections by plane, got symmetry_axis={axis!r} without; pass them as xy=, "
            "xz= and yz="
        )
    return None


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
