"""What flows through a volume: conductivity and permeability along each axis, and sections of the fields."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from napari_swnn._steps import retell
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
from napari_swnn.validation._comparison import Quantity, plain

R = TypeVar("R", bound=AxisResult)

CONDUCTIVITY_UNIT = "W/(m·K)"

N_SOLVES = 6
"""Two properties along three axes."""


@dataclass(frozen=True, eq=False, slots=True)
class Property:
    """One property along one axis, and how its solve ended.

    Attributes
    ----------
    value : float
        In W/(m·K) or voxel²; 0 where nothing percolates.
    outcome : Outcome
        Its text says what happened and what to do.
    residual : float
        What was left to solve; NaN if nothing was solved.
    n_iterations : int
        Iterations of the solver.
    """

    value: float
    outcome: Outcome
    residual: float
    n_iterations: int

    @classmethod
    def of(cls, result: AxisResult, value: float) -> Property:
        """Keep the account of a solve, without its fields."""
        return cls(value, result.outcome, result.residual, result.n_iterations)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "value": plain(self.value),
            "outcome": self.outcome.name.lower(),
            "residual": plain(self.residual),
            "n_iterations": self.n_iterations,
        }


@dataclass(frozen=True, eq=False, slots=True)
class FieldSection:
    """The middle section of a field, along the direction in which it is driven.

    Attributes
    ----------
    values : numpy.ndarray
        ``(h, w)``; NaN where the field does not exist.
    axes : tuple of str
        Names of the section's two axes; the field is driven along `driven`.
    driven : str
        ``"z"``, ``"y"`` or ``"x"``.
    """

    values: FloatArray
    axes: tuple[str, str]
    driven: str

    @classmethod
    def of(cls, field: FloatArray, axis: int) -> FieldSection:
        """Take the middle section that holds `axis`."""
        normal = 1 if axis == 2 else 2
        left = [name for i, name in enumerate(AXES) if i != normal]
        return cls(np.take(field, field.shape[normal] // 2, normal), (left[0], left[1]), AXES[axis])


@dataclass(frozen=True, eq=False, slots=True)
class Transport:
    """Conductivity and permeability of one volume.

    Attributes
    ----------
    conductivity : tuple of Property
        Along z, y and x, in W/(m·K).
    bounds : ConductivityBounds
        What its volume fractions alone allow, in W/(m·K).
    permeability : tuple of Property
        Of the phase of interest along z, y and x, in voxel².
    temperature : FieldSection
        From 1 at the start of z to 0 at its end.
    speed : FieldSection or None
        Magnitude of the velocity over the Darcy velocity, along the first axis that percolates; NaN in the solid.
    """

    conductivity: tuple[Property, ...]
    bounds: ConductivityBounds
    permeability: tuple[Property, ...]
    temperature: FieldSection
    speed: FieldSection | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; the sections are left out."""
        wiener, hashin_shtrikman = self.bounds
        return {
            "conductivity": dict(zip(AXES, [p.to_dict() for p in self.conductivity], strict=True)),
            "conductivity_unit": CONDUCTIVITY_UNIT,
            "wiener_bounds": [plain(bound) for bound in wiener],
            "hashin_shtrikman_bounds": [plain(bound) for bound in hashin_shtrikman],
            "permeability": dict(zip(AXES, [p.to_dict() for p in self.permeability], strict=True)),
            "permeability_unit": "voxel²",
        }


def iter_transport(
    labels: Labels, phase: int, conductivities: Mapping[int, float]
) -> Generator[tuple[int, str], None, Transport]:
    """Solve for both properties along every axis of ``(z, y, x)`` labels.

    Yields the index of the solve, 0 to `N_SOLVES` - 1, and what is going on; returns the result. Failed solves are told
    by their outcome. The volume is mirrored for the flow, since a realisation does not fit to itself.
    """
    conduction: list[Property] = []
    flow: list[Property] = []
    speed = None
    options = SolverOptions(throw=False)
    conduction_problem = ConductivityProblem(labels, conductivities, unit=CONDUCTIVITY_UNIT)
    flow_problem = PermeabilityProblem(labels, phase, boundary="mirror")
    for axis in range(3):
        conductive = yield from _told(
            conduction_problem.iter_solve(axis, options),
            axis,
            f"conductivity along {AXES[axis]}",
        )
        conduction.append(Property.of(conductive, conductive.value))
        if axis == 0:
            bounds, temperature = conductive.bounds, FieldSection.of(conductive.field, 0)
    for axis in range(3):
        permeable = yield from _told(
            flow_problem.iter_solve(axis, options),
            3 + axis,
            f"permeability along {AXES[axis]}",
        )
        flow.append(Property.of(permeable, permeable.value_in_voxels))
        if speed is None and permeable.converged:
            speed = FieldSection.of(_speed(permeable, labels == phase), axis)
    return Transport(tuple(conduction), bounds, tuple(flow), temperature, speed)


def mean_of(properties: tuple[Property, ...], factor: float = 1) -> Quantity:
    """One property as a number: the mean over the axes, and along each."""
    by_axis = factor * np.array([p.value for p in properties])
    return Quantity(float(by_axis.mean()), by_axis)


def _told(steps: Generator[SolverStep, None, R], index: int, what: str) -> Generator[tuple[int, str], None, R]:
    return retell(steps, lambda s: (index, f"{what}, iteration {s.iteration}, residual {s.residual:.2g}"))


def _speed(result: PermeabilityResult, fluid: BoolArray) -> FloatArray:
    magnitude = np.sqrt(np.square(result.velocity).sum(axis=0)) / result.value
    return np.where(fluid, magnitude, np.nan)
