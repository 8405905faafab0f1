"""Outcome of a solve, with advice."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """Outcome of a solve; the value of each member describes the outcome and gives advice."""

    CONVERGED = "The residual fell below the tolerance."
    NOT_PERCOLATING = (
        "No path of face-connected voxels spans the volume along the axis, so the property is 0. "
        "Choose another axis or phase, or a larger volume or porosity."
    )
    MAX_ITERATIONS = (
        "The maximum number of iterations was reached before the tolerance. Raise max_iterations or tolerance."
    )
    PRECISION_LIMIT = (
        "Rounding kept the true residual above the tolerance. Use precision='float64', or raise tolerance."
    )

    @property
    def advice(self) -> str:
        """Description of the outcome, with advice."""
        return self.value
