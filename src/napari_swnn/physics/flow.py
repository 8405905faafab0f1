"""Absolute permeability: slow flow of a viscous fluid through one phase of a segmented volume.

The Stokes equations −∇p + μΔu = 0, ∇·u = 0 with u = 0 on the solid, and Darcy's law K = μ⟨u⟩ / |∇p|, the mean taken
over the whole volume. The volume repeats periodically, as in the paper; if it was not made to, mirror it along the
flow with ``ends="mirror"``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, Unpack, overload

import numpy as np

from napari_swnn._checks import check_choice, check_labels, check_phase_present
from napari_swnn._steps import drain
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.physics._backend import Device, Precision, make_backend
from napari_swnn.physics._lattice_boltzmann import iter_lattice_boltzmann
from napari_swnn.physics._outcome import Outcome
from napari_swnn.physics._percolation import spans, winds
from napari_swnn.physics._solves import check_axis, check_stopping, settled, solve_axes
from napari_swnn.physics._stokes import Flow, iter_stokes
from napari_swnn.physics.results import PermeabilityResult, SolverStep, TensorResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from napari_swnn._types import BoolArray

    _FlowSolver: TypeAlias = Callable[[BoolArray, int], Generator[SolverStep, None, Flow]]

FlowEnds: TypeAlias = Literal["periodic", "mirror"]
"""How the volume goes on along the flow: repeated as it is, or mirrored first."""

FlowMethod: TypeAlias = Literal["stokes", "lbm"]

PermeabilityTensor: TypeAlias = TensorResult[PermeabilityResult]

_MAX_ITERATIONS = {"stokes": 2000, "lbm": 50_000}


class PermeabilityOptions(TypedDict, total=False):
    """The options of `permeability` beside phase and axis."""

    ends: FlowEnds
    method: FlowMethod
    voxel_size: float | None
    unit: str | None
    tolerance: float
    max_iterations: int | None
    dtype: Precision
    device: Device
    throw: bool


@overload
def permeability(
    volume: ArrayLike, *, phase: int, axis: int = 0, **options: Unpack[PermeabilityOptions]
) -> PermeabilityResult: ...
@overload
def permeability(
    volume: ArrayLike, *, phase: int, axis: None, **options: Unpack[PermeabilityOptions]
) -> PermeabilityTensor: ...
def permeability(
    volume: ArrayLike,
    *,
    phase: int,
    axis: int | None = 0,
    ends: FlowEnds = "periodic",
    method: FlowMethod = "stokes",
    voxel_size: float | None = None,
    unit: str | None = None,
    tolerance: float = 1e-4,
    max_iterations: int | None = None,
    dtype: Precision = "float64",
    device: Device = "auto",
    throw: bool = True,
) -> PermeabilityResult | PermeabilityTensor:
    """Compute the absolute permeability of one phase of a segmented volume.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)``
        One value for each phase.
    phase : int
        The phase that the fluid fills; all others are solid.
    axis : int or None
        Direction of the mean pressure gradient; None solves for every axis and returns the full tensor.
    ends : {"periodic", "mirror"}
        How the volume goes on along the flow. A volume that does not fit to itself there needs "mirror"; it costs
        no more, except with "lbm", where it doubles time and memory. The sides are periodic.
    method : {"stokes", "lbm"}
        Solver: finite differences with wall forces, or a lattice-Boltzmann method, slower by far, as a check.
    voxel_size : float, optional
        Edge of a voxel in `unit`; the result is then in m² instead of voxel².
    unit : str, optional
        A length: "m", "mm", "um", "nm", "inch", …
    tolerance : float
        Residual at which to stop, in (0, 1): the velocity left on the walls over that of the undisturbed stream (root
        mean squares); with "lbm" the net force on the fluid over the driving force.
    max_iterations : int, optional
        Where to give up; by default 2000, with "lbm" 50000 time steps.
    dtype : {"float64", "float32"}
        Precision. Single precision is right to about 1e-5. From a tolerance of 1e-5 on, "float64" computes the fields
        in single precision too, and only sums in double.
    device : {"auto", "cpu", "cuda"}
        Where to compute; "auto" takes a CUDA card if there is one.
    throw : bool
        Raise an error if the solve fails. If False, `outcome` of the result tells.

    Returns
    -------
    PermeabilityResult or PermeabilityTensor
        With `value`, or `tensor` if `axis` is None. Where nothing percolates the value is 0 and the fluid at rest.

    Raises
    ------
    TypeError, ValueError
        If the input is not as described.
    NotPercolatingError
        If the phase does not lead through the volume.
    NotConvergedError
        If the residual stays above the tolerance.

    Notes
    -----
    A straight channel between plates H voxels apart comes out as (H² + 2)/12, the true value being H²/12: pores of a
    few voxels are seen too wide.

    Examples
    --------
    >>> import numpy as np
    >>> channel = np.zeros((4, 10, 4), int)
    >>> channel[:, :8] = 1
    >>> print(f"{permeability(channel, phase=1, axis=0).value:.4f} voxel²")  # (8² + 2)/12 of 8/10
    4.4000 voxel²
    """
    steps: Generator[SolverStep, None, PermeabilityResult | PermeabilityTensor] = iter_permeability(
        volume,
        phase=phase,
        axis=axis,
        ends=ends,
        method=method,
        voxel_size=voxel_size,
        unit=unit,
        tolerance=tolerance,
        max_iterations=max_iterations,
        dtype=dtype,
        device=device,
        throw=throw,
    )
    return drain(steps)


@overload
def iter_permeability(
    volume: ArrayLike, *, phase: int, axis: int = 0, **options: Unpack[PermeabilityOptions]
) -> Generator[SolverStep, None, PermeabilityResult]: ...
@overload
def iter_permeability(
    volume: ArrayLike, *, phase: int, axis: None, **options: Unpack[PermeabilityOptions]
) -> Generator[SolverStep, None, PermeabilityTensor]: ...
def iter_permeability(
    volume: ArrayLike,
    *,
    phase: int,
    axis: int | None = 0,
    ends: FlowEnds = "periodic",
    method: FlowMethod = "stokes",
    voxel_size: float | None = None,
    unit: str | None = None,
    tolerance: float = 1e-4,
    max_iterations: int | None = None,
    dtype: Precision = "float64",
    device: Device = "auto",
    throw: bool = True,
) -> Generator[SolverStep, None, PermeabilityResult | PermeabilityTensor]:
    """Compute as `permeability` does, yielding a `SolverStep` at each iteration.

    The input is checked at the call. The generator's return value is the result; closing it stops the solve.
    """
    labels = check_labels(volume, name="volume", ndim=(3,))
    check_phase_present(labels, phase, name="volume")
    axis = check_axis(axis, labels.ndim)
    check_choice(ends, ("periodic", "mirror"), name="ends")
    check_choice(method, ("stokes", "lbm"), name="method")
    metres = _check_voxel_size(voxel_size, unit)
    stopping = check_stopping(tolerance, _MAX_ITERATIONS[method] if max_iterations is None else max_iterations)
    backend = make_backend(device, dtype)

    def solve_flow(solid: BoolArray, along: int) -> Generator[SolverStep, None, Flow]:
        if method == "stokes":
            return iter_stokes(solid, along, stopping, backend, mirrored=ends == "mirror")
        if ends == "mirror":
            solid = np.concatenate([solid, np.flip(solid, along)], along)
        return iter_lattice_boltzmann(solid, along, stopping, backend.torch_device, dtype)

    sample = _Sample(labels == phase, ends, metres)
    return solve_axes(lambda each: _solve_axis(sample, each, solve_flow, throw), axis, labels.ndim)


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The fluid's voxels, how they go on, and the edge of one in metres."""

    fluid: BoolArray
    ends: FlowEnds
    metres: float | None

    def percolates(self, axis: int) -> bool:
        return winds(self.fluid, axis) if self.ends == "periodic" else spans(self.fluid, axis)


def _solve_axis(
    sample: _Sample, axis: int, solve_flow: _FlowSolver, throw: bool
) -> Generator[SolverStep, None, PermeabilityResult]:
    if sample.percolates(axis):
        flow = yield from solve_flow(~sample.fluid, axis)
    else:
        nothing = np.zeros(sample.fluid.shape)
        flow = Flow(np.zeros((3, *nothing.shape)), nothing, Outcome.NOT_PERCOLATING, np.nan, 0)
    result = _assemble(flow, sample, axis)
    return settled(result, "permeability", throw=throw)


def _assemble(flow: Flow, sample: _Sample, axis: int) -> PermeabilityResult:
    length = sample.fluid.shape[axis]
    first = tuple(slice(n) for n in sample.fluid.shape)  # the half that was not mirrored
    column = flow.velocity[:, *first].mean(axis=(1, 2, 3), dtype=float)
    mean_pressure = np.moveaxis(length - (np.arange(length) + 0.5).reshape(-1, 1, 1), 0, axis)
    pressure = np.where(sample.fluid, flow.pressure[first] + mean_pressure, np.nan)
    edge = sample.metres or 1.0
    return PermeabilityResult(
        value=float(column[axis]) * edge**2,
        unit="m²" if sample.metres else "voxel²",
        axis=axis,
        column=column * edge**2,
        outcome=flow.outcome,
        residual=flow.residual,
        n_iterations=flow.n_iterations,
        value_in_voxels=float(column[axis]),
        velocity=flow.velocity[:, *first] * edge**2,
        pressure=pressure * edge,
    )


def _check_voxel_size(voxel_size: float | None, unit: str | None) -> float | None:
    """Return the edge of a voxel in metres, or None if none is given."""
    if voxel_size is None and unit is None:
        return None
    if voxel_size is None or unit is None:
        raise ValueError(
            f"voxel_size and unit must be given together, got voxel_size={voxel_size!r} and unit={unit!r}; "
            "leave both out to have voxel²"
        )
    return VoxelSize(voxel_size, unit).metres
