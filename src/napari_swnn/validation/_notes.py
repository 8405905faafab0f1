"""Remarks of a validation report on the reliability of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from napari_swnn._phase_names import name_phase
from napari_swnn._phases import list_labels
from napari_swnn._sentences import as_sentence
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.validation._measurement import Measured, MeasuredReference, Measurement

_FAILED = ("MAX_ITERATIONS", "PRECISION_LIMIT")


def write_notes(
    measurement: Measurement, of_reference: MeasuredReference, measured: Sequence[Measured]
) -> tuple[str, ...]:
    """Return sentences on what the numbers of a report can and cannot tell."""
    several = measurement.n_phases > 2
    fractions = _on_fractions(measurement, of_reference, measured) if several else _on_porosity(of_reference, measured)
    runs = _on_runs(measurement, measured)
    return (*fractions, *_on_labels(measurement, measured), *runs, *_on_orientation(measurement.reference, measured))


def _on_orientation(reference: Reference, measured: Sequence[Measured]) -> Iterator[str]:
    if reference.assumption and measured[0].block.ndim == 3:
        yield as_sentence(reference.assumption)
    yield from map(as_sentence, reference.orientation.check.remarks if reference.orientation else ())


def _on_porosity(of_reference: MeasuredReference, measured: Sequence[Measured]) -> Iterator[str]:
    interval = of_reference.intervals[0]
    if interval.warning is not None:
        yield f"Interval of the reference's porosity: {interval.warning}."
    porosity = float(np.mean([m.interval.value for m in measured]))
    if not interval.low <= porosity <= interval.high:
        yield (
            f"The porosity of the volumes, {porosity:.3f}, lies outside the reference's own interval, "
            f"{interval.low:.3f} to {interval.high:.3f}. This alone makes curves that depend on the porosity differ; "
            "compare the normalised autocovariance instead."
        )
    if measured[0].interval.warning is not None:
        yield f"Interval of the porosity of the first volume: {measured[0].interval.warning}."


def _on_fractions(
    measurement: Measurement, of_reference: MeasuredReference, measured: Sequence[Measured]
) -> Iterator[str]:
    reference = measurement.reference
    names = [name_phase(phase, reference.names) for phase in reference.phases]
    warned: dict[str, list[str]] = {}
    for name, interval in zip(names, of_reference.intervals, strict=True):
        if interval.warning is not None:
            warned.setdefault(interval.warning, []).append(name)
    for warning, of in warned.items():
        yield f"Interval of the reference's fraction of {', '.join(of)}: {warning}."
    outside = []
    for i, (name, interval) in enumerate(zip(names, of_reference.intervals, strict=True)):
        fraction = float(np.mean([m.groups[i,].quantities["porosity"].value for m in measured]))
        if not interval.low <= fraction <= interval.high:
            outside.append(f"{name} {fraction:.3f} (interval {interval.low:.3f} to {interval.high:.3f})")
    if outside:
        yield (
            f"Fractions of the volumes outside the reference's own interval: {', '.join(outside)}. This alone makes "
            "curves that depend on the fraction differ; compare the normalised autocovariance instead."
        )


def _on_labels(measurement: Measurement, measured: Sequence[Measured]) -> Iterator[str]:
    further = sorted({label for m in measured for label in m.further})
    if further and measurement.n_phases == 2:
        yield (
            f"Labels {list_labels(further)} of the volumes are no labels of a reconstruction; without physics, they "
            "count as background."
        )
    elif further:
        yield (
            f"Labels {list_labels(further)} of the volumes are no phases of the reference; their voxels count in the "
            "volume, but belong to no phase."
        )
    if measurement.n_phases > 2:
        for label in measurement.reference.phases:
            lacking = [str(i) for i, m in enumerate(measured, 1) if label in m.absent]
            if lacking:
                name = name_phase(label, measurement.reference.names)
                yield f"No voxel is {name} in volume {', '.join(lacking)}."


def _on_runs(measurement: Measurement, measured: Sequence[Measured]) -> Iterator[str]:
    failed = sum(p.outcome.name in _FAILED for m in measured if m.transport for p in m.transport.properties)
    if failed:
        yield f"{failed} {'solve' if failed == 1 else 'solves'} did not converge; these values are unreliable."
    if measurement.solves is not None and not measurement.solves.conductivities:
        yield "The conductivity was not computed, since no conductivities of the phases were given."
    if len(measured) == 1:
        yield "A single volume gives no spread; generate several volumes to see how much realisations vary."
