"""Solves for the transport properties of a volume, along each axis."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from napari_swnn._steps import forward_steps
from napari_swnn._types import AXES, BoolArray, FloatArray, Labels
from napari_swnn.physics import (
    ConductivityBounds,
    ConductivityProblem,
    PermeabilityProblem,
    PermeabilityResult,
    SolverOptions,
    SolverStep,
    TortuosityProblem,
)
from napari_swnn.validation._transport import CONDUCTIVITY_UNIT, FieldSection, Property, Transport

_OPTIONS = SolverOptions(throw=False)  # a failed solve is reported as its outcome

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False, slots=True)
class Solves:
    """Transport properties to solve for.

    Attributes
    ----------
    phase : int
        Phase of interest, whose permeability is computed.
    conductivities : mapping of int to float
        Conductivity of each label in W/(m·K); empty to omit the conductivity.
    names : mapping of int to str
        Names of the phases whose tortuosity factor is computed, keyed by label; empty for two phases.
    """

    phase: int
    conductivities: Mapping[int, float]
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks of `iter_transport`, in order."""
        kinds = ["conductivity"] if self.conductivities else []
        kinds += [_tortuosity_of(name) for name in self.names.values()]
        return tuple(_along(kind, axis) for kind in (*kinds, "permeability") for axis in range(3))


def iter_transport(labels: Labels, solves: Solves) -> Generator[tuple[str, str], None, Transport]:
    """Solve for every property along every axis.

    Yields the name of the task, from `Solves.tasks`, and its progress as text; returns the result.
    """
    # The problems check the volume before the first solve, so that no late refusal wastes one.
    flow = PermeabilityProblem(labels, solves.phase, boundary="mirror")  # a realisation is not periodic
    conductivity: tuple[Property, ...] = ()
    bounds = temperature = None
    if solves.conductivities:
        problem = ConductivityProblem(labels, solves.conductivities, unit=CONDUCTIVITY_UNIT)
        conductivity, bounds, temperature = yield from _iter_conductivity(problem)
    tortuosity = {}
    for label, name in solves.names.items():
        if (labels == label).any():
            tortuosity[label] = yield from _iter_tortuosity(TortuosityProblem(labels, label), _tortuosity_of(name))
    permeability, speed = yield from _iter_flow(flow, labels == solves.phase)
    return Transport(conductivity, bounds, permeability, temperature, speed, tortuosity)


def _iter_conductivity(
    problem: ConductivityProblem,
) -> Generator[tuple[str, str], None, tuple[tuple[Property, ...], ConductivityBounds, FieldSection]]:
    """Return the conductivity along each axis, its bounds, and the temperature for a gradient along z."""
    along_z = yield from _forward(problem.iter_solve(0, _OPTIONS), "conductivity", 0)
    bounds, temperature = along_z.bounds, FieldSection.of(along_z.field, 0)
    found = [Property.of(along_z, along_z.value)]
    del along_z  # its fields take as much memory as those of the next solve
    for axis in (1, 2):
        result = yield from _forward(problem.iter_solve(axis, _OPTIONS), "conductivity", axis)
        found.append(Property.of(result, result.value))
    return tuple(found), bounds, temperature


def _iter_tortuosity(problem: TortuosityProblem, kind: str) -> Generator[tuple[str, str], None, tuple[Property, ...]]:
    found: list[Property] = []
    for axis in range(3):
        result = yield from _forward(problem.iter_solve(axis, _OPTIONS), kind, axis)
        found.append(Property.of(result, result.value))
    return tuple(found)


def _iter_flow(
    problem: PermeabilityProblem, fluid: BoolArray
) -> Generator[tuple[str, str], None, tuple[tuple[Property, ...], FieldSection | None]]:
    """Return the permeability along each axis, and the speed along the first axis that percolates."""
    found: list[Property] = []
    speed = None
    for axis in range(3):
        flow = yield from _forward(problem.iter_solve(axis, _OPTIONS), "permeability", axis)
        found.append(Property.of(flow, flow.value_in_voxels))
        if speed is None and flow.converged:
            speed = FieldSection.of(_speed(flow, fluid), axis)
    return tuple(found), speed


def _forward(
    steps: Generator[SolverStep, None, Result], kind: str, axis: int
) -> Generator[tuple[str, str], None, Result]:
    """Forward the steps of a solve as the name of its task and its progress as text."""
    return (yield from forward_steps(steps, partial(_describe, _along(kind, axis))))


def _describe(name: str, step: SolverStep) -> tuple[str, str]:
    return name, f"iteration {step.iteration}, residual {step.residual:.2g}"


def _along(kind: str, axis: int) -> str:
    return f"{kind} along {AXES[axis]}"


def _tortuosity_of(name: str) -> str:
    return f"tortuosity of {name}"


def _speed(result: PermeabilityResult, fluid: BoolArray) -> FloatArray:
    magnitude = np.sqrt(np.square(result.velocity).sum(axis=0)) / result.value
    return np.where(fluid, magnitude, np.nan)
