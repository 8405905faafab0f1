"""Computation of a property in a thread."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._progress import Progress
from napari_swnn._steps import forward_steps
from napari_swnn._types import FloatArray, Labels
from napari_swnn.widgets.properties.job import PropertyJob
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, DIFFUSION, PERMEABILITY, UNITS
from napari_swnn.widgets.properties.records import SolveRecord, record_solve

if TYPE_CHECKING:
    from napari_swnn.physics import ConductivityResult, PermeabilityResult, SolverStep, Streamline, TortuosityResult

    Solved = ConductivityResult | PermeabilityResult | TortuosityResult

SEED = 0
"""Seed of the starting points of streamlines: equal runs show equal lines."""


@dataclass(frozen=True, eq=False)
class Fields:
    """Fields of a solve along one axis.

    Attributes
    ----------
    axis : str
        ``"z"``, ``"y"`` or ``"x"``.
    potential, flow : numpy.ndarray or None
        Potential and magnitude of the flow, of the shape of the volume; None if they are not to be shown.
    flow_unit : str
        Unit of the flow.
    lines : tuple of Streamline
        Streamlines; empty if they are not to be shown or nothing flows.
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
        Request.
    records : tuple of SolveRecord
        Numbers along each axis.
    fields : tuple of Fields
        Fields along each axis that percolates.
    """

    job: PropertyJob
    records: tuple[SolveRecord, ...]
    fields: tuple[Fields, ...]


def compute_property(job: PropertyJob) -> Generator[Progress, None, PropertyRun]:
    """Solve along every requested axis; yield the progress and return numbers and fields."""
    yield Progress(fraction=0.0, activity="Reading the layer…")
    labels: Labels = np.array(job.facts.labels)  # a copy: the user may paint on the layer meanwhile
    solve = _make_solver(job, labels)
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
        del solved  # before the fields of the next axis are allocated
    return PropertyRun(job, tuple(records), tuple(fields))


@dataclass(frozen=True)
class _SolveProgress:
    """Progress of one of several solves as a fraction of all of them."""

    title: str
    index: int
    n_solves: int

    def __call__(self, step: "SolverStep") -> Progress:
        fraction = (self.index + step.fraction) / self.n_solves
        return Progress(fraction=fraction, activity=f"{self.title}: {step.activity}")


def _make_solver(job: PropertyJob, labels: Labels) -> "Callable[[int], Generator[SolverStep, None, Solved]]":
    """Return the function that solves along an axis."""
    from napari_swnn.physics import ConductivityProblem, PermeabilityProblem, SolverOptions, TortuosityProblem

    choice = job.choice
    phase: Any = choice.phase
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
    """Return the potential, the flow and its unit; for a fluid, relative to the pressure drop and the mean velocity."""
    if job.choice.kind is CONDUCTIVITY:
        return solved.field, solved.flux, UNITS[job.choice.conductivity_unit][2]
    if job.choice.kind is DIFFUSION:
        return solved.diffusion.field, solved.diffusion.flux, "relative to free diffusion"
    return solved.pressure / labels.shape[solved.axis], solved.velocity / (solved.value or 1.0), "relative to the mean"
