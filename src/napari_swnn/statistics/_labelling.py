"""Labelling of connected clusters slab by slab, merging clusters across slabs and periodic borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_whole
from napari_swnn.statistics._blocks import PhaseView, linked_slabs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray


def check_connectivity(connectivity: int, ndim: int) -> int:
    """Return the checked connectivity: the number of axes along which neighbours may differ.

    Raises
    ------
    ValueError
        If it is not between 1 and `ndim`.
    """
    if check_whole(connectivity, name="connectivity") > ndim:
        raise ValueError(
            f"connectivity must lie between 1 (voxels that share a face) and {ndim} (a corner), got {connectivity}"
        )
    return int(connectivity)


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Clusters of a phase, numbered from 1.

    Attributes
    ----------
    view : PhaseView
        The phase.
    sideways : tuple of bool
        True for each axis along which a slab is periodic; always False for the first axis.
    connectivity : int
        Number of axes along which neighbours may differ.
    sizes : (n,) int
        Number of voxels of each cluster.
    faces : tuple of pairs of arrays
        Clusters on the first and on the last plane of each axis, meaningful for non-periodic axes; 0 is the outside.
    numbers : tuple of arrays
        For each slab, the final numbers of its local clusters 0, 1, …; 0 is the outside.
    """

    view: PhaseView
    sideways: tuple[bool, ...]
    connectivity: int
    sizes: NDArray[np.int64]
    faces: tuple[tuple[NDArray[Any], NDArray[Any]], ...]
    numbers: tuple[NDArray[np.int32], ...]

    def spanning(self, axis: int) -> int:
        """Count the voxels in clusters that touch both end planes of an axis."""
        return int(self.sizes[self.spanning_clusters(axis) - 1].sum())

    def spanning_clusters(self, axis: int) -> NDArray[Any]:
        """Return the numbers of the clusters that touch both end planes of an axis."""
        both = np.intersect1d(*self.faces[axis])
        return np.asarray(both[both > 0])

    def slabs(self) -> Iterator[NDArray[np.int32]]:
        """Yield the cluster number of each voxel, in slabs that cover the volume once."""
        for k, inside in enumerate(linked_slabs(self.view)):
            clusters = label_clusters(inside, self.sideways, self.connectivity)
            yield self.numbers[k][clusters[1 if k else 0 :]]


def find_clusters(view: PhaseView, periodic: Sequence[bool], connectivity: int) -> Clusters:
    """Label the clusters of a phase; memory holds one slab, and some bytes per cluster and per pixel of a plane."""
    around, *others = periodic
    sideways = (False, *others)
    register = _Register(view.ndim, around=around)
    for inside in linked_slabs(view, periodic=around):
        register.add(label_clusters(inside, sideways, connectivity))
    numbers, sizes = register.settled()
    faces = tuple((numbers[first], numbers[last]) for first, last in register.faces())
    return Clusters(view, sideways, connectivity, sizes, faces, tuple(numbers[own] for own in register.slabs))


class _Register:
    """Register of provisional cluster numbers in linked slabs, and of the numbers that belong to one cluster.

    Attributes
    ----------
    slabs : list of arrays
        For each slab, the provisional numbers of its local clusters 0, 1, …; 0 is the outside.
    """

    def __init__(self, ndim: int, *, around: bool) -> None:
        self.slabs: list[NDArray[np.int64]] = []
        self._around = around
        self._ends: list[NDArray[np.int64]] = []  # first and last plane so far
        self._sides: list[list[NDArray[np.int64]]] = [[] for _ in range(2 * (ndim - 1))]
        self._sizes: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
        self._pairs: list[NDArray[np.int64]] = []
        self._n = 0

    def add(self, clusters: NDArray[np.int32]) -> None:
        """Add the next slab; except in the first slab, its first plane is the last plane of the previous slab."""
        begun = bool(self._ends)
        shared = begun or self._around  # the first plane is counted as the last plane of another slab
        numbered = self._enter(clusters, clusters[1 if shared else 0 :])
        if begun:
            self._join(self._ends[1], numbered[0])
        self._ends = [self._ends[0] if begun else numbered[0], numbered[-1]]
        for axis in range(1, clusters.ndim):
            for end, plane in enumerate((0, -1)):
                self._sides[2 * (axis - 1) + end].append(np.unique(numbered.take(plane, axis)))

    def faces(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the provisional numbers on the first and last planes of each axis."""
        faces = [*map(np.unique, self._ends), *map(np.concatenate, self._sides)]
        return list(zip(faces[::2], faces[1::2], strict=True))

    def settled(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the final number for each provisional number, and the number of voxels in each cluster."""
        if self._around:  # the last plane of the last slab is the first plane of the first slab
            self._join(*self._ends)
        pairs = np.concatenate(self._pairs, axis=1) if self._pairs else np.zeros((2, 0), np.int64)
        numbers = _join(pairs, self._n)
        sizes = np.zeros(int(numbers.max()) + 1, np.int64)
        np.add.at(sizes, numbers, np.concatenate(self._sizes))
        return numbers, sizes[1:]

    def _enter(self, clusters: NDArray[np.int32], counted: NDArray[np.int32]) -> NDArray[np.int64]:
        own = np.arange(int(clusters.max(initial=0)) + 1)
        own[1:] += self._n
        self.slabs.append(own)
        self._sizes.append(np.bincount(counted.ravel(), minlength=len(own))[1:])
        self._n += len(own) - 1
        return own[clusters]

    def _join(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        pairs = np.unique(one.ravel() * (self._n + 1) + other.ravel())  # unique pairs, each encoded as one integer
        self._pairs.append(np.stack(np.divmod(pairs, self._n + 1)))


def label_clusters(
    inside: BoolArray, periodic: Sequence[bool], connectivity: int, *, within_planes: bool = False
) -> NDArray[np.int32]:
    """Label the clusters of an in-memory array from 1; 0 is the outside.

    Parameters
    ----------
    inside : array of bool
        The phase.
    periodic : sequence of bool
        True for each axis along which the array is periodic.
    connectivity : int
        Number of axes along which neighbours may differ.
    within_planes : bool
        True if planes normal to the first axis are not connected with each other.
    """
    from scipy import ndimage

    structure = ndimage.generate_binary_structure(inside.ndim, connectivity)
    if within_planes:
        structure[[0, 2]] = False
    # A copy of the first plane at the end makes neighbours across the border neighbours inside the array.
    padded = np.pad(inside, [(0, int(wraps)) for wraps in periodic], mode="wrap")
    clusters: NDArray[np.int32]
    clusters, n_clusters = ndimage.label(padded, structure)
    if not any(periodic):
        return clusters
    twins = [_faces(clusters, axis) for axis, wraps in enumerate(periodic) if wraps]
    numbers = _join(np.concatenate(twins, axis=1), n_clusters)
    return numbers[clusters[tuple(map(slice, inside.shape))]]


def _faces(clusters: NDArray[np.int32], axis: int) -> NDArray[Any]:
    """Return the cluster numbers on the first and last planes of `axis`, shape ``(2, n)``."""
    return np.stack([clusters.take(0, axis).ravel(), clusters.take(-1, axis).ravel()])


def _join(pairs: NDArray[Any], n_clusters: int) -> NDArray[np.int32]:
    """Return new numbers for clusters 0 to `n_clusters`, equal for clusters connected by `pairs`; 0 stays 0."""
    from scipy import sparse

    graph = sparse.coo_array((np.ones(pairs.shape[1], bool), tuple(pairs)), shape=(n_clusters + 1,) * 2)
    _, numbers = sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(numbers, np.int32)
