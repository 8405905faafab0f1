"""Preconditioned conjugate gradients that report every iteration.

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

from napari_swnn.physics._outcome import Outcome
from napari_swnn.physics.results import SolverStep

if TYPE_CHECKING:
    from napari_swnn.physics._backend import Array, Backend

_ROUNDING_SLACK = 10.0
"""How far above the tolerance rounding may leave the true residual before it counts as a failure."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearSolution:
    """What conjugate gradients found."""

    solution: Array
    outcome: Outcome
    residual: float
    n_iterations: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """When to stop."""

    tolerance: float
    max_iterations: int


def conjugate_gradient(
    apply: Callable[[Array], Array],
    rhs: Array,
    *,
    guess: Array,
    precondition: Callable[[Array], Array],
    scale: Callable[[Array], float],
    stopping: Stopping,
    backend: Backend,
    axis: int,
) -> Generator[SolverStep, None, LinearSolution]:
    """Solve ``apply(x) = rhs`` for a symmetric positive (semi)definite `apply`, from `guess` on, in place.

    The residual is the Euclidean norm of ``rhs - apply(x)`` over ``scale(x)``. The recursion of the method loses sight
    of the true residual once rounding takes over, so this is computed afresh at the end.
    """

    def relative_norm(vector: Array) -> float:
        return math.sqrt(backend.dot(vector, vector)) / max(scale(solution), sys.float_info.min)

    solution = guess
    remainder = rhs - apply(solution)
    size, iteration, previous = relative_norm(remainder), 0, 0.0
    direction = backend.zeros(tuple(remainder.shape))
    yield SolverStep(0, size, axis)
    while stopping.tolerance < size < math.inf and iteration < stopping.max_iterations:
        ascent = precondition(remainder)
        product = backend.dot(remainder, ascent)
        direction *= product / previous if previous else 0.0
        direction += ascent
        image = apply(direction)
        step = product / backend.dot(direction, image)
        backend.add_scaled(solution, direction, step)
        backend.add_scaled(remainder, image, -step)
        size, iteration, previous = relative_norm(remainder), iteration + 1, product
        yield SolverStep(iteration, size, axis)

    true_size = relative_norm(rhs - apply(solution))
    if size <= stopping.tolerance and true_size <= _ROUNDING_SLACK * stopping.tolerance:
        outcome = Outcome.CONVERGED
    elif iteration == stopping.max_iterations:
        outcome = Outcome.MAX_ITERATIONS
    else:
        outcome = Outcome.PRECISION_LIMIT
    return LinearSolution(solution, outcome, true_size, iteration)
