"""Errors raised by failed solves; each contains the result at the end of the solve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_swnn.physics.outcome import Outcome

if TYPE_CHECKING:
    from napari_swnn.physics.results import AxisResult


class PhysicsError(RuntimeError):
    """Error raised when a solve fails to compute the requested property.

    Pass ``SolverOptions(throw=False)`` to return the result instead of raising an error.

    Attributes
    ----------
    result : AxisResult or None
        Result at the end of the solve; its `outcome` gives the reason for the failure.
    """

    result: AxisResult | None = None


class NotPercolatingError(PhysicsError):
    """Error raised when the conducting phase does not percolate along the axis."""


class NotConvergedError(PhysicsError):
    """Error raised when the iteration ends above its tolerance."""


def raise_if_failed(result: AxisResult, quantity: str) -> None:
    """Raise the error that corresponds to the outcome of a solve, if it failed.

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
