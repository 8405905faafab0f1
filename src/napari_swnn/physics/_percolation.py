"""Percolation test: paths of face-connected voxels through a volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray

_Link = tuple[int, int, int]
"""Two components that touch across a periodic face, and the number of periods crossed along the axis."""


def spans(mask: BoolArray, axis: int) -> bool:
    """Return whether `mask` connects the two faces along `axis`; the sides are periodic.

    Parameters
    ----------
    mask : ndarray of bool, 2-D or 3-D
        ``True`` in conducting voxels.
    axis : int
        Direction of the path.
    """
    components, n_components = ndimage.label(mask)
    sides = [other for other in range(mask.ndim) if other != axis]
    group = _groups(n_components, [link for side in sides for link in _links(components, side, 0)])
    first, last = (np.take(components, end, axis) for end in (0, -1))
    return bool(np.intersect1d(group[first[first > 0]], group[last[last > 0]]).size)


def winds(mask: BoolArray, axis: int) -> bool:
    """Return whether `mask`, repeated periodically, percolates along `axis`.

    This is stricter than `spans`: the path must reach a periodic image of its first voxel. Each component is assigned
    the number of periods crossed along `axis` to reach it; the mask winds if two paths to a component give different
    numbers.

    Parameters
    ----------
    mask : ndarray of bool, 2-D or 3-D
        ``True`` in conducting voxels.
    axis : int
        Direction of the path.
    """
    components, _ = ndimage.label(mask)
    neighbours: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for side in range(mask.ndim):
        for here, there, step in _links(components, side, int(side == axis)):
            neighbours[here].append((there, step))
            neighbours[there].append((here, -step))
    crossed: dict[int, int] = {}
    for start in neighbours:
        if start in crossed:
            continue
        crossed[start] = 0
        stack = [start]
        while stack:
            here = stack.pop()
            for there, step in neighbours[here]:
                if there not in crossed:
                    crossed[there] = crossed[here] + step
                    stack.append(there)
                elif crossed[there] != crossed[here] + step:
                    return True
    return False


def _links(components: NDArray[Any], side: int, step: int) -> Iterator[_Link]:
    """Yield the pairs of components that touch across the periodic faces along `side`."""
    last, first = np.take(components, -1, side), np.take(components, 0, side)
    touching = (last > 0) & (first > 0)
    for here, there in np.unique(np.stack([last[touching], first[touching]], axis=1), axis=0):
        yield int(here), int(there), step


def _groups(n_components: int, links: list[_Link]) -> NDArray[Any]:
    """Return the group of each component; linked components share a group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    here, there = ([link[end] for link in links] for end in (0, 1))
    graph = coo_array((np.ones(len(links)), (here, there)), shape=(n_components + 1, n_components + 1))
    return np.asarray(connected_components(graph, directed=False)[1])
