"""Validation of generated volumes: identical measurements of the reference and every volume."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._checks import check_labels, check_whole, is_lazy
from napari_swnn._paper import PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY
from napari_swnn._phases import measure_fractions
from napari_swnn._steps import drain, forward_steps
from napari_swnn._types import BoolArray, Labels, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.physics.memory import check_problem_memory
from napari_swnn.statistics import volume_fraction_interval
from napari_swnn.validation._assembly import Measured, MeasuredReference, assemble
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._inputs import (
    check_conductivities,
    check_contents,
    check_volume_shape,
    check_voxel,
    split_realisations,
)
from napari_swnn.validation._report import ValidationReport
from napari_swnn.validation._samples import Sample, common_window
from napari_swnn.validation._structure import STATISTICS, Ruler, iter_structure
from napari_swnn.validation._tasks import TaskList, ValidationStep
from napari_swnn.validation._transport import SOLVES, VolumeProblems, iter_transport
from napari_swnn.validation._uncertainty import CONFIDENCE, half_widths, sample_interval

LONGEST = 64
"""Default upper limit of the longest distance of the curves, in voxels."""

BLOCK = 128
"""Edge length in voxels of the part of the first volume that is kept for figures."""

_UNCERTAINTY = "uncertainty"
_CONNECTIVITY = "connectivity"


def validate(
    volumes: Any,
    reference: Reference,
    *,
    physics: bool = False,
    conductivities: Mapping[int, float] | None = None,
    max_distance: int | None = None,
    voxel: VoxelSize | None = None,
    progress: Callable[[ValidationStep], None] | None = None,
) -> ValidationReport:
    """Compare volumes with the reference that they were generated from.

    Parameters
    ----------
    volumes : array_like or iterable of array_like
        Labels ``(z, y, x)`` or ``(y, x)``, with the reference's label for the phase of interest; several realisations
        as a list, or volumes as one array ``(n, z, y, x)``. Only one volume at a time is loaded into memory.
    reference : Reference
        Reference; only its region of interest is used.
    physics : bool
        If True, also compute the conductivity and the permeability of every volume along every axis, which takes much
        longer than everything else. The report lists failed solves.
    conductivities : mapping of int to float, optional
        Conductivity of each label in W/(m·K). Default: 0.026 for the phase of interest, 1.4 for the background.
    max_distance : int, optional
        Longest distance of the curves, in voxels. Default: half the shortest side, at most 64.
    voxel : VoxelSize, optional
        Voxel size of the volumes, if known; it must be that of the reference.
    progress : callable, optional
        Function called with every `ValidationStep`.

    Returns
    -------
    ValidationReport
        Statistics of the reference and the volumes, with the uncertainty of the reference and the spread over
        realisations.

    Raises
    ------
    TypeError
        If the reference is not a `Reference`, or the labels are not integers.
    ValueError
        If no volume is given, or a volume has the wrong dimension or voxel size, lacks the phase of interest, has a
        label without a conductivity, or needs more memory for its physics than is free.
    """
    steps = iter_validate(
        volumes,
        reference,
        physics=physics,
        conductivities=conductivities,
        max_distance=max_distance,
        voxel=voxel,
    )
    return drain(steps, progress)


def iter_validate(
    volumes: Any,
    reference: Reference,
    *,
    physics: bool = False,
    conductivities: Mapping[int, float] | None = None,
    max_distance: int | None = None,
    voxel: VoxelSize | None = None,
) -> Generator[ValidationStep, None, ValidationReport]:
    """Compare volumes with their reference as in `validate`, yielding a `ValidationStep` before each task.

    The input is checked when the function is called. The values of lazy volumes are checked later: when the volume is
    measured, or, with physics, before the first solve. The generator returns the report; closing it stops the work.
    """
    if not isinstance(reference, Reference):
        raise TypeError(f"reference must be a Reference, got {type(reference).__name__}; wrap it: Reference(labels)")
    given = split_realisations(volumes)
    check_voxel(voxel, reference.voxel)
    shapes = tuple(check_volume_shape(volume) for volume in given)
    if len({len(shape) for shape in shapes}) > 1:
        raise ValueError(f"volumes must all be 2-D or all be 3-D, got shapes {list(shapes)}; validate them separately")
    if physics and len(shapes[0]) != 3:
        raise ValueError(f"physics needs volumes (z, y, x), got shape {shapes[0]}; omit physics for sections")
    default = dict.fromkeys(reference.phases, SOLID_CONDUCTIVITY) | {reference.phase: PORE_CONDUCTIVITY}
    taken = check_conductivities(conductivities or default) if physics else None
    if physics:
        for volume in given:
            check_problem_memory(volume, ("stokes",), "permeability")
    sample = Sample.of_reference(reference)
    ruler = _choose_ruler(shapes, reference, sample, max_distance)
    for i, volume in enumerate(given):
        if not is_lazy(volume):
            check_contents(check_labels(volume), _name(i, given), reference.phase, taken)
    return _Validation(reference, sample, ruler, taken).iter_report(given, shapes)


@dataclass(frozen=True, eq=False)
class _Validation:
    """A validation whose input has been checked."""

    reference: Reference
    sample: Sample
    ruler: Ruler
    conductivities: Mapping[int, float] | None

    def iter_report(
        self, volumes: Sequence[Any], shapes: Sequence[Shape]
    ) -> Generator[ValidationStep, None, ValidationReport]:
        names = [_name(i, volumes) for i in range(len(volumes))]
        tasks = TaskList([*self._reference_tasks(), *(task for name in names for task in self._volume_tasks(name))])
        # Computing a lazy volume twice is cheap compared with its solves; a late error would waste hours of them.
        for name, volume in zip(names, volumes, strict=True):
            if self.conductivities is not None and len(volumes) > 1 and is_lazy(volume):
                yield tasks.prepare(f"{name}: checking its labels")
                check_contents(check_labels(volume), name, self.reference.phase, self.conductivities)
        of_reference = yield from self._measure_reference(tasks)
        measured = []
        for i, (name, volume) in enumerate(zip(names, volumes, strict=True)):
            labels = check_labels(volume, name=f"volumes[{i}]")
            measured.append((yield from self._measure_volume(labels, name, tasks)))
        return assemble(self.reference, shapes, self.conductivities or {}, of_reference, measured)

    def _reference_tasks(self) -> list[str]:
        return [f"reference: {task}" for task in (*STATISTICS, _UNCERTAINTY)]

    def _volume_tasks(self, name: str) -> list[str]:
        solves = () if self.conductivities is None else SOLVES
        return [f"{name}: {task}" for task in (*STATISTICS, _UNCERTAINTY, _CONNECTIVITY, *solves)]

    def _measure_reference(self, tasks: TaskList) -> Generator[ValidationStep, None, MeasuredReference]:
        structure = yield from forward_steps(
            iter_structure(self.sample, self.ruler), lambda task: tasks.begin(f"reference: {task}")
        )
        yield tasks.begin(f"reference: {_UNCERTAINTY}")
        interval = sample_interval(self.sample, self.reference)
        return MeasuredReference(interval, structure, *half_widths(self.sample, self.ruler))

    def _measure_volume(self, labels: Labels, name: str, tasks: TaskList) -> Generator[ValidationStep, None, Measured]:
        phase, ruler = self.reference.phase, self.ruler
        inside = check_contents(labels, name, phase, self.conductivities)
        structure = yield from forward_steps(
            iter_structure(Sample.of_volume(inside), ruler), lambda task: tasks.begin(f"{name}: {task}")
        )
        yield tasks.begin(f"{name}: {_UNCERTAINTY}")
        interval = volume_fraction_interval(inside, confidence=CONFIDENCE, **ruler.scale)
        yield tasks.begin(f"{name}: {_CONNECTIVITY}")
        connectivity = Connectivity.of(inside, ruler.voxel.value) if inside.ndim == 3 else None
        transport = None
        if self.conductivities is not None:
            transport = yield from forward_steps(
                iter_transport(VolumeProblems.of(labels, phase, self.conductivities)),
                lambda solve: tasks.begin(f"{name}: {solve[0]}", solve[1]),
            )
        further = set(measure_fractions([labels])) - {phase, *self.reference.phases}
        return Measured(
            interval,
            structure,
            _middle_sections(inside),
            _middle_block(inside),
            connectivity,
            transport,
            further=tuple(sorted(further)),
        )


def _name(i: int, volumes: Sequence[Any]) -> str:
    return f"volume {i + 1} of {len(volumes)}"


def _choose_ruler(shapes: Sequence[Shape], reference: Reference, sample: Sample, max_distance: int | None) -> Ruler:
    sides = [side for shape in shapes for side in shape]
    sides += [side for section in reference.sections for side in section.image.shape]
    shortest = min(sides)
    reach = min(LONGEST, shortest // 2)
    if max_distance is not None:
        reach = check_whole(max_distance, name="max_distance")
        if reach >= shortest:
            raise ValueError(
                f"max_distance must be below {shortest} voxels, the shortest side of all images, got {reach}; "
                "choose a smaller distance or use larger volumes"
            )
    return Ruler(reach, common_window(sample, shortest), reference.voxel)


def _middle_sections(inside: BoolArray) -> tuple[BoolArray, ...]:
    if inside.ndim == 2:
        return (inside.copy(),)
    return tuple(np.take(inside, inside.shape[axis] // 2, axis) for axis in range(3))


def _middle_block(inside: BoolArray) -> BoolArray:
    """Return the central part of a volume, small enough to keep in a report."""
    starts = [max(0, (n - BLOCK) // 2) for n in inside.shape]
    return inside[tuple(slice(start, start + BLOCK) for start in starts)].copy()
