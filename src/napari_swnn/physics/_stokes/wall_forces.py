"""Operator from wall forces to wall velocities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_swnn.physics._stokes.spectral import SpectralSolver

if TYPE_CHECKING:
    from napari_swnn._types import FloatArray
    from napari_swnn.physics._backend import Array, Backend
    from napari_swnn.physics._stokes.walls import Walls


class WallForces:
    """Symmetric linear operator from wall forces to wall velocities.

    On mirrors, forces and velocities are scaled by √½, since half of each belongs to the mirror image: sums of squares
    are then half of the sums over the doubled volume, and the operator stays symmetric.

    Parameters
    ----------
    walls : Walls
        Geometry of the walls.
    backend : Backend
        Arithmetic of the forces.
    spectral : SpectralSolver, optional
        Solver for the fields between the walls, if its precision differs from that of the forces.
    """

    def __init__(self, walls: Walls, backend: Backend, *, spectral: SpectralSolver | None = None) -> None:
        self._walls = walls
        self._backend = backend
        self._spectral = spectral or SpectralSolver(walls.shape, backend, mirrored=walls.mirrored)
        self._nodes = [backend.array(wall.nodes) for wall in walls.components]
        self._compliance = backend.array(walls.compliance)
        self._stream_weight = backend.array(walls.components[0].node_weights)

    def slip(self, forces: Array) -> Array:
        """Return the velocities at the wall nodes due to `forces`, plus the half-voxel slip of the drag."""
        modes, _ = self._respond(forces)
        slip = self._backend.empty((self._walls.n_nodes,))
        for component, (nodes, part, mode) in enumerate(zip(self._nodes, self._walls.parts, modes, strict=True)):
            slip[part] = self._spectral.to_faces(mode, component).reshape(-1)[nodes]
        slip += self._compliance * forces
        return slip

    def slip_without_drift(self, forces: Array) -> Array:
        """Return `slip` without its mean across the stream, which a drift of the fluid cancels."""
        slip = self.slip(forces)
        for part in self._walls.parts_across:
            slip[part] -= slip[part].mean()
        return slip

    def opposing_stream(self) -> Array:
        """Return the velocities that stop a stream of velocity 1 at the wall nodes."""
        slip = self._backend.zeros((self._walls.n_nodes,))
        slip[self._walls.parts[0]] = -self._stream_weight
        return slip

    def mean_force(self, forces: Array) -> float:
        """Return the mean over the volume of the force along the stream."""
        total = self._backend.dot(self._stream_weight, forces[self._walls.parts[0]])
        return total / float(np.prod(self._walls.shape))

    def flow(self, forces: Array) -> tuple[list[FloatArray], FloatArray]:
        """Return the stream disturbed by `forces`.

        Returns
        -------
        velocity : list of three arrays, ``(z, y, x)``
            Velocity components at the voxel centres; 0 in the solid.
        pressure : array, ``(z, y, x)``
            Pressure at the voxel centres.
        """
        modes, pressure = self._respond(forces)
        slip = self.slip(forces)
        drift = [1.0, 0.0, 0.0]
        for component, part in enumerate(self._walls.parts_across, start=1):
            drift[component] = -float(slip[part].mean())
        velocity = []
        for component, (mode, wall) in enumerate(zip(modes, self._walls.components, strict=True)):
            face = self._backend.numpy(self._spectral.to_faces(mode, component)) / wall.weights
            moving = (face + drift[component]) * wall.open_faces
            velocity.append(_at_centres(moving, component, self._walls.shape[component]))
        return velocity, self._backend.numpy(self._spectral.to_centres(pressure))

    def _respond(self, forces: Array) -> tuple[list[Array], Array]:
        """Return the modes of the three zero-mean velocity components and of the pressure."""
        forces = self._spectral.backend.cast(forces)
        modes = [self._spectral.to_modes(self._on_grid(forces, component), component) for component in range(3)]
        return self._spectral.solve_stokes(modes)

    def _on_grid(self, forces: Array, component: int) -> Array:
        """Return one component of the forces on the faces of the grid."""
        grid = self._spectral.backend.zeros(self._walls.components[component].open_faces.shape)
        grid.reshape(-1)[self._nodes[component]] = forces[self._walls.parts[component]]
        return grid


def _at_centres(faces: FloatArray, component: int, n: int) -> FloatArray:
    """Return the mean over the two faces of each of `n` voxels along the axis of the component."""
    if faces.shape[component] > n:
        return np.asarray((faces[:-1] + faces[1:]) / 2)
    return np.asarray((faces + np.roll(faces, 1, component)) / 2)
