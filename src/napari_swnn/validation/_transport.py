"""Transport properties of a volume: conductivity and permeability along each axis, with sections of the fields."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from napari_swnn._steps import forward_steps
from napari_swnn._types import AXES, BoolArray, FloatArray, Labels
from napari_swnn.physics import (
    ConductivityBounds,
    ConductivityProblem,
    Outcome,
    PermeabilityProblem,
    PermeabilityResult,
    SolverOptions,
    SolverStep,
)
from napari_swnn.physics.results import AxisResult
from napari_swnn.validation._comparison import Quantity
from napari_swnn.validation._formatting import to_json

CONDUCTIVITY_UNIT = "W/(m·K)"


@dataclass(frozen=True, eq=False, slots=True)
class Property:
    """Transport property along one axis, with the outcome of its solve.

    Attributes
    ----------
    value : float
        Conductivity in W/(m·K) or permeability in voxel²; 0 if the phase does not percolate.
    outcome : Outcome
        Outcome of the solve, with advice for the user.
    residual : float
        Relative residual; NaN if no system was solved.
    n_iterations : int
        Number of solver iterations.
    """

    value: float
    outcome: Outcome
    residual: float
    n_iterations: int

    @classmethod
    def of(cls, result: AxisResult, value: float) -> Property:
        """Return the value and the outcome of a solve, without its fields."""
        return cls(value, result.outcome, result.residual, result.n_iterations)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary."""
        return {
            "value": to_json(self.value),
            "outcome": self.outcome.name.lower(),
            "residual": to_json(self.residual),
            "n_iterations": self.n_iterations,
        }


@dataclass(frozen=True, eq=False, slots=True)
class FieldSection:
    """Middle section of a field, along the direction of the mean gradient.

    Attributes
    ----------
    values : numpy.ndarray
        ``(h, w)`` values of the field; NaN where it is undefined.
    axes : tuple of str
        Names of the two axes of the section.
    driven : str
        Name of the axis of the mean gradient: ``"z"``, ``"y"`` or ``"x"``.
    """

    values: FloatArray
    axes: tuple[str, str]
    driven: str

    @classmethod
    def of(cls, field: FloatArray, axis: int) -> FieldSection:
        """Return the middle section that contains `axis`."""
        normal = 1 if axis == 2 else 2
        left = [name for i, name in enumerate(AXES) if i != normal]
        return cls(np.take(field, field.shape[normal] // 2, normal), (left[0], left[1]), AXES[axis])


@dataclass(frozen=True, eq=False, slots=True)
class Transport:
    """Conductivity and permeability of one volume.

    Attributes
    ----------
    conductivity : tuple of Property
        Conductivity along z, y and x, in W/(m·K).
    bounds : ConductivityBounds
        Bounds that depend only on the volume fractions, in W/(m·K).
    permeability : tuple of Property
        Permeability of the phase of interest along z, y and x, in voxel².
    temperature : FieldSection
        Temperature, from 1 at the start of the z axis to 0 at its end.
    speed : FieldSection or None
        Speed relative to the Darcy velocity, along the first axis that percolates; NaN in the solid.
    """

    conductivity: tuple[Property, ...]
    bounds: ConductivityBounds
    permeability: tuple[Property, ...]
    temperature: FieldSection
    speed: FieldSection | None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary, without the sections."""
        wiener, hashin_shtrikman = self.bounds
        return {
            "conductivity": dict(zip(AXES, [p.to_dict() for p in self.conductivity], strict=True)),
            "conductivity_unit": CONDUCTIVITY_UNIT,
            "wiener_bounds": [to_json(bound) for bound in wiener],
            "hashin_shtrikman_bounds": [to_json(bound) for bound in hashin_shtrikman],
            "permeability": dict(zip(AXES, [p.to_dict() for p in self.permeability], strict=True)),
            "permeability_unit": "voxel²",
        }


@dataclass(frozen=True, eq=False, slots=True)
class VolumeProblems:
    """Conduction and flow problems of one volume.

    Attributes
    ----------
    fluid : numpy.ndarray
        ``(z, y, x)`` boolean array, ``True`` in the phase filled with fluid.
    conduction : ConductivityProblem
        Conduction through all phases.
    flow : PermeabilityProblem
        Flow through the fluid phase of the mirrored volume, since a realisation is not periodic.
    """

    fluid: BoolArray
    conduction: ConductivityProblem
    flow: PermeabilityProblem

    @classmethod
    def of(cls, labels: Labels, phase: int, conductivities: Mapping[int, float]) -> VolumeProblems:
        """Create both problems; conductivities are in W/(m·K)."""
        return cls(
            labels == phase,
            ConductivityProblem(labels, conductivities, unit=CONDUCTIVITY_UNIT),
            PermeabilityProblem(labels, phase, boundary="mirror"),
        )


_OPTIONS = SolverOptions(throw=False)  # a failed solve is reported as its outcome

_CONDUCTION = {f"conductivity along {name}": axis for axis, name in enumerate(AXES)}
_FLOW = {f"permeability along {name}": axis for axis, name in enumerate(AXES)}

SOLVES = (*_CONDUCTION, *_FLOW)
"""Names of the tasks of `iter_transport`, in order."""


def iter_transport(problems: VolumeProblems) -> Generator[tuple[str, str], None, Transport]:
    """Solve for both properties along every axis.

    Yields the name of the task, from `SOLVES`, and its progress as text; returns the result.
    """
    conductivity: list[Property] = []
    permeability: list[Property] = []
    speed = None
    for task, axis in _CONDUCTION.items():
        conduction = yield from forward_steps(problems.conduction.iter_solve(axis, _OPTIONS), partial(_describe, task))
        conductivity.append(Property.of(conduction, conduction.value))
        if axis == 0:
            bounds, temperature = conduction.bounds, FieldSection.of(conduction.field, 0)
    for task, axis in _FLOW.items():
        flow = yield from forward_steps(problems.flow.iter_solve(axis, _OPTIONS), partial(_describe, task))
        permeability.append(Property.of(flow, flow.value_in_voxels))
        if speed is None and flow.converged:
            speed = FieldSection.of(_speed(flow, problems.fluid), axis)
    return Transport(tuple(conductivity), bounds, tuple(permeability), temperature, speed)


def mean_of(properties: tuple[Property, ...], factor: float = 1) -> Quantity:
    """Return the mean of a property over the axes, with its value along each axis."""
    by_axis = factor * np.array([p.value for p in properties])
    return Quantity(float(by_axis.mean()), by_axis)


def _describe(name: str, step: SolverStep) -> tuple[str, str]:
    return name, f"iteration {step.iteration}, residual {step.residual:.2g}"


def _speed(result: PermeabilityResult, fluid: BoolArray) -> FloatArray:
    magnitude = np.sqrt(np.square(result.velocity).sum(axis=0)) / result.value
    return np.where(fluid, magnitude, np.nan)
