"""Numbers of a solve, for the table and the files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_swnn._sentences import capitalise
from napari_swnn._types import FloatArray
from napari_swnn.widgets.properties.job import PropertyJob
from napari_swnn.widgets.properties.kinds import CONDUCTIVITY, DIFFUSION, PERMEABILITY, Kind

if TYPE_CHECKING:
    from napari_swnn.physics import ConductivityResult, PermeabilityResult, TortuosityResult


@dataclass(frozen=True, slots=True)
class Number:
    """A named number with its unit."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True)
class SolveRecord:
    """Numbers and outcome of a solve along one axis.

    Attributes
    ----------
    axis : str
        ``"z"``, ``"y"`` or ``"x"``.
    numbers : tuple of Number
        Property and bounds, followed by the residual and number of iterations.
    outcome : str
        ``"converged"``, ``"not_percolating"``, ``"max_iterations"`` or ``"precision_limit"``.
    advice : str
        Description of the outcome, with advice.
    """

    axis: str
    numbers: tuple[Number, ...]
    outcome: str
    advice: str


def record_solve(job: PropertyJob, solved: Any) -> SolveRecord:
    """Return the numbers and outcome of a result of `napari_swnn.physics`."""
    collect: dict[Kind, Callable[[PropertyJob, Any], list[Number]]] = {
        CONDUCTIVITY: _collect_conduction,
        DIFFUSION: _collect_diffusion,
        PERMEABILITY: _collect_flow,
    }
    numbers = collect[job.choice.kind](job, solved)
    numbers += [Number("residual", solved.residual), Number("iterations", solved.n_iterations)]
    outcome = solved.outcome
    return SolveRecord(job.name_axis(solved.axis), tuple(numbers), outcome.name.lower(), outcome.advice)


def describe_failure(job: PropertyJob, record: SolveRecord) -> str:
    """Return the reason why a calculation failed, with advice."""
    if record.outcome != "not_percolating":
        return f"Along {record.axis}: {record.advice}"
    kind = job.choice.kind
    subject = (
        "No conducting phase percolates" if kind is CONDUCTIVITY else f"{capitalise(job.phase_name)} does not percolate"
    )
    return (
        f"{subject} through “{job.facts.name}” along {record.axis}: no path of face-connected voxels spans it, so "
        f"{kind.if_not_percolating}. Choose another axis or label, or a larger or more porous volume."
    )


def _collect_conduction(job: PropertyJob, solved: "ConductivityResult") -> list[Number]:
    unit = solved.unit
    bounds = solved.bounds
    return [
        Number("effective conductivity", solved.value, unit),
        *_collect_column(job, solved.column, unit),
        Number("Wiener bound, lower", bounds.wiener.lower, unit),
        Number("Wiener bound, upper", bounds.wiener.upper, unit),
        Number("Hashin–Shtrikman bound, lower", bounds.hashin_shtrikman.lower, unit),
        Number("Hashin–Shtrikman bound, upper", bounds.hashin_shtrikman.upper, unit),
    ]


def _collect_diffusion(_job: PropertyJob, solved: "TortuosityResult") -> list[Number]:
    return [
        Number("tortuosity factor", solved.value),
        Number("relative diffusivity", solved.diffusion.value),
        Number("volume fraction", solved.volume_fraction),
        Number("Hashin–Shtrikman bound, lower", solved.bounds.lower),
    ]


def _collect_flow(job: PropertyJob, solved: "PermeabilityResult") -> list[Number]:
    voxel = job.facts.voxel
    numbers = [Number("permeability", solved.value_in_voxels, "voxel²")]
    if voxel.length_unit is not None:
        numbers.insert(0, Number("permeability", solved.value_in_voxels * voxel.metres**2, "m²"))
    return [*numbers, *_collect_column(job, solved.column, "voxel²")]


def _collect_column(job: PropertyJob, column: FloatArray, unit: str) -> list[Number]:
    """Return one column of the tensor, or an empty list unless the full tensor is computed."""
    if len(job.choice.axes) < len(column):
        return []
    return [Number(f"tensor, response along {job.name_axis(i)}", float(value), unit) for i, value in enumerate(column)]
