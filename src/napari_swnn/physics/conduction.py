"""Effective conductivity: heat, charge or solute driven through a segmented volume.

The equation is ∇·(k∇T) = 0. Finite volumes turn the voxels into a network: two neighbours are joined by the
harmonic mean of their conductivities, which makes layers exact. Conjugate gradients solve the network; each step is
preconditioned with the exact inverse for a uniform material, which sine and Fourier transforms give. The number of
iterations then grows with the contrast of the phases and hardly with the size of the volume.

Opposite sides are joined (periodic) and the temperature is fixed at the two ends, as in the paper. By default it is
fixed on the outer faces; ``ends="voxel"`` fixes it at the centres of the first and last voxels, as PuMA does. The two
differ by a term that falls as one over the number of voxels along the axis.

References
----------
.. [1] J. C. Ferguson et al., "PuMA: the Porous Microstructure Analysis software", SoftwareX 7 (2018) 81-87.
.. [2] S. V. Patankar, "Numerical Heat Transfer and Fluid Flow" (1980), section 4.2-3: harmonic mean at an interface.
.. [3] H. Moulinec, P. Suquet, "A numerical method for computing the overall response of nonlinear composites with
   complex microstructure", Comput. Methods Appl. Mech. Eng. 157 (1998) 69-94: the uniform material as reference.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack, overload

import numpy as np

from napari_swnn._checks import check_choice, check_in_range, check_labels
from napari_swnn._steps import drain
from napari_swnn.physics._backend import Backend, Device, Precision, make_backend
from napari_swnn.physics._conjugate_gradient import LinearSolution, Stopping, conjugate_gradient
from napari_swnn.physics._network import Ends, Network
from napari_swnn.physics._outcome import Outcome
from napari_swnn.physics._percolation import spans
from napari_swnn.physics._solves import check_axis, check_stopping, settled, solve_axes
from napari_swnn.physics.bounds import conductivity_bounds
from napari_swnn.physics.results import ConductivityResult, SolverStep, TensorResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_swnn._types import FloatArray, Labels

ConductivityTensor: TypeAlias = TensorResult[ConductivityResult]


class ConductionOptions(TypedDict, total=False):
    """The options of `effective_conductivity` beside the axis."""

    ends: Ends
    unit: str
    tolerance: float
    max_iterations: int
    dtype: Precision
    device: Device
    throw: bool


@overload
def effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: int = 0,
    **options: Unpack[ConductionOptions],
) -> ConductivityResult: ...
@overload
def effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: None,
    **options: Unpack[ConductionOptions],
) -> ConductivityTensor: ...
def effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: int | None = 0,
    ends: Ends = "face",
    unit: str = "W/(m·K)",
    tolerance: float = 1e-4,
    max_iterations: int = 1000,
    dtype: Precision = "float64",
    device: Device = "auto",
    throw: bool = True,
) -> ConductivityResult | ConductivityTensor:
    """Compute the effective conductivity of a segmented volume or section.

    The paper's set-up for silica is ``{solid: 1.4, pore: 0.026}``, in W/(m·K). Any other law of the same form will do:
    electrical conductivity in S/m, diffusivity in m²/s.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)`` or ``(y, x)``
        One value for each phase.
    conductivities : mapping of int to float
        Conductivity of each phase, in `unit`. At least 0, and 0 means that the phase insulates.
    axis : int or None
        Direction of the mean gradient; None solves for every axis and returns the full tensor.
    ends : {"face", "voxel"}
        Where the temperature is fixed: on the outer faces, or at the centres of the first and last voxels (PuMA).
    unit : str
        Unit of `conductivities`, passed on to the result.
    tolerance : float
        Residual at which to stop, in (0, 1): the net flow into a voxel (root mean square) over the mean flow through
        one. The conductivity is closer than that, since its error goes as the square.
    max_iterations : int
        Where to give up.
    dtype : {"float64", "float32"}
        Precision. Single precision saves half of the memory, and is right to about 1e-5.
    device : {"auto", "cpu", "cuda"}
        Where to compute; "auto" takes a CUDA card if there is one.
    throw : bool
        Raise an error if the solve fails. If False, `outcome` of the result tells.

    Returns
    -------
    ConductivityResult or ConductivityTensor
        With `value`, or `tensor` if `axis` is None. Where nothing percolates the value is 0 and the flux is 0.

    Raises
    ------
    TypeError, ValueError
        If the input is not as described.
    NotPercolatingError
        If the conducting phases do not join the two ends.
    NotConvergedError
        If the residual stays above the tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> layers = np.repeat([1, 0, 0, 0], 4)[:, None, None] * np.ones((1, 8, 8), int)
    >>> result = effective_conductivity(layers, {1: 0.026, 0: 1.4}, axis=0)
    >>> print(f"{result.value:.4f} {result.unit}")
    0.0985 W/(m·K)
    """
    steps: Generator[SolverStep, None, ConductivityResult | ConductivityTensor] = iter_effective_conductivity(
        volume,
        conductivities,
        axis=axis,
        ends=ends,
        unit=unit,
        tolerance=tolerance,
        max_iterations=max_iterations,
        dtype=dtype,
        device=device,
        throw=throw,
    )
    return drain(steps)


@overload
def iter_effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: int = 0,
    **options: Unpack[ConductionOptions],
) -> Generator[SolverStep, None, ConductivityResult]: ...
@overload
def iter_effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: None,
    **options: Unpack[ConductionOptions],
) -> Generator[SolverStep, None, ConductivityTensor]: ...
def iter_effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: int | None = 0,
    ends: Ends = "face",
    unit: str = "W/(m·K)",
    tolerance: float = 1e-4,
    max_iterations: int = 1000,
    dtype: Precision = "float64",
    device: Device = "auto",
    throw: bool = True,
) -> Generator[SolverStep, None, ConductivityResult | ConductivityTensor]:
    """Compute as `effective_conductivity` does, yielding a `SolverStep` at each iteration.

    The input is checked at the call. The generator's return value is the result; closing it stops the solve.
    """
    labels = check_labels(volume, name="volume")
    axis = check_axis(axis, labels.ndim)
    check_choice(ends, ("face", "voxel"), name="ends")
    for each in range(labels.ndim) if axis is None else [axis]:
        _check_length(labels.shape[each], each, ends)
    material = _Material.of(labels, conductivities, unit)
    stopping = check_stopping(tolerance, max_iterations)
    backend = make_backend(device, dtype)
    return solve_axes(lambda each: _solve_axis(material, each, ends, stopping, backend, throw), axis, labels.ndim)


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """Conductivity of every voxel, over the largest one, and of the phases as they came."""

    relative: FloatArray
    scale: float
    fractions: FloatArray
    conductivities: FloatArray
    unit: str

    @classmethod
    def of(cls, labels: Labels, conductivities: Mapping[int, float], unit: str) -> _Material:
        phases, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
        missing = [int(phase) for phase in phases if phase not in conductivities]
        if missing:
            raise ValueError(
                "conductivities must hold one number for each phase of volume, "
                f"got none for phase {', '.join(map(str, missing))}; add it to the mapping"
            )
        k = np.array([_check_conductivity(conductivities[int(phase)], int(phase)) for phase in phases])
        scale = float(k.max()) or 1.0  # any unit then fits single precision
        return cls((k / scale)[index.reshape(labels.shape)], scale, counts / labels.size, k, unit)


def _check_conductivity(value: float, phase: int) -> float:
    return check_in_range(
        value, 0, np.inf, name=f"conductivity of phase {phase}", hint="0 means that it insulates", open_high=True
    )


def _check_length(length: int, axis: int, ends: Ends) -> None:
    least = {"face": 1, "voxel": 3}[ends]
    if length < least:
        raise ValueError(f"ends={ends!r} needs at least {least} voxels along axis {axis}, got {length}")


def _solve_axis(
    material: _Material, axis: int, ends: Ends, stopping: Stopping, backend: Backend, throw: bool
) -> Generator[SolverStep, None, ConductivityResult]:
    conducts = material.relative > 0
    if not conducts.all() and not spans(conducts, axis):
        result = _assemble(material, axis, np.full(conducts.shape, np.nan), np.zeros((conducts.ndim, *conducts.shape)))
    else:
        network = Network.of(np.moveaxis(material.relative, axis, 0), ends, backend)
        solved = yield from _solve_network(network, stopping, axis)
        temperature, flux = network.fields(solved.solution)
        # bring the driven axis, which the network has first, back to its place
        temperature = np.where(conducts, np.moveaxis(temperature, 0, axis), np.nan)
        flux = np.moveaxis(np.insert(flux[1:], axis, flux[0], axis=0), 1, 1 + axis)
        result = _assemble(material, axis, temperature, material.scale * flux, solved)
    return settled(result, "conductivity", throw=throw)


def _assemble(
    material: _Material, axis: int, temperature: FloatArray, flux: FloatArray, solved: LinearSolution | None = None
) -> ConductivityResult:
    column = flux.mean(axis=tuple(range(1, flux.ndim)), dtype=float)
    return ConductivityResult(
        value=float(column[axis]),
        unit=material.unit,
        axis=axis,
        column=column,
        outcome=solved.outcome if solved else Outcome.NOT_PERCOLATING,
        residual=solved.residual if solved else np.nan,
        n_iterations=solved.n_iterations if solved else 0,
        bounds=conductivity_bounds(material.fractions, material.conductivities, ndim=temperature.ndim),
        field=temperature,
        flux=flux,
    )


def _solve_network(network: Network, stopping: Stopping, axis: int) -> Generator[SolverStep, None, LinearSolution]:
    return (
        yield from conjugate_gradient(
            network.outflow,
            network.inflow(),
            guess=network.ramp(),
            precondition=network.backend.inverse_laplacian(network.shape, half_cell=network.ends == "face"),
            scale=network.typical_flow,
            stopping=stopping,
            backend=network.backend,
            axis=axis,
        )
    )
