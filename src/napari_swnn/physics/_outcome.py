"""How a solve ended, in words that say what to do next."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_swnn.physics.results import AxisResult


class Outcome(Enum):
    """How a solve ended; the text of a member says what happened and what to do."""

    CONVERGED = "The residual fell below the tolerance."
    NOT_PERCOLATING = (
        "No path of voxels joined by their faces leads through the volume along the axis, so the property is 0. "
        "Choose another axis or phase, or a larger volume or porosity."
    )
    MAX_ITERATIONS = (
        "The largest number of iterations was reached before the tolerance. Raise max_iterations or tolerance."
    )
    PRECISION_LIMIT = "Rounding kept the true residual above the tolerance. Use dtype='float64', or raise tolerance."

    @property
    def advice(self) -> str:
        """What happened and what to do."""
        return self.value


class PhysicsError(RuntimeError):
    """A solve did not give the property that was asked for.

    Pass ``throw=False`` to have the result returned instead.
    """

    result: AxisResult | None = None
    """As far as the solve came; its `outcome` says why it ended."""


class NotPercolatingError(PhysicsError):
    """The conducting phase does not lead through the volume."""


class NotConvergedError(PhysicsError):
    """The iteration stopped short of its tolerance."""
