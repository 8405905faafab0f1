"""Geometry of the walls: the faces of the staggered grid on which they act."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray, FloatArray, Shape


@dataclass(frozen=True, eq=False)
class Walls:
    """Wall nodes of the three velocity components, numbered component by component.

    Attributes
    ----------
    solid : numpy.ndarray of bool
        ``(z, y, x)`` solid voxels; the stream is along axis 0.
    mirrored : bool
        True if the volume is followed by its mirror image along axis 0 before it repeats.
    components : tuple of ComponentWalls
        Walls for each component of the velocity.
    """

    solid: BoolArray
    mirrored: bool
    components: tuple[ComponentWalls, ...]

    @classmethod
    def from_solid(cls, solid: BoolArray, *, mirrored: bool = False) -> Walls:
        """Find the walls of a solid, ``(z, y, x)``."""
        if not mirrored:
            return cls(solid, mirrored, tuple(ComponentWalls.from_solid(solid, component) for component in range(3)))
        doubled = np.concatenate([solid, np.flip(solid, 0)])
        walls = (ComponentWalls.from_solid(doubled, component) for component in range(3))
        return cls(solid, mirrored, tuple(wall.first_half(len(solid)) for wall in walls))

    @property
    def shape(self) -> Shape:
        """Shape of the volume."""
        return self.solid.shape

    @cached_property
    def parts(self) -> list[slice]:
        """Range of the nodes of each component."""
        ends = np.cumsum([wall.nodes.size for wall in self.components])
        return [slice(int(end) - wall.nodes.size, int(end)) for wall, end in zip(self.components, ends, strict=True)]

    @property
    def parts_across(self) -> list[slice]:
        """Ranges of the transverse components, in which the fluid may drift; empty with mirrors."""
        return [] if self.mirrored else self.parts[1:]

    @property
    def n_nodes(self) -> int:
        """Number of wall nodes."""
        return int(self.parts[-1].stop)

    @property
    def compliance(self) -> FloatArray:
        """``(n_nodes,)`` compliance of all nodes."""
        return np.concatenate([wall.compliance for wall in self.components])

    def sides(self) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
        """Return the nodes in a wall, the flat index of the adjacent fluid voxel, and 1 if it follows, else -1."""
        nodes, cells, signs = zip(*(wall.sides(self.solid) for wall in self.components), strict=True)
        numbered = [local + part.start for local, part in zip(nodes, self.parts, strict=True)]
        return np.concatenate(numbered), np.concatenate(cells), np.concatenate(signs)


@dataclass(frozen=True, slots=True, eq=False)
class ComponentWalls:
    """Walls that act on one component of the velocity.

    Attributes
    ----------
    open_faces : numpy.ndarray of bool
        ``(z, y, x)`` True if the face from each voxel to the next is fluid on both sides.
    nodes : numpy.ndarray of int
        Flat indices of the faces that carry a force.
    compliance : numpy.ndarray
        Residual velocity per unit force at each node: 0 in the solid, 1 / (number of walls) next to it.
    component : int
        Component of the velocity.
    mirrors : bool
        True if the first and the last face along axis 0 lie on mirrors.
    """

    open_faces: BoolArray
    nodes: NDArray[np.intp]
    compliance: NDArray[np.float64]
    component: int
    mirrors: bool = False

    @classmethod
    def from_solid(cls, solid: BoolArray, component: int) -> ComponentWalls:
        """Find the walls of a periodic solid for one component."""
        following = np.roll(solid, -1, component)
        open_faces = ~(solid | following)
        inside = solid & following
        held = ~open_faces & ~inside  # faces that lie in a wall, without flow through it
        n_walls = np.zeros(solid.shape, np.int8)
        for side in (other for other in range(3) if other != component):
            for shift in (1, -1):
                n_walls += open_faces & np.roll(inside, shift, side)
                # the first face behind a wall, a full voxel from the fluid face that the drag acts on
                held |= inside & np.roll(open_faces, shift, side)
        held_nodes = np.flatnonzero(held)
        dragged_nodes = np.flatnonzero(n_walls)
        compliance = np.concatenate([np.zeros(held_nodes.size), 1 / n_walls.reshape(-1)[dragged_nodes]])
        return cls(open_faces, np.concatenate([held_nodes, dragged_nodes]), compliance, component)

    def first_half(self, n: int) -> ComponentWalls:
        """Return the walls of the first `n` layers of a doubled volume, with the faces on both mirrors."""

        def cut(faces: NDArray[Any]) -> NDArray[Any]:
            return faces[:n] if self.component else np.roll(faces, 1, 0)[: n + 1]

        compliance = np.full(self.open_faces.size, np.nan)
        compliance[self.nodes] = self.compliance
        compliance = cut(compliance.reshape(self.open_faces.shape)).reshape(-1)
        nodes = np.flatnonzero(~np.isnan(compliance))
        return ComponentWalls(cut(self.open_faces), nodes, compliance[nodes], self.component, not self.component)

    @property
    def weights(self) -> FloatArray:
        """``(z, 1, 1)`` weights of the layers of faces: √½ on mirrors."""
        weights = np.ones((len(self.open_faces), 1, 1))
        if self.mirrors:
            weights[[0, -1]] = math.sqrt(0.5)
        return weights

    @property
    def node_weights(self) -> FloatArray:
        """Weights at the nodes."""
        return np.asarray(np.broadcast_to(self.weights, self.open_faces.shape).reshape(-1)[self.nodes])

    def sides(self, solid: BoolArray) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
        """Return the nodes in a wall, the flat index of the adjacent fluid voxel, and 1 if it follows, else -1."""
        axis = self.component
        n = solid.shape[axis]
        before = list(np.unravel_index(self.nodes, self.open_faces.shape))
        after = list(before)
        if self.mirrors:  # the first face is before the first voxel
            before[axis] = np.maximum(before[axis] - 1, 0)
            after[axis] = np.minimum(after[axis], n - 1)
        else:
            after[axis] = (after[axis] + 1) % n
        cells = [np.ravel_multi_index(tuple(voxels), solid.shape) for voxels in (before, after)]
        blocked = [solid.reshape(-1)[each] for each in cells]
        nodes = np.flatnonzero(blocked[0] ^ blocked[1])
        fluid_cells = np.where(blocked[0], cells[1], cells[0])
        return nodes, fluid_cells[nodes], np.where(blocked[0], 1.0, -1.0)[nodes]
