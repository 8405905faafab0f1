"""Slow flow between voxels, driven by forces on the walls.

Velocities live on the faces of the voxels and pressures at their centres (a staggered grid). The fluid is thought to
fill the whole periodic box, and forces on the walls hold it back there: zero velocity on the faces that lie in a wall
or one face behind it, and a drag on the fluid faces that run along a wall, half a voxel away from it. Fourier
transforms solve the Stokes equations for given forces, so only the forces are unknown, and the operator from forces to
velocities is symmetric and positive: conjugate gradients apply. A stream of velocity 1 along the axis is prescribed,
whose mean force gives the pressure gradient; across it the mean force is 0 and the fluid may drift.

A volume that is mirrored along the flow is not doubled: the velocity along the axis is even about both ends, those
across and the pressure are odd, so that cosines and sines along the axis see all of it in one half.

What slows conjugate gradients down is the pressure along the pores: forces on the walls that hold back a slowly
varying pressure hardly move the fluid. The preconditioner adds these forces, from a pressure that diffuses through
the box as if it were one porous medium.

References
----------
.. [1] A. Wiegmann, "Computation of the permeability of porous materials from their microstructure by FFF-Stokes",
   Fraunhofer ITWM report 129 (2007).
.. [2] F. H. Harlow, J. E. Welch, Phys. Fluids 8 (1965) 2182-2189: the staggered grid.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

from napari_swnn.physics._backend import Array, Backend
from napari_swnn.physics._conjugate_gradient import Stopping, conjugate_gradient
from napari_swnn.physics.results import SolverStep

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray, FloatArray, Shape
    from napari_swnn.physics._outcome import Outcome

_OWN_RESPONSE = 1 / 6
"""Velocity at a node per unit of force there, on an infinite grid: 2/3 of the 0.2527 of Poisson's equation."""

_SINGLE_SUFFICES = 1e-5
"""Tolerance from which on the fields are computed in single precision, in half the time; it is right to about 1e-6."""

_PORE_PRESSURE = 2.0
"""Weight of the forces that hold back the pressure along the pores; found by trial, and flat about its best."""


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


def iter_stokes(
    solid: BoolArray, axis: int, stopping: Stopping, backend: Backend, *, mirrored: bool = False
) -> Generator[SolverStep, None, Flow]:
    """Solve for the flow around `solid`, ``(z, y, x)``, driven along `axis`.

    The volume repeats periodically; with `mirrored` it is followed by its mirror image along `axis` before it repeats.
    The residual is the velocity left on the walls over that of the undisturbed stream.
    """
    order = [axis, *(other for other in range(3) if other != axis)]
    fields = backend.single() if stopping.tolerance >= _SINGLE_SUFFICES else backend
    walls = WallForces(np.ascontiguousarray(solid.transpose(order)), backend, mirrored=mirrored, fields=fields)
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
    velocity, pressure = walls.flow(solved.solution)
    # the walls hold back, and the mean pressure gradient drives, with equal force
    gradient = -walls.mean_force(solved.solution)
    back = np.argsort(order)
    return Flow(
        np.stack([velocity[component].transpose(back) for component in back]) / gradient,
        pressure.transpose(back) / gradient,
        solved.outcome,
        solved.residual,
        solved.n_iterations,
    )


class WallForces:
    """The linear map from the forces on the walls to the velocities there.

    Where the volume is mirrored, forces and velocities on the mirrors are taken times √½, since half of each belongs
    to the mirror image: sums of squares then are half of those over the doubled volume, and the map stays symmetric.

    Parameters
    ----------
    solid : ndarray of bool, ``(z, y, x)``
        The stream is along axis 0.
    backend : Backend
        Where to compute.
    mirrored : bool
        Whether the volume is followed by its mirror image along axis 0 before it repeats.
    fields : Backend, optional
        Where to compute the fields between the walls, if in another precision than the forces.
    """

    def __init__(
        self, solid: BoolArray, backend: Backend, *, mirrored: bool = False, fields: Backend | None = None
    ) -> None:
        walls = _walls(solid, mirrored=mirrored)
        self._backend = backend
        self._fields = backend if fields is None else fields
        self._waves = _Waves(solid.shape, self._fields, mirrored=mirrored)
        self._rough = backend.single()
        # the preconditioner only steers the search
        self._rough_waves = (
            self._waves if self._fields is not backend else _Waves(solid.shape, self._rough, mirrored=mirrored)
        )
        self._walls = walls
        self._nodes = [backend.array(wall.nodes) for wall in walls]
        self._compliance = backend.array(np.concatenate([wall.compliance for wall in walls]))
        ends = np.cumsum([wall.nodes.size for wall in walls])
        self.n_nodes = int(ends[-1])
        self._own_resistance = 1 / (_OWN_RESPONSE + self._compliance)
        self._parts = [slice(int(end) - wall.nodes.size, int(end)) for wall, end in zip(walls, ends, strict=True)]
        # where there are mirrors the fluid cannot drift
        self._parts_across = [] if mirrored else self._parts[1:]
        self._weight = backend.array(walls[0].node_weights)
        nodes, cells, signs = zip(*(wall.sides(solid) for wall in walls), strict=True)
        starts = [part.start for part in self._parts]
        self._wall_nodes = backend.array(np.concatenate([n + start for n, start in zip(nodes, starts, strict=True)]))
        self._wall_cells = backend.array(np.concatenate(cells))
        self._wall_signs = backend.array(np.concatenate(signs))
        self._drifts = self._undrift()

    def slip(self, forces: Array) -> Array:
        """Return the velocities at the wall nodes that `forces` cause, plus the half-voxel slip of the drag."""
        waves, _ = self._respond(forces)
        slip = self._backend.empty((self.n_nodes,))
        for component, (nodes, part, wave) in enumerate(zip(self._nodes, self._parts, waves, strict=True)):
            slip[part] = self._waves.to_grid(wave, component).reshape(-1)[nodes]
        slip += self._compliance * forces
        return slip

    def slip_less_drift(self, forces: Array) -> Array:
        """Return `slip` without its mean across the stream, which a drift of the fluid cancels."""
        slip = self.slip(forces)
        for part in self._parts_across:
            slip[part] -= slip[part].mean()
        return slip

    def rough_inverse(self, slip: Array) -> Array:
        """Return forces that would cause about `slip`, with no mean across."""
        forces = self._resist(slip)
        for drift in self._drifts:
            self._backend.add_scaled(forces, drift, -self._backend.dot(drift, slip))
        return forces

    def against_stream(self) -> Array:
        """Return the velocities that stop a stream of velocity 1 at the wall nodes."""
        slip = self._backend.zeros((self.n_nodes,))
        slip[self._parts[0]] = -self._weight
        return slip

    def mean_force(self, forces: Array) -> float:
        """Return the mean over the volume of the force along the stream."""
        return self._backend.dot(self._weight, forces[self._parts[0]]) / float(np.prod(self._waves.shape))

    def flow(self, forces: Array) -> tuple[list[FloatArray], FloatArray]:
        """Return the stream as `forces` disturb it.

        Returns
        -------
        velocity : list of three arrays, ``(z, y, x)``
            At the centres; 0 in the solid.
        pressure : array, ``(z, y, x)``
            At the centres.
        """
        waves, pressure = self._respond(forces)
        slip = self.slip(forces)
        drift = [1.0, 0.0, 0.0]
        for component, part in enumerate(self._parts_across, start=1):
            drift[component] = -float(slip[part].mean())
        velocity = []
        for component, (wave, wall) in enumerate(zip(waves, self._walls, strict=True)):
            face = self._backend.numpy(self._waves.to_grid(wave, component)) / wall.weights
            velocity.append(
                _at_centres((face + drift[component]) * wall.open_faces, component, self._waves.shape[component])
            )
        return velocity, self._backend.numpy(self._waves.to_centres(pressure))

    def _respond(self, forces: Array) -> tuple[list[Array], Array]:
        """Return the waves of the three components of the velocity, with no mean, and of the pressure."""
        forces = self._fields.cast(forces)
        waves = [self._waves.of_grid(self._spread(forces, component), component) for component in range(3)]
        return self._waves.solve(waves)

    def _spread(self, forces: Array, component: int) -> Array:
        """Return one component of the forces on the grid."""
        grid = self._fields.zeros(self._walls[component].open_faces.shape)
        grid.reshape(-1)[self._nodes[component]] = forces[self._parts[component]]
        return grid

    def _resist(self, slip: Array) -> Array:
        """Return forces as if the nodes did not feel each other but for the pressure along the pores."""
        forces = self._own_resistance * slip
        sources = self._rough.cast(self._wall_signs * slip[self._wall_nodes])
        pressure = self._rough_waves.diffuse(self._rough.add_up(sources, self._wall_cells, self._waves.shape))
        held_back = self._backend.cast(pressure.reshape(-1)[self._wall_cells])
        forces[self._wall_nodes] += _PORE_PRESSURE * self._wall_signs * held_back
        return forces

    def _undrift(self) -> list[Array]:
        """Return what takes the mean across from `_resist`: R − Σ d·dᵀ is symmetric and gives forces of no mean."""
        drifts: list[Array] = []
        for part in self._parts_across:
            uniform = self._backend.zeros((self.n_nodes,))
            uniform[part] = 1.0
            drift = self._resist(uniform)
            for other in drifts:
                self._backend.add_scaled(drift, other, -self._backend.dot(other, uniform))
            drift /= math.sqrt(self._backend.dot(drift, uniform))
            drifts.append(drift)
        return drifts


class _Waves:
    """The fields as sums of waves, in which the Stokes equations are one small system for each wave.

    With mirrors, cosines along axis 0 for the velocity along it, on the n + 1 faces from mirror to mirror, and sines
    for all else. The cosines have one wave more, the uniform one, which the pressure does not feel.

    Parameters
    ----------
    shape : tuple of int
        Of the centres.
    backend : Backend
        Where to compute.
    mirrored : bool
        Whether axis 0 ends at mirrors.
    """

    def __init__(self, shape: Shape, backend: Backend, *, mirrored: bool) -> None:
        self.shape, self._backend, self._mirrored = shape, backend, mirrored
        z, y, x = (2 * np.pi * np.arange(n) / n for n in shape)
        if mirrored:
            z = np.pi * np.arange(shape[0] + 1) / shape[0]
        waves = np.ix_(z, y, x[: shape[-1] // 2 + 1])  # the half that a real transform keeps
        gradient: list[NDArray[Any]] = [np.exp(1j * wave) - 1 for wave in waves]
        if mirrored:
            gradient[0] = 2 * np.sin(waves[0] / 2)
        laplacian = np.asarray(sum(np.abs(symbol) ** 2 for symbol in gradient))
        laplacian[0, 0, 0] = np.inf  # the mean is not determined
        gradient[0] = gradient[0][-shape[0] :]
        self._gradient = [backend.array(symbol) for symbol in gradient]
        self._divergence = [backend.array(np.conj(symbol)) for symbol in gradient]
        self._inverse_laplacian = backend.array(1 / laplacian)
        self._inverse_at_centres = self._inverse_laplacian[-shape[0] :]
        # as matrices: up to some hundred voxels faster than fast transforms along the axis of the longest stride
        self._cosines = backend.array(fft.dct(np.eye(shape[0] + 1), type=1, axis=0, norm="ortho"))
        self._sines = backend.array(fft.dst(np.eye(shape[0]), type=2, axis=0, norm="ortho"))

    def of_grid(self, grid: Array, component: int) -> Array:
        """Return the waves of one component of a field on the faces."""
        if not self._mirrored:
            return self._backend.rfftn(grid)
        return self._backend.rfftn(_along(self._sines if component else self._cosines, grid), first=1)

    def to_grid(self, waves: Array, component: int) -> Array:
        """Return one component of a field on the faces."""
        if component:
            return self.to_centres(waves)
        if not self._mirrored:
            return self._backend.irfftn(waves, self.shape)
        return _along(self._cosines, self._backend.irfftn(waves, self.shape, first=1))  # their own inverse

    def to_centres(self, waves: Array) -> Array:
        """Return a field at the centres, or, having the same waves, on the faces along axis 1 or 2."""
        if not self._mirrored:
            return self._backend.irfftn(waves, self.shape)
        return _along(self._sines.T, self._backend.irfftn(waves, self.shape, first=1))

    def solve(self, forces: Sequence[Array]) -> tuple[list[Array], Array]:
        """Return the waves of the velocity, in place of those of the forces that cause it, and of the pressure."""
        n = self.shape[0]
        pressure = sum(force[-n:] * divergence for force, divergence in zip(forces, self._divergence, strict=True))
        pressure *= self._inverse_at_centres
        velocity = list(forces)
        for wave, gradient in zip(velocity, self._gradient, strict=True):
            wave[-n:] -= gradient * pressure
            wave *= self._inverse_laplacian[-len(wave) :]
        return velocity, pressure

    def diffuse(self, source: Array) -> Array:
        """Return the field at the centres whose Laplacian is −`source`, less its mean."""
        return self.to_centres(self.of_grid(source, 1) * self._inverse_at_centres)


@dataclass(frozen=True, slots=True, eq=False)
class _Walls:
    """Where the walls act on one component of the velocity."""

    open_faces: BoolArray
    """``(z, y, x)`` whether the face from each voxel to the next is fluid on both sides."""
    nodes: NDArray[np.intp]
    """Flat indices of the faces that carry a force."""
    compliance: NDArray[np.float64]
    """Velocity left per unit of force at each of them: 0 in the solid, 1 / (number of walls) beside it."""
    component: int
    """Of the velocity."""
    mirrors: bool = False
    """Whether the first and the last face along axis 0 lie on mirrors."""

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
        return cls(open_faces, np.concatenate([held_nodes, dragged]), compliance, axis)

    def half(self, n: int) -> _Walls:
        """Return the walls of the first `n` layers of a doubled volume, with the faces on both mirrors."""

        def cut(faces: NDArray[Any]) -> NDArray[Any]:
            return faces[:n] if self.component else np.roll(faces, 1, 0)[: n + 1]

        compliance = np.full(self.open_faces.size, np.nan)
        compliance[self.nodes] = self.compliance
        compliance = cut(compliance.reshape(self.open_faces.shape)).reshape(-1)
        nodes = np.flatnonzero(~np.isnan(compliance))
        return _Walls(cut(self.open_faces), nodes, compliance[nodes], self.component, not self.component)

    @property
    def weights(self) -> FloatArray:
        """``(z, 1, 1)`` what is taken times √½: values on faces that lie on mirrors."""
        weights = np.ones((len(self.open_faces), 1, 1))
        if self.mirrors:
            weights[[0, -1]] = math.sqrt(0.5)
        return weights

    @property
    def node_weights(self) -> FloatArray:
        """`weights` at the nodes."""
        return np.asarray(np.broadcast_to(self.weights, self.open_faces.shape).reshape(-1)[self.nodes])

    def sides(self, solid: BoolArray) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
        """Return which nodes lie in a wall, the flat index of the fluid voxel there, and 1 if it follows, else -1."""
        before = list(np.unravel_index(self.nodes, self.open_faces.shape))
        after, n, axis = list(before), solid.shape[self.component], self.component
        if self.mirrors:  # the first face is before the first voxel
            before[axis], after[axis] = np.maximum(before[axis] - 1, 0), np.minimum(after[axis], n - 1)
        else:
            after[axis] = (after[axis] + 1) % n
        cells = [np.ravel_multi_index(tuple(voxels), solid.shape) for voxels in (before, after)]
        blocked = [solid.reshape(-1)[each] for each in cells]
        walls = np.flatnonzero(blocked[0] ^ blocked[1])
        return walls, np.where(blocked[0], cells[1], cells[0])[walls], np.where(blocked[0], 1.0, -1.0)[walls]


def _along(matrix: Array, field: Array) -> Array:
    """Return `field` transformed along axis 0."""
    return (matrix @ field.reshape(len(field), -1)).reshape(field.shape)


def _walls(solid: BoolArray, *, mirrored: bool) -> list[_Walls]:
    """Return the walls for each component of the velocity."""
    if not mirrored:
        return [_Walls.of(solid, component) for component in range(3)]
    doubled = np.concatenate([solid, np.flip(solid, 0)])
    return [_Walls.of(doubled, component).half(len(solid)) for component in range(3)]


def _at_centres(faces: FloatArray, component: int, n: int) -> FloatArray:
    """Return the mean over the two faces of each voxel; there are `n` along the component's axis."""
    if faces.shape[component] > n:
        return np.asarray((faces[:-1] + faces[1:]) / 2)
    return np.asarray((faces + np.roll(faces, 1, component)) / 2)
