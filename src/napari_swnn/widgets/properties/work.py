"""Computation of a property in a worker thread."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._progress import Progress
from napari_swnn._steps import forward_steps
from napari_swnn._types import FloatArray, Labels
from napari_swnn.widgets.layers.phase_pick import AllBut
from napari_swnn.widgets.properties.job import PropertyJob
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, DIFFUSION, PERMEABILITY, UNITS
from napari_swnn.widgets.properties.records import SolveRecord, record_solve

if TYPE_CHECKING:
    from napari_swnn.physics import ConductivityResult, PermeabilityResult, SolverStep, Streamline, TortuosityResult

    Solved = ConductivityResult | PermeabilityResult | TortuosityResult

SEED = 0
"""Seed for the starting points of streamlines, so that identical runs show identical streamlines."""


@dataclass(frozen=True, eq=False)
class Fields:
    """Fields of a solve along one axis.

    Attributes
    ----------
    axis : str
        ``"z"``, ``"y"`` or ``"x"``.
    potential, flow : numpy.ndarray or None
        Potential and magnitude of the flow, with the shape of the volume; None if not requested.
    flow_unit : str
        Unit of the flow.
    lines : tuple of Streamline
        Streamlines; empty if not requested or if there is no flow.
    """

    axis: str
    potential: FloatArray | None
    flow: FloatArray | None
    flow_unit: str
    lines: "tuple[Streamline, ...]"


@dataclass(frozen=True, eq=False)
class PropertyRun:
    """A computed property.

    Attributes
    ----------
    job : PropertyJob
        Request for the run.
    records : tuple of SolveRecord
        Numbers along each axis.
    fields : tuple of Fields
        Fields for each axis along which the phase percolates.
    """

    job: PropertyJob
    records: tuple[SolveRecord, ...]
    fields: tuple[Fields, ...]


def compute_property(job: PropertyJob) -> Generator[Progress, None, PropertyRun]:
    """Solve along every requested axis, yielding progress and returning the numbers and fields."""
    yield Progress(fraction=0.0, activity="Reading the layer…")
    labels: Labels = np.array(job.facts.labels)  # a copy, since the user may paint on the layer during the run
    phase = job.choice.phase
    if isinstance(phase, AllBut):
        labels = (labels != phase.label).astype(np.uint8)
        phase = 1
    solve = _make_solver(job, labels, phase)
    axes = job.choice.axes
    records = []
    fields = []
    for i, axis in enumerate(axes):
        solved = yield from forward_steps(solve(axis), _SolveProgress(f"Along {job.name_axis(axis)}", i, len(axes)))
        records.append(record_solve(job, solved))
        if records[-1].outcome != "not_percolating":
            if job.choice.outputs.lines:
                yield Progress(fraction=(i + 1) / len(axes), activity="Computing streamlines…")
            fields.append(_extract_fields(job, labels, solved))
        del solved  # frees memory before the fields of the next axis are allocated
    return PropertyRun(job, tuple(records), tuple(fields))


@dataclass(frozen=True)
class _SolveProgress:
    """Conversion of the progress of one solve to the progress of all solves."""

    title: str
    index: int
    n_solves: int

    def __call__(self, step: "SolverStep") -> Progress:
        fraction = (self.index + step.fraction) / self.n_solves
        return Progress(fraction=fraction, activity=f"{self.title}: {step.activity}")


def _make_solver(
    job: PropertyJob, labels: Labels, phase: Any
) -> "Callable[[int], Generator[SolverStep, None, Solved]]":
    """Return a function that solves along a given axis."""
    from napari_swnn.physics import ConductivityProblem, PermeabilityProblem, SolverOptions, TortuosityProblem

    choice = job.choice
    problem: Any
    if choice.kind is CONDUCTIVITY:
        problem = ConductivityProblem(labels, choice.conductivities, choice.boundary, choice.conductivity_unit)
    elif choice.kind is DIFFUSION:
        problem = TortuosityProblem(labels, phase, choice.boundary)
    else:
        problem = PermeabilityProblem(labels, phase, choice.boundary)
    options = SolverOptions(
        tolerance=choice.solver.tolerance,
        max_iterations=choice.solver.max_iterations or None,
        precision=choice.solver.precision,
        method=choice.method if choice.kind is PERMEABILITY else None,
        throw=False,
    )
    return lambda axis: problem.iter_solve(axis, options)


def _extract_fields(job: PropertyJob, labels: Labels, solved: Any) -> Fields:
    from napari_swnn.physics import streamlines

    outputs = job.choice.outputs
    axis = solved.axis
    potential, vectors, unit = _scale_fields(job, labels, solved)
    lines: tuple[Streamline, ...] = ()
    if outputs.lines and np.take(vectors[axis], 0, axis).max() > 0:
        rng = np.random.default_rng(SEED)
        lines = tuple(streamlines(vectors, axis=axis, n_lines=outputs.n_lines, rng=rng))
    return Fields(
        axis=job.name_axis(axis),
        potential=potential.astype(np.float32) if outputs.potential else None,
        flow=np.sqrt(np.square(vectors).sum(axis=0)).astype(np.float32) if outputs.flow else None,
        flow_unit=unit,
        lines=lines,
    )


def _scale_fields(job: PropertyJob, labels: Labels, solved: Any) -> tuple[FloatArray, FloatArray, str]:
    """Return the potential, the flow and its unit; fluid flow is relative to the pressure drop and mean velocity."""
    if job.choice.kind is CONDUCTIVITY:
        return solved.field, solved.flux, UNITS[job.choice.conductivity_unit][2]
    if job.choice.kind is DIFFUSION:
        return solved.diffusion.field, solved.diffusion.flux, "relative to free diffusion"
    return solved.pressure / labels.shape[solved.axis], solved.velocity / (solved.value or 1.0), "relative to the mean"
