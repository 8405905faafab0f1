"""Assembly of the validation report from the measured reference and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_swnn._phase_names import name_phase
from napari_swnn._types import Labels, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.validation._comparison import CurveComparison, Quantity, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._groups import PhaseGroup
from napari_swnn.validation._interfaces import (
    LINE_QUANTITIES,
    PAIR_CURVES,
    PAIR_QUANTITIES,
    Group,
    list_lines,
    list_pairs,
)
from napari_swnn.validation._measurement import Measured, MeasuredReference, Measurement
from napari_swnn.validation._notes import write_notes
from napari_swnn.validation._report import ValidationReport
from napari_swnn.validation._structure import CURVES, QUANTITIES, CurveKind, QuantityKind
from napari_swnn.validation._transport import CONDUCTIVITY_UNIT, Transport, mean_of, tortuosity_of

_CURVES = CURVES | PAIR_CURVES
_QUANTITIES = QUANTITIES | PAIR_QUANTITIES | LINE_QUANTITIES

_OF_SEVERAL_PHASES = {
    "porosity": ("volume_fraction", "volume fraction"),
    "mean_pore_size": ("mean_pore_size", "mean feature size of sections"),
    "pore_sizes": ("pore_sizes", "feature sizes of sections"),
}
"""Key and name of statistics that are not named after pores where a report is about more than two phases."""


def assemble(
    measurement: Measurement, shapes: Sequence[Shape], of_reference: MeasuredReference, measured: Sequence[Measured]
) -> ValidationReport:
    """Return the report on the reference and all volumes."""
    reference = measurement.reference
    transport = tuple(m.transport for m in measured if m.transport is not None)
    groups = _Assembly(reference, of_reference, tuple(measured), transport)
    phases = tuple(groups.phase(i) for i in measurement.measured)
    whole = groups.whole()
    if len(phases) == 1:  # of two phases, everything belongs to the phase of interest
        phases = (replace(phases[0], quantities=phases[0].quantities | whole.quantities),)
        whole = replace(whole, quantities={})
    permeability = groups.permeability()
    phases = (replace(phases[0], quantities=phases[0].quantities | permeability), *phases[1:])
    n = len(reference.phases)
    return ValidationReport(
        phase=reference.phase,
        names={label: name_phase(label, reference.names) for label in reference.phases},
        voxel=reference.voxel,
        shapes=tuple(shapes),
        reference_interval=of_reference.intervals[0],
        intervals=tuple(m.interval for m in measured),
        phases=phases,
        pairs=tuple(groups.several(pair) for pair in list_pairs(n)),
        triples=tuple(groups.several(triple) for triple in list_lines(n) if triple),
        whole=whole,
        conductivities=dict(measurement.solves.conductivities) if measurement.solves else {},
        transport=transport,
        reference_sections=_reference_sections(reference),
        volume_sections=tuple(m.sections for m in measured),
        block=measured[0].block,
        notes=write_notes(measurement, of_reference, measured),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Assembly:
    """Reference and volumes, from which the group of a report are put together."""

    reference: Reference
    of_reference: MeasuredReference
    measured: tuple[Measured, ...]
    transport: tuple[Transport, ...]

    @property
    def unit(self) -> str:
        return self.reference.unit

    def phase(self, position: int) -> PhaseGroup:
        """Return the group of one phase, without its permeability."""
        label = self.reference.phases[position]
        group = self.several((position,))
        connectivity = tuple(m.connectivity[position] for m in self.measured if m.connectivity)
        quantities = group.quantities | _of_connectivity(connectivity, self.unit)
        tortuosity = [t.tortuosity.get(label) for t in self.transport if t.tortuosity]
        if tortuosity:
            each = [Quantity(np.nan) if found is None else tortuosity_of(found) for found in tortuosity]
            quantities["tortuosity_factor"] = _alone("tortuosity factor (3-D)", "", each)
        return replace(group, quantities=quantities, connectivity=connectivity)

    def several(self, group: Group) -> PhaseGroup:
        """Return the group of one or several phases, with the statistics that the reference has too."""
        labels = tuple(self.reference.phases[i] for i in group) or self.reference.phases
        structure = self.of_reference.groups[group]
        curves = dict(self._curve(group, key) for key in structure.curves)
        quantities = dict(self._quantity(group, key) for key in structure.quantities)
        if active := [m.active[group] for m in self.measured if group in m.active]:
            name = "active triple-phase boundary (3-D)"
            quantities["active_triple_phase_boundary"] = _alone(name, _power(self.unit, -2), active)
        name = " – ".join(name_phase(label, self.reference.names) for label in labels) if group else "all phases"
        return PhaseGroup(labels, name, curves, quantities)

    def whole(self) -> PhaseGroup:
        """Return the group of all phases together."""
        no_lines = PhaseGroup(self.reference.phases, "all phases")
        group = self.several(()) if () in self.of_reference.groups else no_lines
        conductivity = [mean_of(t.conductivity) for t in self.transport if t.conductivity]
        if not conductivity:
            return group
        found = {"conductivity": _alone("conductivity (3-D)", CONDUCTIVITY_UNIT, conductivity)}
        return replace(group, quantities=group.quantities | found)

    def permeability(self) -> dict[str, QuantityComparison]:
        """Return the permeability of the phase of interest, in voxels and, if the unit is a length, in m²."""
        if not self.transport:
            return {}
        in_voxels = [mean_of(t.permeability) for t in self.transport]
        found = {"permeability": _alone("permeability (3-D)", "voxel²", in_voxels)}
        if self.reference.voxel.length_unit is not None:
            area = self.reference.voxel.metres**2
            in_metres = [mean_of(t.permeability, area) for t in self.transport]
            found["permeability_in_m2"] = _alone("permeability (3-D)", "m²", in_metres)
        return found

    def _curve(self, group: Group, key: str) -> tuple[str, CurveComparison]:
        kind, reference = _CURVES[key], self.of_reference.groups[group].curves[key]
        new_key, name = self._name(key, kind)
        return new_key, CurveComparison(
            name=name,
            symbol=kind.symbol.replace("in pores", "in features") if len(self.reference.phases) > 2 else kind.symbol,
            argument=kind.argument,
            unit=_power(self.unit, -1) if kind.per_length else "",
            on_sections=kind.on_sections,
            reference=reference,
            half_width=np.broadcast_to(self.of_reference.curve_widths[group][key], reference.distance.shape),
            realisations=tuple(m.groups[group].curves[key] for m in self.measured),
        )

    def _quantity(self, group: Group, key: str) -> tuple[str, QuantityComparison]:
        kind = _QUANTITIES[key]
        new_key, name = self._name(key, kind)
        return new_key, QuantityComparison(
            name,
            _power(self.unit, kind.power),
            kind.on_sections,
            self.of_reference.groups[group].quantities[key],
            self.of_reference.number_widths[group][key],
            tuple(m.groups[group].quantities[key] for m in self.measured),
            self.of_reference.pieces.get(group, {}).get(key),
        )

    def _name(self, key: str, kind: CurveKind | QuantityKind) -> tuple[str, str]:
        if len(self.reference.phases) == 2:
            return key, kind.name
        return _OF_SEVERAL_PHASES.get(key, (key, kind.name))


def _of_connectivity(connectivity: Sequence[Connectivity], unit: str) -> dict[str, QuantityComparison]:
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


def _alone(name: str, unit: str, quantities: Sequence[Quantity]) -> QuantityComparison:
    return QuantityComparison(name, unit, False, None, np.nan, tuple(quantities))


def _power(unit: str, power: int) -> str:
    """Return a power of the length unit as text."""
    return {1: unit, -1: f"1/{unit}", -2: f"1/{unit}²", -3: f"1/{unit}³", 0: ""}[power]


def _reference_sections(reference: Reference) -> tuple[Labels, ...]:
    """Return up to three sections for figures: booleans for two phases, labels for more."""
    if len(reference.directions) == 3:
        sections = [sections[len(sections) // 2] for sections in reference.directions]
    else:
        sections = list(reference.sections[:3])
    labels = np.array([True, False] if len(reference.phases) == 2 else reference.phases)
    return tuple(labels[section.positions] for section in sections)
