"""Computing a property: the order, the work in the thread, and what comes of it."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._steps import retell
from napari_swnn._types import AXES, FloatArray, Labels
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, DIFFUSION, PERMEABILITY, UNITS, Kind, field_names

if TYPE_CHECKING:
    from napari_swnn.physics import ConductivityResult, PermeabilityResult, SolverStep, TortuosityResult
    from napari_swnn.physics.streamlines import FlowLine

    Solved = ConductivityResult | PermeabilityResult | TortuosityResult

SEED = 0
"""Of the starts of flow lines: the same run shows the same lines."""


@dataclass(frozen=True)
class Outputs:
    """The layers that are wanted."""

    potential: bool = True
    flow: bool = True
    lines: bool = True
    n_lines: int = 150


@dataclass(frozen=True, eq=False)
class PropertyJob:
    """A property as the user asked for it.

    Attributes
    ----------
    kind : Kind
        Which property.
    name : str
        Of the layer.
    labels : numpy.ndarray or dask array
        ``(y, x)`` or ``(z, y, x)``.
    voxel : VoxelSize
        Edge length of a voxel; its unit is ``"voxel"`` if the layer has no unit of length.
    phase : int
        The label that lets through; without meaning for a conductivity.
    conductivities : dict of int to float
        Of each label, for a conductivity.
    conductivity_unit : str
        Theirs.
    axes : tuple of int
        Directions, in array order.
    ends, method, dtype : str
        As the solvers take them.
    tolerance : float
        Residual at which to stop.
    max_iterations : int
        Where to give up; 0 leaves it to the solver.
    outputs : Outputs
        The layers that are wanted.
    """

    kind: Kind
    name: str
    labels: Any
    voxel: VoxelSize
    phase: int
    conductivities: Mapping[int, float]
    conductivity_unit: str
    axes: tuple[int, ...]
    ends: Any
    method: Any = "stokes"
    dtype: Any = "float64"
    tolerance: float = 1e-4
    max_iterations: int = 0
    outputs: Outputs = field(default_factory=Outputs)

    @property
    def field_names(self) -> tuple[str, str]:
        """What the potential and the flow are called."""
        return field_names(self.kind, self.conductivity_unit)

    @property
    def subject(self) -> str:
        """The property and of what, for a heading."""
        what = self.kind.title if self.kind is CONDUCTIVITY else f"{self.kind.title} of label {self.phase}"
        return f"{what} · {self.name}"

    @property
    def about(self) -> str:
        """What was assumed, in a sentence."""
        size = format_shape(self.labels.shape)
        values = ", ".join(f"{value:g} for label {label}" for label, value in self.conductivities.items())
        with_unit = f" Conductivities in {self.conductivity_unit}: {values}." if values else ""
        return f"{size} voxels; ends {dict(self.kind.ends)[self.ends]}, sides periodic.{with_unit}"

    def axis_name(self, axis: int) -> str:
        """``"z"``, ``"y"`` or ``"x"``."""
        return AXES[-np.ndim(self.labels) :][axis]

    def settings(self) -> dict[str, Any]:
        """Plain values that JSON can hold: what was asked for."""
        asked: dict[str, Any] = {
            "layer": self.name,
            "property": self.kind.key,
            "shape": list(self.labels.shape),
            "voxel_size": self.voxel.value,
            "voxel_unit": self.voxel.unit,
            "ends": self.ends,
            "tolerance": self.tolerance,
            "precision": self.dtype,
        }
        if self.kind is CONDUCTIVITY:
            asked["conductivities"] = {str(label): value for label, value in self.conductivities.items()}
            asked["conductivity_unit"] = self.conductivity_unit
        else:
            asked["phase"] = self.phase
        if self.kind is PERMEABILITY:
            asked["method"] = self.method
        return asked


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the table."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True)
class Account:
    """What a solve along one axis gave.

    Attributes
    ----------
    axis : str
        ``"z"``, ``"y"`` or ``"x"``.
    numbers : tuple of Number
        The property and its bounds, then how the solve went.
    outcome : str
        ``"converged"``, ``"not_percolating"``, ``"max_iterations"`` or ``"precision_limit"``.
    advice : str
        What happened and what to do.
    """

    axis: str
    numbers: tuple[Number, ...]
    outcome: str
    advice: str


@dataclass(frozen=True, eq=False)
class Fields:
    """What is shown of a solve along one axis; None or empty where it was not asked for, or nothing flows."""

    axis: str
    potential: FloatArray | None
    flow: FloatArray | None
    flow_unit: str
    lines: "tuple[FlowLine, ...]"


@dataclass(frozen=True, eq=False)
class PropertyRun:
    """A property that was computed."""

    job: PropertyJob
    accounts: tuple[Account, ...]
    fields: tuple[Fields, ...]


@dataclass(frozen=True, slots=True)
class PropertyStep:
    """How far a run is: ``share`` of it in [0, 1], and what is being done."""

    share: float
    task: str


def compute(job: PropertyJob) -> Generator[PropertyStep, None, PropertyRun]:
    """Solve along every axis that was asked for; yields how far it is, returns numbers and fields."""
    yield PropertyStep(0.0, "Reading the layer…")
    labels: Labels = np.array(job.labels)  # the user may paint on the layer meanwhile
    solve = _solver(job, labels)
    accounts, fields = [], []
    for i, axis in enumerate(job.axes):
        tell = _Teller(i, job)
        solved = yield from retell(solve(axis), tell)
        accounts.append(_account(job, solved))
        if accounts[-1].outcome != "not_percolating":
            if job.outputs.lines:
                yield PropertyStep((i + 1) / len(job.axes), "Following the flow lines…")
            fields.append(_fields(job, labels, solved))
        del solved
    return PropertyRun(job, tuple(accounts), tuple(fields))


class _Teller:
    """Tells steps of a solver as a share of all work: the logarithm of the residual falls about evenly."""

    def __init__(self, index: int, job: PropertyJob) -> None:
        self._index, self._job = index, job
        self._first = 0.0

    def __call__(self, step: "SolverStep") -> PropertyStep:
        job, residual = self._job, max(step.residual, 1e-300)
        self._first = max(self._first, residual)
        way = log(self._first / job.tolerance) if self._first > job.tolerance else 1.0
        share = min(1.0, max(0.0, log(self._first / residual) / way))
        task = f"Along {job.axis_name(job.axes[self._index])}: iteration {step.iteration}"
        told = f"{task}, residual {step.residual:.1e}; ends at {job.tolerance:.0e}"
        return PropertyStep((self._index + share) / len(job.axes), told)


def _solver(job: PropertyJob, labels: Labels) -> "Callable[[int], Generator[SolverStep, None, Solved]]":
    """Return the function that solves along an axis."""
    from napari_swnn.physics import ConductivityProblem, PermeabilityProblem, SolverOptions, TortuosityProblem

    problem: Any
    if job.kind is CONDUCTIVITY:
        problem = ConductivityProblem(labels, job.conductivities, job.ends, job.conductivity_unit)
    elif job.kind is DIFFUSION:
        problem = TortuosityProblem(labels, job.phase, job.ends)
    else:
        problem = PermeabilityProblem(labels, job.phase, job.ends)
    options = SolverOptions(
        tolerance=job.tolerance,
        max_iterations=job.max_iterations or None,
        precision=job.dtype,
        method=job.method if job.kind is PERMEABILITY else None,
        throw=False,
    )
    return lambda axis: problem.iter_solve(axis, options)


def _account(job: PropertyJob, solved: Any) -> Account:
    count: dict[Kind, Callable[[PropertyJob, Any], list[Number]]]
    count = {CONDUCTIVITY: _of_conduction, DIFFUSION: _of_diffusion, PERMEABILITY: _of_flow}
    return Account(
        job.axis_name(solved.axis),
        (*count[job.kind](job, solved), Number("residual", solved.residual), Number("iterations", solved.n_iterations)),
        solved.outcome.name.lower(),
        solved.outcome.advice,
    )


def _of_conduction(job: PropertyJob, solved: "ConductivityResult") -> list[Number]:
    unit, bounds = solved.unit, solved.bounds
    return [
        Number("effective conductivity", solved.value, unit),
        *_components(job, solved.column, unit),
        Number("Wiener bound, lower", bounds.wiener.lower, unit),
        Number("Wiener bound, upper", bounds.wiener.upper, unit),
        Number("Hashin–Shtrikman bound, lower", bounds.hashin_shtrikman.lower, unit),
        Number("Hashin–Shtrikman bound, upper", bounds.hashin_shtrikman.upper, unit),
    ]


def _of_diffusion(_job: PropertyJob, solved: "TortuosityResult") -> list[Number]:
    return [
        Number("tortuosity factor", solved.value),
        Number("effective over free diffusivity", solved.diffusion.value),
        Number("volume fraction", solved.volume_fraction),
        Number("Hashin–Shtrikman bound, lower", solved.bounds.lower),
    ]


def _of_flow(job: PropertyJob, solved: "PermeabilityResult") -> list[Number]:
    numbers = [Number("permeability", solved.value_in_voxels, "voxel²")]
    if job.voxel.length_unit is not None:
        numbers.insert(0, Number("permeability", solved.value_in_voxels * job.voxel.metres**2, "m²"))
    return [*numbers, *_components(job, solved.column, "voxel²")]


def _components(job: PropertyJob, column: FloatArray, unit: str) -> list[Number]:
    """The column of the tensor, where all of it is asked for."""
    if len(job.axes) < len(column):
        return []
    return [Number(f"tensor, response along {job.axis_name(i)}", float(value), unit) for i, value in enumerate(column)]


def _fields(job: PropertyJob, labels: Labels, solved: Any) -> Fields:
    from napari_swnn.physics.streamlines import streamlines

    wanted, axis = job.outputs, solved.axis
    potential, vectors, unit = _raw_fields(job, labels, solved)
    lines: tuple[FlowLine, ...] = ()
    if wanted.lines and np.take(vectors[axis], 0, axis).max() > 0:
        rng = np.random.default_rng(SEED)
        lines = tuple(streamlines(vectors, axis=axis, n_lines=wanted.n_lines, rng=rng))
    return Fields(
        job.axis_name(axis),
        potential.astype(np.float32) if wanted.potential else None,
        np.sqrt(np.square(vectors).sum(axis=0)).astype(np.float32) if wanted.flow else None,
        unit,
        lines,
    )


def _raw_fields(job: PropertyJob, labels: Labels, solved: Any) -> tuple[FloatArray, FloatArray, str]:
    """Potential, flow, and the unit of the flow; a velocity and a pressure over their mean and drop."""
    if job.kind is CONDUCTIVITY:
        return solved.field, solved.flux, UNITS[job.conductivity_unit][2]
    if job.kind is DIFFUSION:
        return solved.diffusion.field, solved.diffusion.flux, "over that in the free phase"
    return solved.pressure / labels.shape[solved.axis], solved.velocity / (solved.value or 1.0), "over its mean"
