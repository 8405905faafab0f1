"""Results of the solvers: property, fields and details of the solve."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from napari_swnn._progress import Progress
from napari_swnn.physics.outcome import Outcome

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray
    from napari_swnn.physics.bounds import Bounds, ConductivityBounds


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverStep(Progress):
    """Progress of a solve along one axis.

    Attributes
    ----------
    iteration : int
        Number of completed iterations.
    residual : float
        Relative residual, to be compared with the tolerance.
    axis : int
        Axis being solved; for a full tensor, the axes are solved in turn.
    """

    iteration: int
    residual: float
    axis: int


@dataclass(frozen=True, slots=True, eq=False)
class AxisResult:
    """Effective property along one axis, with details of the solve.

    Attributes
    ----------
    value : float
        Effective property along `axis`, in `unit`; 0 where nothing percolates.
    unit : str
        Unit of `value`.
    axis : int
        Direction of the mean gradient.
    column : numpy.ndarray
        ``(ndim,)`` column of the tensor: response along every axis to a unit gradient along `axis`, in `unit`.
    outcome : Outcome
        Outcome of the solve.
    residual : float
        True relative residual, recomputed from the returned solution; NaN if nothing was solved. Rounding may leave it
        slightly above the tolerance, especially in single precision.
    n_iterations : int
        Number of iterations.
    """

    value: float
    unit: str
    axis: int
    column: FloatArray = dataclasses.field(repr=False)
    outcome: Outcome
    residual: float
    n_iterations: int

    @property
    def converged(self) -> bool:
        """True if the residual fell below the tolerance."""
        return self.outcome is Outcome.CONVERGED


@dataclass(frozen=True, slots=True, eq=False)
class ConductivityResult(AxisResult):
    """Effective conductivity along one axis.

    Attributes
    ----------
    bounds : ConductivityBounds
        Bounds from the volume fractions alone, in `unit`.
    field : numpy.ndarray
        Temperature of each voxel, from 1 at the start of `axis` to 0 at its end; NaN where nothing conducts.
    flux : numpy.ndarray
        ``(ndim, *shape)`` local flux under a unit mean gradient, in `unit`; its mean along `axis` is `value`. Multiply
        by the mean gradient in K/m to obtain W/m².
    """

    bounds: ConductivityBounds
    field: FloatArray = dataclasses.field(repr=False)
    flux: FloatArray = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class PermeabilityResult(AxisResult):
    """Absolute permeability along one axis.

    Attributes
    ----------
    value_in_voxels : float
        Permeability in voxel², regardless of `unit`.
    velocity : numpy.ndarray
        ``(3, z, y, x)`` velocity at unit viscosity under a unit mean pressure gradient, in `unit`; 0 in the solid. Its
        mean along `axis` over the whole volume is `value` (Darcy's law). Multiply by the pressure gradient in Pa/m and
        divide by the viscosity in Pa·s to obtain m/s.
    pressure : numpy.ndarray
        ``(z, y, x)`` pressure under a unit mean gradient, in voxels or metres, falling along `axis`; NaN in the solid.
    """

    value_in_voxels: float
    velocity: FloatArray = dataclasses.field(repr=False)
    pressure: FloatArray = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class TortuosityResult:
    """Tortuosity factor τ = φ·D0/D_eff of one phase along one axis.

    Attributes
    ----------
    value : float
        Tortuosity factor, at least 1; infinite where the phase does not percolate.
    volume_fraction : float
        Volume fraction φ of the phase.
    bounds : Bounds
        Bounds from the volume fraction alone; the lower bound is from Hashin–Shtrikman, for isotropic microstructures.
    diffusion : ConductivityResult
        Result of the diffusion problem with D0 = 1 in the phase and 0 elsewhere.
    """

    value: float
    volume_fraction: float
    bounds: Bounds
    diffusion: ConductivityResult

    @property
    def axis(self) -> int:
        """Direction of the mean gradient."""
        return self.diffusion.axis

    @property
    def outcome(self) -> Outcome:
        """Outcome of the solve."""
        return self.diffusion.outcome

    @property
    def converged(self) -> bool:
        """True if the residual fell below the tolerance."""
        return self.diffusion.converged

    @property
    def residual(self) -> float:
        """True relative residual of the diffusion problem."""
        return self.diffusion.residual

    @property
    def n_iterations(self) -> int:
        """Number of iterations of the diffusion problem."""
        return self.diffusion.n_iterations


R = TypeVar("R", bound=AxisResult)


@dataclass(frozen=True, slots=True, eq=False)
class TensorResult(Generic[R]):
    """Full tensor of an effective property, from one solve along each axis.

    Attributes
    ----------
    results : tuple of AxisResult
        Result for each axis, axis 0 first.
    """

    results: tuple[R, ...]

    @property
    def tensor(self) -> FloatArray:
        """``(ndim, ndim)`` tensor in `unit`: entry ``[i, j]`` is the response along axis i to a gradient along j."""
        return np.stack([result.column for result in self.results], axis=1)

    @property
    def unit(self) -> str:
        """Unit of the tensor."""
        return self.results[0].unit

    @property
    def converged(self) -> bool:
        """True if the solves along all axes converged."""
        return all(result.converged for result in self.results)
