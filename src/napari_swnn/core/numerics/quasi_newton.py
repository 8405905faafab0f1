"""Minimisation by a quasi-Newton method of limited memory, one iteration at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

Evaluation = Callable[[Tensor], tuple[float, Tensor]]
"""Function that returns value and gradient at a point."""
_SUFFICIENT = 1e-4
"""Least decrease of the value, as a share of what the gradient predicts (Armijo)."""
_MOST_TRIALS = 12
"""Largest number of trial steps in an iteration."""


class QuasiNewton:
    """Minimiser of a smooth function (L-BFGS [1]_) with a backtracking line search.

    Parameters
    ----------
    evaluate : callable
        Function to minimise.
    start : torch.Tensor
        ``(n,)`` first point.
    memory : int
        Number of past steps from which the curvature is estimated.

    Attributes
    ----------
    point, gradient : torch.Tensor
        ``(n,)`` current point and the gradient there.
    value : float
        Value there.

    References
    ----------
    .. [1] Nocedal (1980), Updating quasi-Newton matrices with limited storage.
    """

    def __init__(self, evaluate: Evaluation, start: Tensor, *, memory: int) -> None:
        self._evaluate = evaluate
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=memory)
        self.point = start
        self.value, self.gradient = evaluate(start)

    def step(self) -> bool:
        """Take one step downhill; return False if no such step was found, and the point has not changed."""
        direction = self._direction()
        slope = float(direction @ self.gradient)
        if slope >= 0:
            return False
        size = 1.0 if self._pairs else min(1.0, 1.0 / float(self.gradient.norm()))
        for _ in range(_MOST_TRIALS):
            point = self.point + size * direction
            value, gradient = self._evaluate(point)
            if value <= self.value + _SUFFICIENT * size * slope:
                break
            # The minimum of the parabola through both values and the slope, kept within safe limits.
            curve = 2 * (value - self.value - size * slope)
            size *= min(0.5, max(0.1, -slope * size / curve)) if curve > 0 else 0.1
        else:
            return False
        moved, changed = point - self.point, gradient - self.gradient
        curvature = float(moved @ changed)
        if curvature > 1e-10 * float(changed @ changed):
            self._pairs.append((moved, changed, 1 / curvature))
        self.point, self.value, self.gradient = point, value, gradient
        return True

    def _direction(self) -> Tensor:
        """Return the direction of a step: minus the inverse of the estimated curvature times the gradient."""
        direction = -self.gradient
        weights = []
        for moved, changed, inverse in reversed(self._pairs):
            weight = inverse * float(moved @ direction)
            direction = direction - weight * changed
            weights.append(weight)
        if self._pairs:
            moved, changed, inverse = self._pairs[-1]
            direction = direction / (inverse * float(changed @ changed))
        for (moved, changed, inverse), weight in zip(self._pairs, reversed(weights), strict=True):
            direction = direction + (weight - inverse * float(changed @ direction)) * moved
        return direction


def flatten(parts: list[Tensor]) -> Tensor:
    """Return arrays one after another as a vector."""
    return torch.cat([part.flatten() for part in parts])
