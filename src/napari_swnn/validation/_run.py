"""Measure the reference and every volume."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from napari_swnn._checks import check_labels, check_whole
from napari_swnn._paper import PORE_CONDUCTIVITY, SOLID_CONDUCTIVITY
from napari_swnn._steps import drain, retell
from napari_swnn._types import BoolArray, Labels, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.statistics import volume_fraction_interval
from napari_swnn.validation._assembly import Measured, MeasuredReference, assemble
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._report import ValidationReport
from napari_swnn.validation._samples import Sample, common_window
from napari_swnn.validation._structure import N_STAGES, Ruler, Scale, iter_structure
from napari_swnn.validation._transport import N_SOLVES, iter_transport
from napari_swnn.validation._uncertainty import CONFIDENCE, half_widths, reference_interval
from napari_swnn.validation._volumes import check_conductivities, check_contents, is_lazy, shape_of

LONGEST = 64
"""Distance in voxels beyond which curves are not compared."""

BLOCK = 128
"""Side in voxels of what is kept of the first volume, for a picture."""


@dataclass(frozen=True, slots=True)
class ValidationStep:
    """What a running validation is about to do.

    Attributes
    ----------
    index : int
        Tasks that are finished.
    n_steps : int
        Tasks there are. A solve for a property is one task and yields many steps.
    task : str
        What is being done now.
    """

    index: int
    n_steps: int
    task: str


def validate(
    volumes: Any,
    reference: Reference,
    *,
    physics: bool = False,
    conductivities: Mapping[int, float] | None = None,
    max_distance: int | None = None,
    progress: Callable[[ValidationStep], None] | None = None,
) -> ValidationReport:
    """Compare volumes with the reference they were made from.

    Parameters
    ----------
    volumes : array_like or sequence of array_like
        Labels ``(z, y, x)`` or ``(y, x)``, with the reference's label for the phase of interest; several realisations
        as a list. One at a time is held in memory.
    reference : Reference
        The reference; only what lies in its region of interest counts.
    physics : bool
        Whether to compute the conductivity and the permeability of every volume along every axis, which takes far
        longer than the rest. Solves that fail are told in the report.
    conductivities : mapping of int to float, optional
        Conductivity of each label in W/(m·K); by default 0.026 for the phase of interest and 1.4 for the background.
    max_distance : int, optional
        Longest distance of the curves, in voxels; by default half the shortest side, at most 64.
    progress : callable, optional
        Called with every `ValidationStep`.

    Returns
    -------
    ValidationReport
        Every statistic of both, with the spread over realisations and the reference's own uncertainty.

    Raises
    ------
    TypeError
        If the reference is not a `Reference` or labels are not integers.
    ValueError
        If there is no volume, or one has the wrong dimension, lacks the phase of interest, or has a label without a
        conductivity.
    """
    steps = iter_validate(volumes, reference, physics=physics, conductivities=conductivities, max_distance=max_distance)
    return drain(steps, progress)


def iter_validate(
    volumes: Any,
    reference: Reference,
    *,
    physics: bool = False,
    conductivities: Mapping[int, float] | None = None,
    max_distance: int | None = None,
) -> Generator[ValidationStep, None, ValidationReport]:
    """Compare as `validate` does, yielding a `ValidationStep` before each task.

    The input is checked at the call, but for the values of lazy volumes: they are looked at when their turn comes, with
    physics before the first solve. The generator's return value is the report; closing it stops the work.
    """
    if not isinstance(reference, Reference):
        raise TypeError(f"reference must be a Reference, got {type(reference).__name__}; wrap it: Reference(labels)")
    given = list(volumes) if isinstance(volumes, list | tuple) else [volumes]
    if not given:
        raise ValueError("volumes must hold at least one volume, got none")
    shapes = [shape_of(volume) for volume in given]
    if len({len(shape) for shape in shapes}) > 1:
        raise ValueError(f"volumes must all be 2-D or all be 3-D, got shapes {shapes}; validate them apart")
    if physics and len(shapes[0]) != 3:
        raise ValueError(f"physics needs volumes (z, y, x), got shape {shapes[0]}; leave physics out for sections")
    chosen = {reference.phase: PORE_CONDUCTIVITY, reference.background: SOLID_CONDUCTIVITY}
    taken = check_conductivities(conductivities or chosen) if physics else None
    ruler = _ruler(shapes, reference, max_distance)
    for i, volume in enumerate(given):
        if not is_lazy(volume):
            check_contents(check_labels(volume), _name(i, given), reference.phase, taken)
    return _steps(given, shapes, reference, ruler, taken)


def _steps(
    volumes: Sequence[Any],
    shapes: Sequence[Shape],
    reference: Reference,
    ruler: Ruler,
    conductivities: Mapping[int, float] | None,
) -> Generator[ValidationStep, None, ValidationReport]:
    per_volume = N_STAGES + 2 + (0 if conductivities is None else N_SOLVES)
    n_steps = N_STAGES + 1 + per_volume * len(volumes)
    # To compute a lazy volume twice is little beside its solves, and hours of those would be lost.
    for i, volume in enumerate(volumes if conductivities is not None and len(volumes) > 1 else ()):
        if is_lazy(volume):
            yield ValidationStep(0, n_steps, f"{_name(i, volumes)}: checking its labels")
            check_contents(check_labels(volume), _name(i, volumes), reference.phase, conductivities)
    sample = Sample.of_reference(reference)
    stage = count()
    of_reference = yield from retell(
        iter_structure(sample, ruler), lambda what: ValidationStep(next(stage), n_steps, f"reference: {what}")
    )
    yield ValidationStep(N_STAGES, n_steps, "reference: uncertainty")
    reference_measured = MeasuredReference(reference_interval(reference), of_reference, *half_widths(sample, ruler))
    measured = []
    for i, volume in enumerate(volumes):
        begin, name = N_STAGES + 1 + i * per_volume, _name(i, volumes)
        labels = check_labels(volume, name=f"volumes[{i}]")
        measured.append((yield from _measure(labels, reference, ruler, conductivities, begin, n_steps, name)))
    return assemble(reference, shapes, conductivities or {}, reference_measured, measured)


def _measure(
    labels: Labels,
    reference: Reference,
    ruler: Ruler,
    conductivities: Mapping[int, float] | None,
    begin: int,
    n_steps: int,
    name: str,
) -> Generator[ValidationStep, None, Measured]:
    inside = check_contents(labels, name, reference.phase, conductivities)
    stage = count(begin)
    structure = yield from retell(
        iter_structure(Sample.of_volume(inside), ruler),
        lambda what: ValidationStep(next(stage), n_steps, f"{name}: {what}"),
    )
    yield ValidationStep(begin + N_STAGES, n_steps, f"{name}: uncertainty")
    interval = volume_fraction_interval(inside, confidence=CONFIDENCE, **ruler.scale)
    yield ValidationStep(begin + N_STAGES + 1, n_steps, f"{name}: connectivity")
    connectivity = Connectivity.of(inside, reference.voxel_size) if inside.ndim == 3 else None
    transport = None
    if conductivities is not None:
        transport = yield from retell(
            iter_transport(labels, reference.phase, conductivities),
            lambda told: ValidationStep(begin + N_STAGES + 2 + told[0], n_steps, f"{name}: {told[1]}"),
        )
    return Measured(interval, structure, _middle_sections(inside), _block(inside), connectivity, transport)


def _name(i: int, volumes: Sequence[Any]) -> str:
    return f"volume {i + 1} of {len(volumes)}"


def _ruler(shapes: Sequence[Shape], reference: Reference, max_distance: int | None) -> Ruler:
    sides = [side for shape in shapes for side in shape]
    sides += [side for section in reference.sections for side in section.image.shape]
    shortest = min(sides)
    reach = min(LONGEST, shortest // 2)
    if max_distance is not None:
        reach = check_whole(max_distance, name="max_distance")
        if reach >= shortest:
            raise ValueError(
                f"max_distance must be below {shortest} voxels, the shortest side there is, got {reach}; "
                "ask for a smaller distance or give larger volumes"
            )
    window = common_window(Sample.of_reference(reference), shortest)
    return Ruler(reach, window, Scale(voxel_size=reference.voxel_size, unit=reference.unit))


def _middle_sections(inside: BoolArray) -> tuple[BoolArray, ...]:
    if inside.ndim == 2:
        return (inside.copy(),)
    return tuple(np.take(inside, inside.shape[axis] // 2, axis) for axis in range(3))


def _block(inside: BoolArray) -> BoolArray:
    """The middle of a volume, small enough to be kept."""
    starts = [max(0, (n - BLOCK) // 2) for n in inside.shape]
    return inside[tuple(slice(start, start + BLOCK) for start in starts)].copy()
