"""Measurements of a reference and of a volume, each as a sequence of named tasks.

The phase of interest is measured in full. With more than two phases, the others are measured too, except for the
two-point cluster function and the confidence interval of the fraction in each volume, which take longest; then follow
the pairs of phases and the triple-phase boundary.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from napari_swnn._phase_names import name_phase
from napari_swnn._phases import measure_fractions
from napari_swnn._steps import forward_steps
from napari_swnn._types import FloatArray, Labels, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.statistics import FractionInterval, volume_fraction_interval
from napari_swnn.validation._comparison import PieceScatter, Quantity
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._interfaces import (
    Group,
    measure_active_lines,
    measure_lines,
    measure_pairs,
)
from napari_swnn.validation._pieces import measure_pieces
from napari_swnn.validation._samples import Places, Sample, find_places
from napari_swnn.validation._solves import Solves, iter_transport
from napari_swnn.validation._structure import (
    OF_FURTHER_PHASES,
    STATISTICS,
    Ruler,
    Structure,
    iter_structure,
    measure_structure,
)
from napari_swnn.validation._transport import Transport
from napari_swnn.validation._uncertainty import CONFIDENCE, sample_interval, scatter_of_parts

BLOCK = 128
"""Edge length in voxels of the part of the first volume that is kept for figures."""

_PAIRS = "pairs of phases"
_LINES = "triple-phase boundary"
_UNCERTAINTY = "uncertainty"
_CONNECTIVITY = "connectivity"

Groups = dict[Group, Structure]


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredReference:
    """Statistics of the reference.

    Attributes
    ----------
    intervals : tuple of FractionInterval
        Confidence interval of the fraction of each measured phase.
    groups : dict of Structure
        Statistics of each group of phases.
    curve_widths, number_widths : dict of dict
        Half-widths of the 95 % confidence intervals of each group.
    pieces : dict of dict
        Numbers of each phase in pieces of the size of the volumes, if these are small.
    """

    intervals: tuple[FractionInterval, ...]
    groups: Groups
    curve_widths: dict[Group, dict[str, FloatArray]]
    number_widths: dict[Group, dict[str, float]]
    pieces: dict[Group, dict[str, PieceScatter]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """Statistics of one volume.

    Attributes
    ----------
    interval : FractionInterval
        Confidence interval of the fraction of the phase of interest.
    groups : dict of Structure
        Statistics of each group of phases.
    sections : tuple of numpy.ndarray
        Middle sections: booleans for two phases, labels for more.
    block : numpy.ndarray
        Central part, for figures.
    connectivity : tuple of Connectivity
        Connectivity of each measured phase; empty for a section.
    active : dict of Quantity
        Length of the active triple-phase boundary of each group.
    transport : Transport or None
        Transport properties, if computed.
    further, absent : tuple of int
        Labels that are no phases of the reference, and phases of the reference that the volume lacks.
    """

    interval: FractionInterval
    groups: Groups
    sections: tuple[Labels, ...]
    block: Labels
    connectivity: tuple[Connectivity, ...] = ()
    active: dict[Group, Quantity] = field(default_factory=dict)
    transport: Transport | None = None
    further: tuple[int, ...] = ()
    absent: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Measurement:
    """Measurements to carry out on the reference and on each volume.

    Attributes
    ----------
    reference : Reference
        Reference with its phases.
    sample : Sample
        Sections or volume of the reference.
    ruler : Ruler
        Settings shared by the reference and the volumes.
    solves : Solves or None
        Transport properties to solve for.
    shapes : tuple of tuple of int
        Shapes of the volumes.
    """

    reference: Reference
    sample: Sample
    ruler: Ruler
    solves: Solves | None
    shapes: tuple[Shape, ...] = ()

    @property
    def n_phases(self) -> int:
        """Number of phases of the reference."""
        return len(self.reference.phases)

    @property
    def measured(self) -> tuple[int, ...]:
        """Positions of the phases that are measured: of two, the phase of interest only, since the other mirrors it."""
        return tuple(range(self.n_phases)) if self.n_phases > 2 else (0,)

    @property
    def reference_tasks(self) -> list[str]:
        """Names of the tasks of `iter_reference`, in order."""
        return [*self._group_tasks(), _UNCERTAINTY]

    @property
    def volume_tasks(self) -> list[str]:
        """Names of the tasks of `iter_volume`, in order."""
        return [*self._group_tasks(), _UNCERTAINTY, _CONNECTIVITY, *(self.solves.tasks if self.solves else ())]

    def iter_reference(self) -> Generator[str, None, MeasuredReference]:
        """Measure the reference; yield the name of each task and return the result."""
        groups, line_widths = yield from self._iter_groups(self.sample)
        yield _UNCERTAINTY
        intervals = tuple(sample_interval(self.sample.of_phase(i), self.reference) for i in self.measured)
        curve_widths, number_widths = self._measure_scatter(groups)
        number_widths |= {group: {"triple_phase_boundary": width} for group, width in line_widths.items()}
        for i, interval in zip(self.measured, intervals, strict=True):
            number_widths[i,]["porosity"] = interval.half_width
        pieces: dict[Group, dict[str, PieceScatter]] = {}
        for i in self.measured if self.shapes else ():
            pieces[i,] = measure_pieces(self.sample.of_phase(i), self.ruler, self.shapes)
        return MeasuredReference(intervals, groups, curve_widths, number_widths, pieces)

    def iter_volume(self, labels: Labels) -> Generator[tuple[str, str], None, Measured]:
        """Measure a volume; yield the name of each task with its progress as text, and return the result."""
        places = find_places(labels, self.reference.phases)
        sample = Sample.of_volume(places)
        groups, _ = yield from forward_steps(self._iter_groups(sample), _without_detail)
        yield _UNCERTAINTY, ""
        interval = volume_fraction_interval(sample.of_phase(0).arrays[0], confidence=CONFIDENCE, **self.ruler.scale)
        yield _CONNECTIVITY, ""
        is_volume = places.ndim == 3
        connectivity = [
            Connectivity.of(sample.of_phase(i).arrays[0], self.ruler.voxel.value) for i in self.measured if is_volume
        ]
        phases, present = self.reference.phases, measure_fractions([labels])
        active = {}
        if is_volume and self.n_phases > 2:
            positions = [i for i, label in enumerate(phases) if label in present]
            active = measure_active_lines(places, positions, self.n_phases, self.ruler)
        transport = None
        if self.solves is not None:
            transport = yield from iter_transport(labels, self.solves)
        shown = places if places.dtype == bool else labels
        return Measured(
            interval,
            groups,
            _middle_sections(shown),
            _middle_block(shown),
            tuple(connectivity),
            active,
            transport,
            further=tuple(label for label in present if label not in phases),
            absent=tuple(label for label in phases if label not in present),
        )

    def _group_tasks(self) -> list[str]:
        tasks = [self._name_task(i, task) for i in self.measured for task in _tasks_of(i)]
        return [*tasks, _PAIRS, _LINES] if self.n_phases > 2 else tasks

    def _iter_groups(self, sample: Sample) -> Generator[str, None, tuple[Groups, dict[Group, float]]]:
        """Measure all groups; return them with the half-widths of the interval of the triple-phase boundary."""
        groups: Groups = {}
        for i in self.measured:
            steps = iter_structure(sample.of_phase(i), self.ruler, _tasks_of(i))
            groups[i,] = yield from forward_steps(steps, partial(self._name_task, i))
        if self.n_phases == 2:
            return groups, {}
        yield _PAIRS
        groups |= measure_pairs(sample, self.n_phases, self.ruler)
        yield _LINES
        lines, half_widths = measure_lines(sample, self.n_phases, self.ruler, CONFIDENCE)
        return groups | lines, half_widths

    def _measure_scatter(
        self, groups: Groups
    ) -> tuple[dict[Group, dict[str, FloatArray]], dict[Group, dict[str, float]]]:
        """Return the half-widths of the intervals of phases and pairs, from the parts of the reference."""
        parts: list[Groups] = []
        for part in self.sample.parts():
            phases = [measure_structure(part.of_phase(i), self.ruler, _tasks_of(i)) for i in self.measured]
            found: Groups = {(i,): each for i, each in zip(self.measured, phases, strict=True)}
            parts.append(found | (measure_pairs(part, self.n_phases, self.ruler) if self.n_phases > 2 else {}))
        curves, numbers = {}, {}
        for group, structure in groups.items():
            if len(group) in (1, 2):
                each = [part[group] for part in parts]
                curves[group], numbers[group] = scatter_of_parts(each, structure.curves, structure.quantities)
        return curves, numbers

    def _name_task(self, position: int, task: str) -> str:
        if self.n_phases == 2:
            return task
        return f"{task} of {name_phase(self.reference.phases[position], self.reference.names)}"


def _tasks_of(position: int) -> tuple[str, ...]:
    return tuple(STATISTICS) if position == 0 else OF_FURTHER_PHASES


def _without_detail(task: str) -> tuple[str, str]:
    return task, ""


def _middle_sections(array: Places) -> tuple[Labels, ...]:
    if array.ndim == 2:
        return (array.copy(),)
    return tuple(np.take(array, array.shape[axis] // 2, axis) for axis in range(3))


def _middle_block(array: Places) -> Labels:
    """Return the central part of a volume, small enough to keep in a report."""
    starts = [max(0, (n - BLOCK) // 2) for n in array.shape]
    return array[tuple(slice(start, start + BLOCK) for start in starts)].copy()
