"""Validation of generated volumes: identical measurements of the reference and every volume."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any

from napari_swnn._checks import check_labels, check_whole, is_lazy
from napari_swnn._paper import PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY
from napari_swnn._phase_names import name_phase
from napari_swnn._steps import drain, forward_steps
from napari_swnn._types import Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.physics.memory import check_problem_memory
from napari_swnn.validation._assembly import assemble
from napari_swnn.validation._inputs import (
    check_conductivities,
    check_contents,
    check_memory,
    check_volume_shape,
    check_voxel,
    split_realisations,
)
from napari_swnn.validation._measurement import Measurement
from napari_swnn.validation._report import ValidationReport
from napari_swnn.validation._samples import Sample, common_window
from napari_swnn.validation._solves import Solves
from napari_swnn.validation._structure import Ruler
from napari_swnn.validation._tasks import TaskList, ValidationStep

LONGEST = 64
"""Default upper limit of the longest distance of the curves, in voxels."""


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
        Labels ``(z, y, x)`` or ``(y, x)``, with the reference's label for each phase; several realisations as a list,
        or volumes as one array ``(n, z, y, x)``. Only one volume at a time is loaded into memory.
    reference : Reference
        Reference; only its region of interest is used.
    physics : bool
        If True, also compute the conductivity and the permeability of every volume along every axis, which takes much
        longer than everything else; with more than two phases, also the tortuosity factor of each. The report lists
        failed solves.
    conductivities : mapping of int to float, optional
        Conductivity of each label in W/(m·K). Default for two phases: 0.026 for the phase of interest, 1.4 for the
        background; for more, the conductivity is omitted.
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
        label without a conductivity, or needs more memory than is free.
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
    check_memory(shapes)
    solves = _choose_solves(reference, conductivities) if physics else None
    if physics:
        for volume in given:
            check_problem_memory(volume, ("stokes",), "permeability")
    sample = Sample.of_reference(reference)
    ruler = _choose_ruler(shapes, reference, sample, max_distance)
    for i, volume in enumerate(given):
        if not is_lazy(volume):
            check_contents(check_labels(volume), _name(i, given), reference.phase, _needed(solves))
    return _iter_report(Measurement(reference, sample, ruler, solves, shapes), given, shapes)


def _iter_report(
    measurement: Measurement, volumes: Sequence[Any], shapes: Sequence[Shape]
) -> Generator[ValidationStep, None, ValidationReport]:
    """Measure and report on input that has been checked."""
    phase, conductivities = measurement.reference.phase, _needed(measurement.solves)
    names = [_name(i, volumes) for i in range(len(volumes))]
    tasks = TaskList(
        [
            *(f"reference: {task}" for task in measurement.reference_tasks),
            *(f"{name}: {task}" for name in names for task in measurement.volume_tasks),
        ]
    )
    # Computing a lazy volume twice is cheap compared with its solves; a late error would waste hours of them.
    for name, volume in zip(names, volumes, strict=True):
        if measurement.solves is not None and len(volumes) > 1 and is_lazy(volume):
            yield tasks.prepare(f"{name}: checking its labels")
            check_contents(check_labels(volume), name, phase, conductivities)
    of_reference = yield from forward_steps(
        measurement.iter_reference(), lambda task: tasks.begin(f"reference: {task}")
    )
    measured = []
    for i, (name, volume) in enumerate(zip(names, volumes, strict=True)):
        labels = check_labels(volume, name=f"volumes[{i}]")
        check_contents(labels, name, phase, conductivities)
        steps = measurement.iter_volume(labels)
        measured.append((yield from forward_steps(steps, partial(_begin, tasks, name))))
    return assemble(measurement, shapes, of_reference, measured)


def _begin(tasks: TaskList, name: str, task: tuple[str, str]) -> ValidationStep:
    return tasks.begin(f"{name}: {task[0]}", task[1])


def _needed(solves: Solves | None) -> Mapping[int, float] | None:
    """Return the conductivities, of which every label of a volume needs one; ``None`` if none is used."""
    return None if solves is None or not solves.conductivities else solves.conductivities


def _choose_solves(reference: Reference, conductivities: Mapping[int, float] | None) -> Solves:
    """Return the properties to solve for; by default the conductivity of two phases, but not of more."""
    names = {phase: name_phase(phase, reference.names) for phase in reference.phases}
    if len(names) > 2:
        return Solves(reference.phase, check_conductivities(conductivities or {}), names)
    default = {reference.phase: PORE_CONDUCTIVITY, reference.phases[1]: SOLID_CONDUCTIVITY}
    return Solves(reference.phase, check_conductivities(conductivities or default))


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
