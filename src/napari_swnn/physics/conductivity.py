"""Effective conductivity of a segmented volume, for heat, charge or solute.

The equation is ∇·(k∇T) = 0. The finite-volume method represents the voxels as a resistor network: neighbours are
connected by the harmonic mean of their conductivities, which is exact for laminates. The network is solved by conjugate
gradients, preconditioned with the exact inverse for a uniform material, which sine and Fourier transforms compute. The
number of iterations then grows with the contrast of the phases but hardly with the size of the volume.

The sides are periodic and the temperature is fixed at both ends of the axis, as in the paper. By default it is fixed on
the outer faces; ``boundary="voxel"`` fixes it at the centres of the first and last voxels, as PuMA does. Their
difference is inversely proportional to the number of voxels along the axis.

References
----------
.. [1] J. C. Ferguson et al., "PuMA: the Porous Microstructure Analysis software", SoftwareX 7 (2018) 81-87.
.. [2] S. V. Patankar, "Numerical Heat Transfer and Fluid Flow" (1980), section 4.2-3: harmonic mean at an interface.
.. [3] H. Moulinec, P. Suquet, "A numerical method for computing the overall response of nonlinear composites with
   complex microstructure", Comput. Methods Appl. Mech. Eng. 157 (1998) 69-94: the uniform material as reference.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, overload

import numpy as np

from napari_swnn._checks import check_choice, check_in_range, check_labels
from napari_swnn._phases import MOST_PHASES, explain_many_labels
from napari_swnn._steps import drain
from napari_swnn.physics._backend import Backend
from napari_swnn.physics._conjugate_gradient import LinearSolution, LinearSystem, StoppingCriterion, conjugate_gradient
from napari_swnn.physics._percolation import spans
from napari_swnn.physics._phase_index import find_phases
from napari_swnn.physics._problem import TransportProblem
from napari_swnn.physics._resistor_network import FixedAt, ResistorNetwork
from napari_swnn.physics.bounds import conductivity_bounds
from napari_swnn.physics.memory import check_problem_memory, estimate_memory
from napari_swnn.physics.options import DEFAULT_OPTIONS, SolverOptions
from napari_swnn.physics.outcome import Outcome
from napari_swnn.physics.results import ConductivityResult, SolverStep, TensorResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from napari_swnn._types import BoolArray, FloatArray, Labels, Shape

ConductivityTensor: TypeAlias = TensorResult[ConductivityResult]

_MAX_ITERATIONS = 1000


@overload
def effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: int = 0,
    boundary: FixedAt = "face",
    unit: str = "W/(m·K)",
    options: SolverOptions = DEFAULT_OPTIONS,
) -> ConductivityResult: ...
@overload
def effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: None,
    boundary: FixedAt = "face",
    unit: str = "W/(m·K)",
    options: SolverOptions = DEFAULT_OPTIONS,
) -> ConductivityTensor: ...
def effective_conductivity(
    volume: ArrayLike,
    conductivities: Mapping[int, float],
    *,
    axis: int | None = 0,
    boundary: FixedAt = "face",
    unit: str = "W/(m·K)",
    options: SolverOptions = DEFAULT_OPTIONS,
) -> ConductivityResult | ConductivityTensor:
    """Compute the effective conductivity of a segmented volume or section.

    The paper's values for silica are ``{solid: 1.4, pore: 0.026}``, in W/(m·K). The equation also
    applies to electrical conductivity in S/m and diffusivity in m²/s.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)`` or ``(y, x)``
        Labels, one value for each phase.
    conductivities : mapping of int to float
        Conductivity of each phase in `unit`, at least 0; 0 is an insulator.
    axis : int or None
        Direction of the mean gradient; None solves for every axis and returns the full tensor.
    boundary : {"face", "voxel"}
        Position where the temperature is fixed: on the outer faces, or at the centres of the end voxels (PuMA).
    unit : str
        Unit of `conductivities` and of the result.
    options : SolverOptions
        Numerical settings: tolerance, precision, device, …

    Returns
    -------
    ConductivityResult or ConductivityTensor
        Result with `value`, or with `tensor` if `axis` is None. If nothing percolates, value and flux are 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    NotPercolatingError
        If the conducting phases do not connect the two ends.
    NotConvergedError
        If the residual stays above the tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> laminate = np.repeat([1, 0, 0, 0], 4)[:, None, None] * np.ones((1, 8, 8), int)
    >>> result = effective_conductivity(laminate, {1: 0.026, 0: 1.4}, axis=0)
    >>> print(f"{result.value:.4f} {result.unit}")
    0.0985 W/(m·K)
    """
    problem = ConductivityProblem(volume, conductivities, boundary=boundary, unit=unit)
    if axis is None:
        return drain(problem.iter_tensor(options))
    return drain(problem.iter_solve(axis, options))


@dataclass(frozen=True, eq=False)
class ConductivityProblem(TransportProblem[ConductivityResult]):
    """Conduction problem in a segmented volume, as defined by the arguments of `effective_conductivity`.

    Parameters
    ----------
    volume : array_like of int, ``(z, y, x)`` or ``(y, x)``
        Labels, one value for each phase.
    conductivities : mapping of int to float
        Conductivity of each phase, in `unit`.
    boundary : {"face", "voxel"}
        Position where the temperature is fixed.
    unit : str
        Unit of `conductivities`.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    """

    quantity: ClassVar[str] = "conductivity"

    volume: ArrayLike = field(repr=False)
    conductivities: Mapping[int, float]
    boundary: FixedAt = "face"
    unit: str = "W/(m·K)"
    _material: _Material = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_choice(self.boundary, ("face", "voxel"), name="boundary")
        check_problem_memory(self.volume, ("conduction",), self.quantity)
        labels = check_labels(self.volume, name="volume")
        object.__setattr__(self, "_material", _Material.from_labels(labels, self.conductivities))

    @property
    def shape(self) -> Shape:
        """Shape of the volume."""
        return self._material.index.shape

    def estimate_memory(self, options: SolverOptions = DEFAULT_OPTIONS, device: str = "cpu") -> int:
        """Return the memory of this machine that a solve along one axis needs, in bytes."""
        return estimate_memory(self.shape, "conduction", precision=options.precision, device=device)

    def _check(self, axis: int, options: SolverOptions) -> None:
        if options.method is not None:
            raise ValueError(f"method must be None for conduction, got {options.method!r}; it applies to flow only")
        least = {"face": 1, "voxel": 3}[self.boundary]
        if self.shape[axis] < least:
            raise ValueError(
                f"boundary={self.boundary!r} needs at least {least} voxels along axis {axis}, got {self.shape[axis]}"
            )

    def _solve(
        self, axis: int, options: SolverOptions, backend: Backend
    ) -> Generator[SolverStep, None, ConductivityResult]:
        material = self._material
        conducts = material.conducts
        if not conducts.all() and not spans(conducts, axis):
            flux = np.zeros((conducts.ndim, *conducts.shape))
            return self._assemble(axis, np.full(conducts.shape, np.nan), flux)
        network = ResistorNetwork.from_conductivity(np.moveaxis(material.relative, axis, 0), self.boundary, backend)
        stopping = StoppingCriterion(options.tolerance, options.max_iterations or _MAX_ITERATIONS)
        solved = yield from conjugate_gradient(_linear_system(network), stopping, axis)
        temperature, flux = network.fields(solved.solution, axis)
        np.copyto(temperature, np.nan, where=~conducts)
        flux *= material.scale
        return self._assemble(axis, temperature, flux, solved)

    def _assemble(
        self, axis: int, temperature: FloatArray, flux: FloatArray, solved: LinearSolution | None = None
    ) -> ConductivityResult:
        material = self._material
        column = flux.mean(axis=tuple(range(1, flux.ndim)), dtype=float)
        return ConductivityResult(
            value=float(column[axis]),
            unit=self.unit,
            axis=axis,
            column=column,
            outcome=solved.outcome if solved else Outcome.NOT_PERCOLATING,
            residual=solved.residual if solved else np.nan,
            n_iterations=solved.n_iterations if solved else 0,
            bounds=conductivity_bounds(material.fractions, material.conductivities, ndim=temperature.ndim),
            field=temperature,
            flux=flux,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """Phase of every voxel; volume fraction and conductivity of each phase."""

    index: NDArray[np.unsignedinteger[Any]]
    fractions: FloatArray
    conductivities: FloatArray

    @classmethod
    def from_labels(cls, labels: Labels, conductivities: Mapping[int, float]) -> _Material:
        phases, index, counts = find_phases(labels)
        missing = [int(phase) for phase in phases if phase not in conductivities]
        if missing and len(phases) > MOST_PHASES:
            fractions = dict(zip(phases.tolist(), (counts / labels.size).tolist(), strict=True))
            raise ValueError(explain_many_labels(fractions, name="volume"))
        if missing:
            raise ValueError(
                "conductivities must contain one number for each phase of volume, "
                f"got none for phase {', '.join(map(str, missing))}; add it to the mapping"
            )
        k = np.array([_check_conductivity(conductivities[int(phase)], int(phase)) for phase in phases])
        return cls(index, counts / labels.size, k)

    @property
    def scale(self) -> float:
        """Largest conductivity, by which all are divided so that single precision suffices in any unit."""
        return float(self.conductivities.max()) or 1.0

    @property
    def relative(self) -> FloatArray:
        """Conductivity of every voxel relative to the largest."""
        return np.take(self.conductivities / self.scale, self.index)

    @property
    def conducts(self) -> BoolArray:
        """True in the voxels that conduct."""
        return np.take(self.conductivities > 0, self.index)


def _check_conductivity(value: float, phase: int) -> float:
    return check_in_range(
        value, 0, np.inf, name=f"conductivity of phase {phase}", hint="0 means that it insulates", open_high=True
    )


def _linear_system(network: ResistorNetwork) -> LinearSystem:
    return LinearSystem(
        apply=network.outflow,
        rhs=network.inflow(),
        guess=network.uniform_temperature(),
        precondition=network.backend.inverse_laplacian(network.shape, half_cell=network.boundary == "face"),
        scale=network.typical_flow,
        backend=network.backend,
    )
