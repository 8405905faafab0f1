"""Steady viscous flow, as returned by the flow solvers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray, Shape
    from napari_swnn.physics.outcome import Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Steady flow at unit viscosity under a unit mean pressure gradient, in voxels.

    Attributes
    ----------
    velocity : numpy.ndarray
        ``(3, z, y, x)`` velocity at the voxel centres, 0 in the solid. Its mean is the permeability.
    pressure : numpy.ndarray
        ``(z, y, x)`` deviation of the pressure from the mean gradient.
    outcome : Outcome
        Outcome of the solve.
    residual : float
        Relative residual.
    n_iterations : int
        Number of iterations.
    """

    velocity: FloatArray
    pressure: FloatArray
    outcome: Outcome
    residual: float
    n_iterations: int

    @classmethod
    def at_rest(cls, shape: Shape, outcome: Outcome) -> Flow:
        """Return a fluid at rest, for a problem that was not solved."""
        return cls(np.zeros((3, *shape)), np.zeros(shape), outcome, np.nan, 0)
