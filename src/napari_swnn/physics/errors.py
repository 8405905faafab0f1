"""Errors that a failed solve raises; each carries the result as far as it was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_swnn.physics.outcome import Outcome

if TYPE_CHECKING:
    from napari_swnn.physics.results import AxisResult


class PhysicsError(RuntimeError):
    """Error raised by a solve that does not give the requested property.

    Pass ``SolverOptions(throw=False)`` to have the result returned instead.

    Attributes
    ----------
    result : AxisResult or None
        State of the solve when it ended; `outcome` says why it ended.
    """

    result: AxisResult | None = None


class NotPercolatingError(PhysicsError):
    """The conducting phase does not percolate along the axis."""


class NotConvergedError(PhysicsError):
    """The iteration ended above its tolerance."""


def raise_if_failed(result: AxisResult, quantity: str) -> None:
    """Raise the error that belongs to the outcome of a solve.

    Parameters
    ----------
    result : AxisResult
        Result of the solve.
    quantity : str
        Name of the property, for the message.

    Raises
    ------
    NotPercolatingError, NotConvergedError
        If the solve failed.
    """
    if result.converged:
        return
    where = f"{quantity} along axis {result.axis}"
    error: PhysicsError
    if result.outcome is Outcome.NOT_PERCOLATING:
        error = NotPercolatingError(f"{where}: {result.outcome.advice}")
    else:
        state = f"residual {result.residual:.3g} after {result.n_iterations} iterations"
        error = NotConvergedError(f"{where}: {state}. {result.outcome.advice}")
    error.result = result
    raise error
