"""Progress of an iteration towards its tolerance."""

from __future__ import annotations

from math import isfinite, log
from sys import float_info
from time import perf_counter

from napari_swnn.physics.results import SolverStep


class Convergence:
    """Progress of an iteration whose residual decreases roughly exponentially.

    Parameters
    ----------
    tolerance : float
        Relative residual at which the iteration stops.
    axis : int
        Axis being solved.
    """

    def __init__(self, tolerance: float, axis: int) -> None:
        self._tolerance = tolerance
        self._axis = axis
        self._largest = 0.0
        self._start = perf_counter()

    def step(self, iteration: int, residual: float) -> SolverStep:
        """Return the progress after an iteration."""
        residual_or_tiny = max(residual, float_info.min) if isfinite(residual) else float_info.max
        self._largest = max(self._largest, residual_or_tiny)
        decades = log(self._largest / self._tolerance) if self._largest > self._tolerance else 1.0
        return SolverStep(
            fraction=min(1.0, log(self._largest / residual_or_tiny) / decades),
            elapsed=perf_counter() - self._start,
            activity=f"iteration {iteration}, residual {residual:.1e} of {self._tolerance:.0e}",
            iteration=iteration,
            residual=residual,
            axis=self._axis,
        )
