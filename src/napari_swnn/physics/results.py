"""What the solvers return: the property, its fields, and what happened on the way."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from napari_swnn.physics._outcome import Outcome

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray
    from napari_swnn.physics.bounds import Bounds, ConductivityBounds


@dataclass(frozen=True, slots=True)
class SolverStep:
    """One step of a running solve."""

    iteration: int
    """Iterations done so far, from 0."""
    residual: float
    """What is left to solve, relative to what drives it; compare it with the tolerance."""
    axis: int
    """Direction that is being solved; a full tensor takes the axes in turn."""


@dataclass(frozen=True, slots=True, eq=False)
class AxisResult:
    """One effective property along one axis, with the account of its solve."""

    value: float
    """The effective property along `axis`, in `unit`; 0 where nothing percolates."""
    unit: str
    axis: int
    column: FloatArray = dataclasses.field(repr=False)
    """``(ndim,)`` response along every axis to a unit drive along `axis`, in `unit`: a column of the tensor."""
    outcome: Outcome
    residual: float
    """True relative residual, computed afresh from the returned solution; NaN if nothing was solved.

    Rounding may leave it a little above the tolerance, in single precision most of all.
    """
    n_iterations: int

    @property
    def converged(self) -> bool:
        """Whether the residual fell below the tolerance."""
        return self.outcome is Outcome.CONVERGED


@dataclass(frozen=True, slots=True, eq=False)
class ConductivityResult(AxisResult):
    """Effective conductivity along one axis."""

    bounds: ConductivityBounds
    """What the volume fractions alone allow, in `unit`."""
    field: FloatArray = dataclasses.field(repr=False)
    """Temperature, of the volume's shape: from 1 at the start of `axis` to 0 at its end; NaN where nothing conducts."""
    flux: FloatArray = dataclasses.field(repr=False)
    """``(ndim, *shape)`` local flux under a unit mean gradient, in `unit`; its mean along `axis` is `value`.

    Multiply by the mean gradient in K/m to have W/m².
    """


@dataclass(frozen=True, slots=True, eq=False)
class PermeabilityResult(AxisResult):
    """Absolute permeability along one axis."""

    value_in_voxels: float
    """The permeability in voxel², whatever `unit` is."""
    velocity: FloatArray = dataclasses.field(repr=False)
    """``(3, z, y, x)`` flow at unit viscosity under a unit mean pressure gradient, in `unit`; 0 in the solid.

    Its mean along `axis` over the whole volume is `value` (Darcy's law). Multiply by the pressure gradient in Pa/m and
    divide by the viscosity in Pa·s to have m/s.
    """
    pressure: FloatArray = dataclasses.field(repr=False)
    """``(z, y, x)`` pressure over its mean gradient, in voxels or metres, falling along `axis`; NaN in the solid."""


@dataclass(frozen=True, slots=True, eq=False)
class TortuosityResult:
    """Tortuosity factor τ = φ·D0/D_eff of one phase along one axis."""

    value: float
    """The tortuosity factor, at least 1; infinite where the phase does not percolate."""
    volume_fraction: float
    bounds: Bounds
    """What the volume fraction alone allows: from the Hashin–Shtrikman bound, which holds for isotropic phases, up."""
    diffusion: ConductivityResult
    """The diffusion problem with D0 = 1 in the phase and 0 elsewhere: concentration, flux, residual."""

    @property
    def axis(self) -> int:
        """Direction of the mean gradient."""
        return self.diffusion.axis

    @property
    def outcome(self) -> Outcome:
        """How the solve ended."""
        return self.diffusion.outcome

    @property
    def converged(self) -> bool:
        """Whether the residual fell below the tolerance."""
        return self.diffusion.converged

    @property
    def residual(self) -> float:
        """True relative residual of the diffusion problem."""
        return self.diffusion.residual

    @property
    def n_iterations(self) -> int:
        """Iterations of the diffusion problem."""
        return self.diffusion.n_iterations


R = TypeVar("R", bound=AxisResult)


@dataclass(frozen=True, slots=True, eq=False)
class TensorResult(Generic[R]):
    """An effective property in every direction, from one solve for each axis."""

    results: tuple[R, ...]
    """The solves, axis 0 first."""

    @property
    def tensor(self) -> FloatArray:
        """``(ndim, ndim)``: entry ``[i, j]`` is the response along axis i to a drive along axis j, in `unit`."""
        return np.stack([result.column for result in self.results], axis=1)

    @property
    def unit(self) -> str:
        """Unit of the entries."""
        return self.results[0].unit

    @property
    def converged(self) -> bool:
        """Whether every axis converged."""
        return all(result.converged for result in self.results)
