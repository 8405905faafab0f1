"""Measure the reference and every volume, and put them side by side."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from napari_swnn._checks import check_labels, check_whole
from napari_swnn._steps import drain, retell
from napari_swnn._types import BoolArray, FloatArray, Labels, Shape
from napari_swnn.core.reference import Reference
from napari_swnn.physics.flow import METRES
from napari_swnn.statistics import Curve, FractionInterval, volume_fraction_interval
from napari_swnn.validation._comparison import CurveComparison, Quantity, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._report import ValidationReport
from napari_swnn.validation._samples import Sample, common_window
from napari_swnn.validation._structure import (
    CURVES,
    N_STAGES,
    QUANTITIES,
    CurveKind,
    Ruler,
    Scale,
    Structure,
    iter_structure,
)
from napari_swnn.validation._transport import (
    BACKGROUND_CONDUCTIVITY,
    CONDUCTIVITY_UNIT,
    N_SOLVES,
    PHASE_CONDUCTIVITY,
    Transport,
    iter_transport,
    mean_of,
)
from napari_swnn.validation._uncertainty import CONFIDENCE, half_widths, reference_interval

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
        If there is no volume, or one has the wrong dimension or lacks the phase of interest.
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

    The kind and shape of the input are checked at the call. The generator's return value is the report; closing it
    stops the work.
    """
    if not isinstance(reference, Reference):
        raise TypeError(f"reference must be a Reference, got {type(reference).__name__}; wrap it: Reference(labels)")
    given = list(volumes) if isinstance(volumes, list | tuple) else [volumes]
    if not given:
        raise ValueError("volumes must hold at least one volume, got none")
    shapes = [_shape(volume) for volume in given]
    if len({len(shape) for shape in shapes}) > 1:
        raise ValueError(f"volumes must all be 2-D or all be 3-D, got shapes {shapes}; validate them apart")
    if physics and len(shapes[0]) != 3:
        raise ValueError(f"physics needs volumes (z, y, x), got shape {shapes[0]}; leave physics out for sections")
    chosen = {reference.phase: PHASE_CONDUCTIVITY, reference.background: BACKGROUND_CONDUCTIVITY}
    ruler = _ruler(shapes, reference, max_distance)
    return _steps(given, shapes, reference, ruler, dict(conductivities or chosen) if physics else None)


@dataclass(frozen=True, eq=False, slots=True)
class _Measured:
    """One volume."""

    interval: FractionInterval
    structure: Structure
    sections: tuple[BoolArray, ...]
    block: BoolArray
    connectivity: Connectivity | None
    transport: Transport | None


def _steps(
    volumes: Sequence[Any],
    shapes: Sequence[Shape],
    reference: Reference,
    ruler: Ruler,
    conductivities: Mapping[int, float] | None,
) -> Generator[ValidationStep, None, ValidationReport]:
    per_volume = N_STAGES + 2 + (0 if conductivities is None else N_SOLVES)
    n_steps = N_STAGES + 1 + per_volume * len(volumes)
    sample = Sample.of_reference(reference)
    stage = count()
    of_reference = yield from retell(
        iter_structure(sample, ruler), lambda what: ValidationStep(next(stage), n_steps, f"reference: {what}")
    )
    yield ValidationStep(N_STAGES, n_steps, "reference: uncertainty")
    interval, widths = reference_interval(reference), half_widths(sample, ruler)
    measured = []
    for i, volume in enumerate(volumes):
        begin, name = N_STAGES + 1 + i * per_volume, f"volume {i + 1} of {len(volumes)}"
        labels = check_labels(volume, name=f"volumes[{i}]")
        measured.append((yield from _measure(labels, reference, ruler, conductivities, begin, n_steps, name)))
    return _assemble(reference, shapes, conductivities or {}, (interval, of_reference, widths), measured)


def _measure(
    labels: Labels,
    reference: Reference,
    ruler: Ruler,
    conductivities: Mapping[int, float] | None,
    begin: int,
    n_steps: int,
    name: str,
) -> Generator[ValidationStep, None, _Measured]:
    inside = labels == reference.phase
    if not inside.any() or inside.all():
        state = "nothing else" if inside.any() else "none of it"
        raise ValueError(
            f"{name} must hold phase {reference.phase} and another, got {state}; "
            "give the reference the label that the volumes use"
        )
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
    return _Measured(interval, structure, _middle_sections(inside), _block(inside), connectivity, transport)


def _shape(volume: Any) -> Shape:
    """Check what can be checked without computing a lazy volume."""
    if hasattr(volume, "__dask_graph__"):  # an array of the same kind that takes no memory stands in for it
        volume = np.broadcast_to(np.zeros((), volume.dtype), volume.shape)
    return check_labels(volume, name="volumes").shape


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


def _reference_sections(reference: Reference) -> tuple[BoolArray, ...]:
    if len(reference.directions) == 3:
        return tuple(sections[len(sections) // 2].image for sections in reference.directions)
    return tuple(section.image for section in reference.sections[:3])


def _assemble(
    reference: Reference,
    shapes: Sequence[Shape],
    conductivities: Mapping[int, float],
    of_reference: tuple[FractionInterval, Structure, tuple[dict[str, FloatArray], dict[str, float]]],
    measured: Sequence[_Measured],
) -> ValidationReport:
    interval, structure, (curve_widths, number_widths) = of_reference
    number_widths = {**number_widths, "porosity": interval.half_width}
    unit = reference.unit
    curves = {
        key: _curve_comparison(
            kind, unit, structure.curves[key], curve_widths[key], [m.structure.curves[key] for m in measured]
        )
        for key, kind in CURVES.items()
    }
    quantities = {
        key: QuantityComparison(
            kind.name,
            _power(unit, kind.power),
            kind.on_sections,
            structure.quantities[key],
            number_widths[key],
            tuple(m.structure.quantities[key] for m in measured),
        )
        for key, kind in QUANTITIES.items()
    }
    connectivity = tuple(m.connectivity for m in measured if m.connectivity is not None)
    transport = tuple(m.transport for m in measured if m.transport is not None)
    quantities |= _of_volumes_alone(connectivity, unit) | _of_transport(transport, reference)
    return ValidationReport(
        phase=reference.phase,
        voxel_size=reference.voxel_size,
        unit=unit,
        shapes=tuple(shapes),
        reference_interval=interval,
        intervals=tuple(m.interval for m in measured),
        curves=curves,
        quantities=quantities,
        connectivity=connectivity,
        conductivities=dict(conductivities),
        transport=transport,
        reference_sections=_reference_sections(reference),
        volume_sections=tuple(m.sections for m in measured),
        block=measured[0].block,
        notes=_notes(interval, measured),
    )


def _curve_comparison(
    kind: CurveKind, unit: str, reference: Curve, half_width: FloatArray, realisations: Sequence[Curve]
) -> CurveComparison:
    return CurveComparison(
        name=kind.name,
        symbol=kind.symbol,
        argument=kind.argument,
        unit=_power(unit, -1) if kind.per_length else "",
        on_sections=kind.on_sections,
        reference=reference,
        half_width=np.broadcast_to(half_width, reference.distance.shape),
        realisations=tuple(realisations),
    )


def _of_volumes_alone(connectivity: Sequence[Connectivity], unit: str) -> dict[str, QuantityComparison]:
    if not connectivity:
        return {}
    connected = [Quantity(c.connected_fraction, c.connected_by_axis) for c in connectivity]
    largest = [Quantity(c.largest_fraction) for c in connectivity]
    euler = [Quantity(c.euler_density) for c in connectivity]
    return {
        "connected_fraction": _alone("fraction connected from face to face (3-D)", "", connected),
        "largest_fraction": _alone("fraction in the largest cluster (3-D)", "", largest),
        "euler_density": _alone("Euler number per volume (3-D)", _power(unit, -3), euler),
    }


def _of_transport(transport: Sequence[Transport], reference: Reference) -> dict[str, QuantityComparison]:
    if not transport:
        return {}
    conductivity = [mean_of(t.conductivity) for t in transport]
    found = {
        "conductivity": _alone("conductivity (3-D)", CONDUCTIVITY_UNIT, conductivity),
        "permeability": _alone("permeability (3-D)", "voxel²", [mean_of(t.permeability) for t in transport]),
    }
    if reference.unit in METRES:
        area = (reference.voxel_size * METRES[reference.unit]) ** 2
        in_metres = [mean_of(t.permeability, area) for t in transport]
        found["permeability_in_m2"] = _alone("permeability (3-D)", "m²", in_metres)
    return found


def _alone(name: str, unit: str, quantities: Sequence[Quantity]) -> QuantityComparison:
    return QuantityComparison(name, unit, False, None, np.nan, tuple(quantities))


def _power(unit: str, power: int) -> str:
    """Unit of length to a power, as text."""
    return {1: unit, -1: f"1/{unit}", -3: f"1/{unit}³", 0: ""}[power]


def _notes(interval: FractionInterval, measured: Sequence[_Measured]) -> tuple[str, ...]:
    notes = [] if interval.warning is None else [f"The interval of the reference's porosity: {interval.warning}."]
    porosity = float(np.mean([m.interval.value for m in measured]))
    if not interval.low <= porosity <= interval.high:
        notes.append(
            f"The volumes' porosity, {porosity:.3f}, lies outside the reference's own interval, {interval.low:.3f} to "
            f"{interval.high:.3f}: curves that depend on it differ for that reason alone; compare the normalised "
            "autocovariance."
        )
    if measured[0].interval.warning is not None:
        notes.append(f"The interval of a volume's porosity: {measured[0].interval.warning}.")
    failed = sum(p.outcome.name in _FAILED for m in measured if m.transport for p in _properties(m.transport))
    if failed:
        notes.append(f"{failed} solve(s) did not converge; their values are not to be relied on.")
    if len(measured) == 1:
        notes.append("One volume shows no spread; generate several to see how much they differ.")
    return tuple(notes)


_FAILED = ("MAX_ITERATIONS", "PRECISION_LIMIT")


def _properties(transport: Transport) -> tuple[Any, ...]:
    return transport.conductivity + transport.permeability
