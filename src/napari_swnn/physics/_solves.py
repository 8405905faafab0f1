"""What every solver shares: its axis, its limits, and running it to the end or through all the axes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from napari_swnn._checks import check_in_range, check_whole
from napari_swnn.physics._conjugate_gradient import Stopping
from napari_swnn.physics._outcome import NotConvergedError, NotPercolatingError, Outcome, PhysicsError
from napari_swnn.physics.results import AxisResult, SolverStep, TensorResult

R = TypeVar("R", bound=AxisResult)


def solve_axes(
    solve: Callable[[int], Generator[SolverStep, None, R]], axis: int | None, ndim: int
) -> Generator[SolverStep, None, R | TensorResult[R]]:
    """Solve along `axis`, or along every axis in turn if it is None."""
    if axis is not None:
        return (yield from solve(axis))
    results = []
    for each in range(ndim):
        results.append((yield from solve(each)))
    return TensorResult(tuple(results))


def settled(result: R, quantity: str, *, throw: bool) -> R:
    """Return `result`, or raise the error that belongs to its outcome.

    Raises
    ------
    NotPercolatingError, NotConvergedError
        If the solve failed and `throw` is set.
    """
    if result.converged or not throw:
        return result
    where = f"{quantity} along axis {result.axis}"
    error: PhysicsError
    if result.outcome is Outcome.NOT_PERCOLATING:
        error = NotPercolatingError(f"{where}: {result.outcome.advice}")
    else:
        state = f"residual {result.residual:.3g} after {result.n_iterations} iterations"
        error = NotConvergedError(f"{where}: {state}. {result.outcome.advice}")
    error.result = result
    raise error


def check_axis(axis: Any, ndim: int) -> int | None:
    """Return `axis`, counted from 0, or None for all of them.

    Raises
    ------
    ValueError
        If it is not an axis of the volume.
    """
    if axis is not None and axis not in range(-ndim, ndim):
        raise ValueError(f"axis must be one of {', '.join(map(str, range(ndim)))}, or None for all, got {axis!r}")
    return None if axis is None else int(axis) % ndim


def check_stopping(tolerance: Any, max_iterations: Any) -> Stopping:
    """Return the limits of a solve.

    Raises
    ------
    ValueError
        If the tolerance is not between 0 and 1 or the iterations are not a positive whole number.
    """
    return Stopping(
        check_in_range(tolerance, 0, 1, name="tolerance", open_low=True, open_high=True),
        check_whole(max_iterations, name="max_iterations"),
    )
