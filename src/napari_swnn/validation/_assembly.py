"""Assembly of the validation report from the measured reference and volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._phases import list_labels
from napari_swnn._types import BoolArray, FloatArray, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.statistics import Curve, FractionInterval
from napari_swnn.validation._comparison import CurveComparison, Quantity, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._report import ValidationReport
from napari_swnn.validation._structure import CURVES, QUANTITIES, CurveKind, Structure
from napari_swnn.validation._transport import CONDUCTIVITY_UNIT, Transport, mean_of

_FAILED = ("MAX_ITERATIONS", "PRECISION_LIMIT")


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredReference:
    """Statistics of the reference, with the half-widths of their 95 % confidence intervals."""

    interval: FractionInterval
    structure: Structure
    curve_widths: dict[str, FloatArray]
    number_widths: dict[str, float]


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """Statistics of one volume, and its labels that are none of the reconstruction."""

    interval: FractionInterval
    structure: Structure
    sections: tuple[BoolArray, ...]
    block: BoolArray
    connectivity: Connectivity | None
    transport: Transport | None
    further: tuple[int, ...] = ()


def assemble(
    reference: Reference,
    shapes: Sequence[Shape],
    conductivities: Mapping[int, float],
    of_reference: MeasuredReference,
    measured: Sequence[Measured],
) -> ValidationReport:
    """Return the report on the reference and all volumes."""
    unit, interval = reference.unit, of_reference.interval
    connectivity = tuple(m.connectivity for m in measured if m.connectivity is not None)
    transport = tuple(m.transport for m in measured if m.transport is not None)
    quantities = _of_structure(unit, of_reference, measured)
    quantities |= _of_volumes_alone(connectivity, unit) | _of_transport(transport, reference)
    return ValidationReport(
        phase=reference.phase,
        voxel=reference.voxel,
        shapes=tuple(shapes),
        reference_interval=interval,
        intervals=tuple(m.interval for m in measured),
        curves=_curves(unit, of_reference, measured),
        quantities=quantities,
        connectivity=connectivity,
        conductivities=dict(conductivities),
        transport=transport,
        reference_sections=_reference_sections(reference),
        volume_sections=tuple(m.sections for m in measured),
        block=measured[0].block,
        notes=_notes(interval, measured),
    )


def _curves(unit: str, of_reference: MeasuredReference, measured: Sequence[Measured]) -> dict[str, CurveComparison]:
    found = of_reference.structure.curves
    return {
        key: _curve_comparison(
            kind, unit, found[key], of_reference.curve_widths[key], [m.structure.curves[key] for m in measured]
        )
        for key, kind in CURVES.items()
    }


def _of_structure(
    unit: str, of_reference: MeasuredReference, measured: Sequence[Measured]
) -> dict[str, QuantityComparison]:
    widths = {**of_reference.number_widths, "porosity": of_reference.interval.half_width}
    return {
        key: QuantityComparison(
            kind.name,
            _power(unit, kind.power),
            kind.on_sections,
            of_reference.structure.quantities[key],
            widths[key],
            tuple(m.structure.quantities[key] for m in measured),
        )
        for key, kind in QUANTITIES.items()
    }


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
    if reference.voxel.length_unit is not None:
        area = reference.voxel.metres**2
        in_metres = [mean_of(t.permeability, area) for t in transport]
        found["permeability_in_m2"] = _alone("permeability (3-D)", "m²", in_metres)
    return found


def _alone(name: str, unit: str, quantities: Sequence[Quantity]) -> QuantityComparison:
    return QuantityComparison(name, unit, False, None, np.nan, tuple(quantities))


def _power(unit: str, power: int) -> str:
    """Return a power of the length unit as text."""
    return {1: unit, -1: f"1/{unit}", -3: f"1/{unit}³", 0: ""}[power]


def _notes(interval: FractionInterval, measured: Sequence[Measured]) -> tuple[str, ...]:
    notes = [] if interval.warning is None else [f"Interval of the reference's porosity: {interval.warning}."]
    porosity = float(np.mean([m.interval.value for m in measured]))
    if not interval.low <= porosity <= interval.high:
        notes.append(
            f"The porosity of the volumes, {porosity:.3f}, lies outside the reference's own interval, "
            f"{interval.low:.3f} to {interval.high:.3f}. This alone makes curves that depend on the porosity differ; "
            "compare the normalised autocovariance instead."
        )
    if measured[0].interval.warning is not None:
        notes.append(f"Interval of the porosity of the first volume: {measured[0].interval.warning}.")
    further = sorted({label for m in measured for label in m.further})
    if further:
        notes.append(
            f"Labels {list_labels(further)} of the volumes are no labels of a reconstruction; without physics, they "
            "count as background."
        )
    failed = sum(p.outcome.name in _FAILED for m in measured if m.transport for p in _properties(m.transport))
    if failed:
        notes.append(f"{failed} {'solve' if failed == 1 else 'solves'} did not converge; these values are unreliable.")
    if len(measured) == 1:
        notes.append("A single volume gives no spread; generate several volumes to see how much realisations vary.")
    return tuple(notes)


def _properties(transport: Transport) -> tuple[Any, ...]:
    return transport.conductivity + transport.permeability


def _reference_sections(reference: Reference) -> tuple[BoolArray, ...]:
    if len(reference.directions) == 3:
        return tuple(sections[len(sections) // 2].image for sections in reference.directions)
    return tuple(section.image for section in reference.sections[:3])
