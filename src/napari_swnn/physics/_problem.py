"""Transport problem in a volume, to be solved along one axis or all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from napari_swnn._types import Shape
from napari_swnn.physics._backend import Backend, make_backend
from napari_swnn.physics.errors import raise_if_failed
from napari_swnn.physics.memory import check_memory
from napari_swnn.physics.options import DEFAULT_OPTIONS, SolverOptions
from napari_swnn.physics.results import AxisResult, SolverStep, TensorResult

R = TypeVar("R", bound=AxisResult)


class TransportProblem(ABC, Generic[R]):
    """Volume with boundary conditions, to be solved along any axis.

    The volume is checked when the problem is created, the axis and options when a solve is requested.
    """

    quantity: ClassVar[str]
    """Name of the property in error messages."""

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Shape of the volume."""

    def iter_solve(self, axis: int = 0, options: SolverOptions = DEFAULT_OPTIONS) -> Generator[SolverStep, None, R]:
        """Solve along one axis, yielding a `SolverStep` at each iteration and returning the result.

        Closing the generator stops the solve.

        Parameters
        ----------
        axis : int
            Direction of the mean gradient.
        options : SolverOptions
            Numerical settings.

        Raises
        ------
        ValueError
            If the axis or an option does not suit the problem, or there is not enough memory; raised at the call,
            before the first step.
        NotPercolatingError, NotConvergedError
            If the solve fails and ``options.throw`` is set.
        """
        axis = check_axis(axis, len(self.shape))
        self._check(axis, options)
        backend = make_backend(options.device, options.precision)
        check_memory(self.shape, self.estimate_memory(options, backend.torch_device), self.quantity)
        return self._report(axis, options, backend)

    def iter_tensor(self, options: SolverOptions = DEFAULT_OPTIONS) -> Generator[SolverStep, None, TensorResult[R]]:
        """Solve along every axis in turn, as `iter_solve` does, and return the full tensor."""
        return _gather([self.iter_solve(axis, options) for axis in range(len(self.shape))])

    @abstractmethod
    def estimate_memory(self, options: SolverOptions = DEFAULT_OPTIONS, device: str = "cpu") -> int:
        """Return the memory of this machine that a solve along one axis needs, in bytes."""

    @abstractmethod
    def _check(self, axis: int, options: SolverOptions) -> None:
        """Reject an axis or options that do not suit the problem."""

    @abstractmethod
    def _solve(self, axis: int, options: SolverOptions, backend: Backend) -> Generator[SolverStep, None, R]:
        """Solve along `axis` and return the result, whatever its outcome."""

    def _report(self, axis: int, options: SolverOptions, backend: Backend) -> Generator[SolverStep, None, R]:
        result = yield from self._solve(axis, options, backend)
        if options.throw:
            raise_if_failed(result, self.quantity)
        return result


def _gather(solves: Sequence[Generator[SolverStep, None, R]]) -> Generator[SolverStep, None, TensorResult[R]]:
    results = []
    for solve in solves:
        results.append((yield from solve))
    return TensorResult(tuple(results))


def check_axis(axis: Any, ndim: int) -> int:
    """Return `axis` as a non-negative index.

    Raises
    ------
    ValueError
        If the volume has no such axis.
    """
    if axis is None or axis not in range(-ndim, ndim):
        raise ValueError(f"axis must be one of {', '.join(map(str, range(ndim)))}, got {axis!r}")
    return int(axis) % ndim
