"""Absolute permeability: slow flow of a viscous fluid through one phase of a segmented volume.

The Stokes equations −∇p + μΔu = 0, ∇·u = 0 are solved with u = 0 on the solid. Darcy's law defines K = μ⟨u⟩ / |∇p|,
with the mean over the whole volume. The volume is repeated periodically, as in the paper; ``boundary="mirror"`` first
mirrors a volume that is not periodic along the flow.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, overload

import numpy as np

from napari_swnn._checks import check_choice, check_label, check_labels, check_phase_present
from napari_swnn._steps import drain
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.physics._backend import Backend
from napari_swnn.physics._conjugate_gradient import StoppingCriterion
from napari_swnn.physics._flow import Flow
from napari_swnn.physics._lattice_boltzmann import iter_lattice_boltzmann
from napari_swnn.physics._percolation import spans, winds
from napari_swnn.physics._problem import TransportProblem
from napari_swnn.physics._stokes import iter_stokes
from napari_swnn.physics.memory import check_problem_memory, estimate_memory
from napari_swnn.physics.options import DEFAULT_OPTIONS, SolverOptions
from napari_swnn.physics.outcome import Outcome
from napari_swnn.physics.results import PermeabilityResult, SolverStep, TensorResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_swnn._types import BoolArray, Shape

FlowBoundary: TypeAlias = Literal["periodic", "mirror"]
"""Continuation of the volume along the flow: repeated directly, or mirrored first."""

PermeabilityTensor: TypeAlias = TensorResult[PermeabilityResult]

_MAX_ITERATIONS = {"stokes": 2000, "lbm": 50_000}


@overload
def permeability(
    volume: ArrayLike,
    *,
    phase: int,
    axis: int = 0,
    boundary: FlowBoundary = "periodic",
    voxel_size: float | None = None,
    unit: str | None = None,
    options: SolverOptions = DEFAULT_OPTIONS,
) -> PermeabilityResult: ...
@overload
def permeability(
    volume: ArrayLike,
    *,
    phase: int,
    axis: None,
    boundary: FlowBoundary = "periodic",
    voxel_size: float | None = None,
    unit: str | None = None,
    options: SolverOptions = DEFAULT_OPTIONS,
) -> PermeabilityTensor: ...
def permeability(
    volume: ArrayLike,
    *,
    phase: int,
    axis: int | None = 0,
    boundary: FlowBoundary = "periodic",
    voxel_size: float | None = None,
    unit: str | None = None,
    options: SolverOptions = DEFAULT_OPTIONS,
) -> PermeabilityResult | PermeabilityTensor:
    """Compute the absolute permeability of one phase of a segmented volume.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)``
        Labels, one value for each phase.
    phase : int
        Phase that the fluid fills; all others are solid.
    axis : int or None
        Direction of the mean pressure gradient; None solves for every axis and returns the full tensor.
    boundary : {"periodic", "mirror"}
        Boundary condition along the flow. A volume that is not periodic along it needs ``"mirror"``, which doubles time
        and memory with the lattice-Boltzmann method and costs nothing extra otherwise. The sides are periodic.
    voxel_size : float, optional
        Edge length of a voxel in `unit`; the result is then in m² instead of voxel².
    unit : str, optional
        Unit of length: "m", "mm", "um", "nm", "inch", …
    options : SolverOptions
        Numerical settings: tolerance, method, precision, device, …

    Returns
    -------
    PermeabilityResult or PermeabilityTensor
        Result with `value`, or with `tensor` if `axis` is None. If nothing percolates, value and velocity are 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    NotPercolatingError
        If the phase does not percolate.
    NotConvergedError
        If the residual stays above the tolerance.

    Notes
    -----
    The discrete permeability of a channel between parallel plates H voxels apart is (H² + 2)/12 instead of H²/12, so
    pores a few voxels wide appear too permeable.

    Examples
    --------
    >>> import numpy as np
    >>> channel = np.zeros((4, 10, 4), int)
    >>> channel[:, :8] = 1
    >>> print(f"{permeability(channel, phase=1, axis=0).value:.4f} voxel²")  # (8² + 2)/12 of 8/10
    4.4000 voxel²
    """
    problem = PermeabilityProblem(volume, phase, boundary=boundary, voxel_size=_voxel_size(voxel_size, unit))
    if axis is None:
        return drain(problem.iter_tensor(options))
    return drain(problem.iter_solve(axis, options))


@dataclass(frozen=True, eq=False)
class PermeabilityProblem(TransportProblem[PermeabilityResult]):
    """Flow problem in one phase, as defined by the arguments of `permeability`.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)``
        Labels, one value for each phase.
    phase : int
        Phase that the fluid fills.
    boundary : {"periodic", "mirror"}
        Boundary condition along the flow.
    voxel_size : VoxelSize, optional
        Edge length of a voxel, for a result in m².

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    """

    quantity: ClassVar[str] = "permeability"

    volume: ArrayLike = field(repr=False)
    phase: int
    boundary: FlowBoundary = "periodic"
    voxel_size: VoxelSize | None = None
    _fluid: BoolArray = field(init=False, repr=False)
    _metres: float | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_choice(self.boundary, ("periodic", "mirror"), name="boundary")
        check_problem_memory(self.volume, ("stokes", "lbm"), self.quantity)
        labels = check_labels(self.volume, name="volume", ndim=(3,))
        phase = check_label(self.phase)
        check_phase_present(labels, phase, name="volume")
        object.__setattr__(self, "_fluid", labels == phase)
        object.__setattr__(self, "_metres", None if self.voxel_size is None else self.voxel_size.metres)

    @property
    def shape(self) -> Shape:
        """Shape of the volume."""
        return self._fluid.shape

    def estimate_memory(self, options: SolverOptions = DEFAULT_OPTIONS, device: str = "cpu") -> int:
        """Return the memory of this machine that a solve along one axis needs, in bytes."""
        return estimate_memory(
            self.shape,
            options.method or "stokes",
            precision=options.precision,
            mirrored=self.boundary == "mirror",
            device=device,
        )

    def _check(self, axis: int, options: SolverOptions) -> None:
        """Accept every axis and all options."""

    def _solve(
        self, axis: int, options: SolverOptions, backend: Backend
    ) -> Generator[SolverStep, None, PermeabilityResult]:
        percolates = winds if self.boundary == "periodic" else spans
        if not percolates(self._fluid, axis):
            return self._assemble(axis, Flow.at_rest(self.shape, Outcome.NOT_PERCOLATING))
        method = options.method or "stokes"
        stopping = StoppingCriterion(options.tolerance, options.max_iterations or _MAX_ITERATIONS[method])
        mirrored = self.boundary == "mirror"
        solid = ~self._fluid
        if method == "stokes":
            flow = yield from iter_stokes(solid, axis, stopping, backend, mirrored=mirrored)
        else:
            periodic = np.concatenate([solid, np.flip(solid, axis)], axis) if mirrored else solid
            flow = yield from iter_lattice_boltzmann(periodic, axis, stopping, backend.torch_device, options.precision)
        return self._assemble(axis, flow)

    def _assemble(self, axis: int, flow: Flow) -> PermeabilityResult:
        first = tuple(slice(n) for n in self.shape)  # the original half
        velocity = flow.velocity[:, *first]
        column = velocity.mean(axis=(1, 2, 3), dtype=float)
        length = self.shape[axis]
        mean_pressure = np.moveaxis(length - (np.arange(length) + 0.5).reshape(-1, 1, 1), 0, axis)
        pressure = np.where(self._fluid, flow.pressure[first] + mean_pressure, np.nan)
        edge = self._metres or 1.0
        return PermeabilityResult(
            value=float(column[axis]) * edge**2,
            unit="m²" if self._metres else "voxel²",
            axis=axis,
            column=column * edge**2,
            outcome=flow.outcome,
            residual=flow.residual,
            n_iterations=flow.n_iterations,
            value_in_voxels=float(column[axis]),
            velocity=velocity * edge**2,
            pressure=pressure * edge,
        )


def _voxel_size(value: float | None, unit: str | None) -> VoxelSize | None:
    if value is None and unit is None:
        return None
    if value is None or unit is None:
        raise ValueError(
            f"voxel_size and unit must be given together, got voxel_size={value!r} and unit={unit!r}; "
            "omit both for a result in voxel²"
        )
    return VoxelSize(value, unit)
