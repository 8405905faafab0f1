"""Solution of the Stokes equations by conjugate gradients on the wall forces."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn.physics._conjugate_gradient import LinearSystem, StoppingCriterion, conjugate_gradient
from napari_swnn.physics._flow import Flow
from napari_swnn.physics._stokes.preconditioner import WallForcePreconditioner
from napari_swnn.physics._stokes.spectral import SpectralSolver
from napari_swnn.physics._stokes.wall_forces import WallForces
from napari_swnn.physics._stokes.walls import Walls

if TYPE_CHECKING:
    from napari_swnn._types import BoolArray
    from napari_swnn.physics._backend import Array, Backend
    from napari_swnn.physics.results import SolverStep

_SINGLE_SUFFICES = 1e-5
"""Smallest tolerance for which the fields are computed in single precision (accurate to about 1e-6, twice as fast)."""


def iter_stokes(
    solid: BoolArray, axis: int, stopping: StoppingCriterion, backend: Backend, *, mirrored: bool = False
) -> Generator[SolverStep, None, Flow]:
    """Solve for the flow around a periodic solid, driven along one axis.

    The residual is the velocity remaining on the walls divided by the velocity of the undisturbed stream.

    Parameters
    ----------
    solid : ndarray of bool, ``(z, y, x)``
        Solid voxels.
    axis : int
        Direction of the flow.
    stopping : StoppingCriterion
        Tolerance and maximum number of iterations.
    backend : Backend
        Arithmetic of the solve.
    mirrored : bool
        True if the volume is followed by its mirror image along `axis` before it repeats.
    """
    order = [axis, *(other for other in range(3) if other != axis)]
    walls = Walls.from_solid(np.ascontiguousarray(solid.transpose(order)), mirrored=mirrored)
    rough = SpectralSolver(walls.shape, backend.single(), mirrored=mirrored)
    forces = WallForces(walls, backend, spectral=rough if stopping.tolerance >= _SINGLE_SUFFICES else None)
    system = _linear_system(walls, forces, WallForcePreconditioner(walls, backend, rough), backend)
    solved = yield from conjugate_gradient(system, stopping, axis)
    velocity, pressure = forces.flow(solved.solution)
    # the wall forces balance the mean pressure gradient
    gradient = -forces.mean_force(solved.solution)
    back = np.argsort(order)
    return Flow(
        np.stack([velocity[component].transpose(back) for component in back]) / gradient,
        pressure.transpose(back) / gradient,
        solved.outcome,
        solved.residual,
        solved.n_iterations,
    )


def _linear_system(
    walls: Walls, forces: WallForces, precondition: WallForcePreconditioner, backend: Backend
) -> LinearSystem:
    rhs = forces.opposing_stream()
    stream_norm = math.sqrt(backend.dot(rhs, rhs))

    def scale(_: Array) -> float:
        return stream_norm

    return LinearSystem(
        apply=forces.slip_without_drift,
        rhs=rhs,
        guess=backend.zeros((walls.n_nodes,)),
        precondition=precondition,
        scale=scale,
        backend=backend,
    )
