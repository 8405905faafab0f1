"""Slow flow between voxels, driven by forces on the walls.

Velocities live on the faces of the voxels and pressures at their centres (a staggered grid). The fluid is thought to
fill the whole periodic box, and forces on the walls hold it back there: zero velocity on the faces that lie in a wall
or one face behind it, and a drag on the fluid faces that run along a wall, half a voxel away from it. Fourier
transforms solve the Stokes equations for given forces, so only the forces are unknown, and the operator from forces to
velocities is symmetric and positive: conjugate gradients apply. A stream of velocity 1 along the axis is prescribed,
whose mean force gives the pressure gradient; across it the mean force is 0 and the fluid may drift.

References
----------
.. [1] A. Wiegmann, "Computation of the permeability of porous materials from their microstructure by FFF-Stokes",
   Fraunhofer ITWM report 129 (2007).
.. [2] F. H. Harlow, J. E. Welch, Phys. Fluids 8 (1965) 2182-2189: the staggered grid.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn.physics._backend import Array, Backend
from napari_swnn.physics._conjugate_gradient import Stopping, conjugate_gradient
from napari_swnn.physics.results import SolverStep

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray, FloatArray, Shape
    from napari_swnn.physics._outcome import Outcome

_OWN_RESPONSE = 1 / 6
"""Velocity at a node per unit of force there, on an infinite grid: 2/3 of the 0.2527 of Poisson's equation."""


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A steady flow at unit viscosity under a unit mean pressure gradient, in voxels."""

    velocity: FloatArray
    """``(3, z, y, x)`` at the voxels' centres; 0 in the solid. Its mean is the permeability."""
    pressure: FloatArray
    """``(z, y, x)`` deviation from the mean gradient."""
    outcome: Outcome
    residual: float
    n_iterations: int


def iter_stokes(solid: BoolArray, axis: int, stopping: Stopping, backend: Backend) -> Generator[SolverStep, None, Flow]:
    """Solve for the flow through periodic `solid`, ``(z, y, x)``, driven along `axis`.

    The residual is the velocity left on the walls over that of the undisturbed stream.
    """
    walls = WallForces(solid, axis, backend)
    rhs = walls.against_stream()
    stream_size = math.sqrt(backend.dot(rhs, rhs))
    solved = yield from conjugate_gradient(
        walls.slip_less_drift,
        rhs,
        guess=backend.zeros((walls.n_nodes,)),
        precondition=walls.rough_inverse,
        scale=lambda _: stream_size,
        stopping=stopping,
        backend=backend,
        axis=axis,
    )
    faces, pressure = walls.flow(solved.solution)
    stream = walls.stream(solved.solution)
    # the walls hold back, and the mean pressure gradient drives, with equal force
    gradient = -walls.mean_force(solved.solution)
    velocity = [
        (backend.numpy(face) + drift) * is_open
        for face, drift, is_open in zip(faces, stream, walls.open_faces, strict=True)
    ]
    centred = np.stack([(face + np.roll(face, 1, side)) / 2 for side, face in enumerate(velocity)])
    return Flow(
        centred / gradient, backend.numpy(pressure) / gradient, solved.outcome, solved.residual, solved.n_iterations
    )


class WallForces:
    """The linear map from the forces on the walls to the velocities there.

    Parameters
    ----------
    solid : ndarray of bool, ``(z, y, x)``
        Periodic.
    axis : int
        Direction of the stream.
    backend : Backend
        Where to compute.
    """

    def __init__(self, solid: BoolArray, axis: int, backend: Backend) -> None:
        walls = [_Walls.of(solid, component) for component in range(3)]
        self._axis = axis
        self._backend = backend
        self._shape: Shape = solid.shape
        self.open_faces = [wall.open_faces for wall in walls]
        self._nodes = [backend.array(wall.nodes) for wall in walls]
        self._compliance = backend.array(np.concatenate([wall.compliance for wall in walls]))
        ends = np.cumsum([wall.nodes.size for wall in walls])
        self.n_nodes = int(ends[-1])
        self._own_resistance = 1 / (_OWN_RESPONSE + self._compliance)
        self._parts = [slice(int(end) - wall.nodes.size, int(end)) for wall, end in zip(walls, ends, strict=True)]
        self._parts_across = [part for component, part in enumerate(self._parts) if component != axis]
        gradient, inverse_laplacian = _symbols(solid.shape)
        self._gradient = [backend.array(symbol) for symbol in gradient]
        self._divergence = [backend.array(np.conj(symbol)) for symbol in gradient]
        self._inverse_laplacian = backend.array(inverse_laplacian)

    def slip(self, forces: Array) -> Array:
        """Return the velocities at the wall nodes that `forces` cause, plus the half-voxel slip of the drag."""
        velocity, _ = self.flow(forces)
        slip = self._backend.empty((self.n_nodes,))
        for nodes, part, component in zip(self._nodes, self._parts, velocity, strict=True):
            slip[part] = component.reshape(-1)[nodes]
        slip += self._compliance * forces
        return slip

    def slip_less_drift(self, forces: Array) -> Array:
        """Return `slip` without its mean across the stream, which a drift of the fluid cancels."""
        slip = self.slip(forces)
        for part in self._parts_across:
            slip[part] -= slip[part].mean()
        return slip

    def rough_inverse(self, slip: Array) -> Array:
        """Return the forces that would cause `slip` if the nodes did not feel each other, with no mean across."""
        forces = self._own_resistance * slip
        for part in self._parts_across:
            resistance = self._own_resistance[part]
            forces[part] -= resistance * (forces[part].sum() / resistance.sum())
        return forces

    def against_stream(self) -> Array:
        """Return the velocities that stop a stream of velocity 1 at the wall nodes."""
        slip = self._backend.zeros((self.n_nodes,))
        slip[self._parts[self._axis]] = -1
        return slip

    def stream(self, forces: Array) -> list[float]:
        """Return the uniform velocity that brings the wall nodes to rest: 1 along the axis, and the drift across."""
        slip = self.slip(forces)
        drift = [-float(slip[part].mean()) for part in self._parts]
        return [*drift[: self._axis], 1.0, *drift[self._axis + 1 :]]

    def mean_force(self, forces: Array) -> float:
        """Return the mean over the volume of the force along the axis."""
        return float(forces[self._parts[self._axis]].sum()) / float(np.prod(self._shape))

    def flow(self, forces: Array) -> tuple[list[Array], Array]:
        """Return the flow that `forces` cause, with no mean velocity.

        Returns
        -------
        velocity : list of three arrays, ``(z, y, x)``
            On the face between each voxel and the next along the component's axis.
        pressure : array, ``(z, y, x)``
            At the centres.
        """
        backend = self._backend
        waves = [backend.rfftn(self._spread(forces, axis)) for axis in range(3)]
        pressure = waves[0] * self._divergence[0]
        for wave, divergence in zip(waves[1:], self._divergence[1:], strict=True):
            pressure += wave * divergence
        pressure *= self._inverse_laplacian
        velocity = []
        for wave, gradient in zip(waves, self._gradient, strict=True):
            wave -= gradient * pressure
            wave *= self._inverse_laplacian
            velocity.append(backend.irfftn(wave, self._shape))
        return velocity, backend.irfftn(pressure, self._shape)

    def _spread(self, forces: Array, axis: int) -> Array:
        """Return one component of the forces on the grid."""
        grid = self._backend.zeros(self._shape)
        grid.reshape(-1)[self._nodes[axis]] = forces[self._parts[axis]]
        return grid


@dataclass(frozen=True, slots=True, eq=False)
class _Walls:
    """Where the walls act on one component of the velocity."""

    open_faces: BoolArray
    """``(z, y, x)`` whether the face from each voxel to the next is fluid on both sides."""
    nodes: NDArray[np.intp]
    """Flat indices of the faces that carry a force."""
    compliance: NDArray[np.float64]
    """Velocity left per unit of force at each of them: 0 in the solid, 1 / (number of walls) beside it."""

    @classmethod
    def of(cls, solid: BoolArray, axis: int) -> _Walls:
        following = np.roll(solid, -1, axis)
        open_faces, inside = ~(solid | following), solid & following
        held = ~open_faces & ~inside  # the faces that lie in a wall: no flow through it
        n_walls = np.zeros(solid.shape, np.int8)
        for side in (other for other in range(3) if other != axis):
            for shift in (1, -1):
                n_walls += open_faces & np.roll(inside, shift, side)
                # the first face behind a wall, a full voxel from the fluid face that the drag acts on
                held |= inside & np.roll(open_faces, shift, side)
        held_nodes, dragged = np.flatnonzero(held), np.flatnonzero(n_walls)
        compliance = np.concatenate([np.zeros(held_nodes.size), 1 / n_walls.reshape(-1)[dragged]])
        return cls(open_faces, np.concatenate([held_nodes, dragged]), compliance)


def _symbols(shape: Shape) -> tuple[list[NDArray[Any]], NDArray[np.float64]]:
    """Return the Fourier symbols of the forward differences and the inverse of −Δ, its mean mode 0."""
    z, y, x = (2 * np.pi * np.arange(n) / n for n in shape)
    waves = np.ix_(z, y, x[: shape[-1] // 2 + 1])  # the half that a real transform keeps
    gradient = [np.exp(1j * wave) - 1 for wave in waves]
    laplacian = np.asarray(sum(np.abs(symbol) ** 2 for symbol in gradient))
    laplacian[0, 0, 0] = np.inf
    return gradient, 1 / laplacian
