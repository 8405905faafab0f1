"""Preconditioned conjugate-gradient solver that reports every iteration.

References
----------
.. [1] M. R. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res. Natl. Bur.
   Stand. 49 (1952) 409-436.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_swnn.physics._convergence import Convergence
from napari_swnn.physics.outcome import Outcome

if TYPE_CHECKING:
    from napari_swnn.physics._backend import Array, Backend
    from napari_swnn.physics.results import SolverStep

_ROUNDING_SLACK = 10.0
"""Factor by which rounding may leave the true residual above the tolerance without counting as a failure."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearSystem:
    """Linear system ``apply(x) = rhs`` with a symmetric positive (semi)definite operator.

    Attributes
    ----------
    apply : callable
        Operator.
    rhs : Array
        Right-hand side.
    guess : Array
        Initial guess, overwritten by the solution.
    precondition : callable
        Approximate inverse of the operator.
    scale : callable
        Function of the solution that returns the norm by which the residual is divided.
    backend : Backend
        Arithmetic of the arrays.
    """

    apply: Callable[[Array], Array]
    rhs: Array
    guess: Array
    precondition: Callable[[Array], Array]
    scale: Callable[[Array], float]
    backend: Backend


@dataclass(frozen=True, slots=True, eq=False)
class LinearSolution:
    """Solution of a linear system, with details of the solve."""

    solution: Array
    outcome: Outcome
    residual: float
    n_iterations: int


@dataclass(frozen=True, slots=True)
class StoppingCriterion:
    """Relative residual and number of iterations at which to stop."""

    tolerance: float
    max_iterations: int


def conjugate_gradient(
    system: LinearSystem, stopping: StoppingCriterion, axis: int
) -> Generator[SolverStep, None, LinearSolution]:
    """Solve a linear system, reporting progress for `axis`.

    The residual is the Euclidean norm of ``rhs - apply(x)`` divided by ``scale(x)``. Rounding makes the recursively
    updated residual drift from the true one, so the residual is recomputed at the end.
    """
    backend = system.backend
    solution = system.guess

    def relative_norm(vector: Array) -> float:
        return math.sqrt(backend.dot(vector, vector)) / max(system.scale(solution), sys.float_info.min)

    remainder = system.apply(solution)
    remainder *= -1.0
    remainder += system.rhs
    residual = relative_norm(remainder)
    iteration = 0
    previous = 0.0
    direction = backend.zeros(tuple(remainder.shape))
    convergence = Convergence(stopping.tolerance, axis)
    yield convergence.step(0, residual)
    while stopping.tolerance < residual < math.inf and iteration < stopping.max_iterations:
        ascent = system.precondition(remainder)
        product = backend.dot(remainder, ascent)
        # make the direction conjugate to all earlier ones
        direction *= product / previous if previous else 0.0
        direction += ascent
        del ascent  # of the size of the volume, as all vectors here
        # move to the minimum along it
        image = system.apply(direction)
        step = product / backend.dot(direction, image)
        backend.add_scaled(solution, direction, step)
        backend.add_scaled(remainder, image, -step)
        del image
        previous = product
        iteration += 1
        residual = relative_norm(remainder)
        yield convergence.step(iteration, residual)

    del remainder, direction
    error = system.apply(solution)
    error -= system.rhs
    true_residual = relative_norm(error)
    if residual <= stopping.tolerance and true_residual <= _ROUNDING_SLACK * stopping.tolerance:
        outcome = Outcome.CONVERGED
    elif iteration == stopping.max_iterations:
        outcome = Outcome.MAX_ITERATIONS
    else:
        outcome = Outcome.PRECISION_LIMIT
    return LinearSolution(solution, outcome, true_residual, iteration)
