"""Triple points of three phases on planes of a labelled array, counted in boxes.

A window of 2 x 2 pixels that holds all three labels lies at a triple point. Windows that touch, also at a corner, are
one point: on pixels a triple junction usually shows in two or three of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_swnn.statistics._blocks import PhaseView, planes
from napari_swnn.statistics._labelling import label_clusters

if TYPE_CHECKING:
    from napari_swnn._types import BoolArray
    from napari_swnn.statistics._lines import Counts

Triple: TypeAlias = tuple[int, int, int]
Edges: TypeAlias = NDArray[np.int64]

CORNER = 2
"""Connectivity at which windows on one plane that share only a corner are one point."""


def list_triples(phases: Sequence[int]) -> list[Triple]:
    """Return every choice of three phases, in ascending order."""
    return [(i, j, k) for i, j, k in combinations(sorted(phases), 3)]


def count_in_boxes(
    view: PhaseView, triples: Sequence[Triple], axis: int, periodic: Sequence[bool], boxes: Sequence[int]
) -> tuple[Counts, Counts]:
    """Count the triple points on the planes normal to `axis` in boxes of the volume.

    A point is counted in the box of the first of its windows.

    Parameters
    ----------
    view : PhaseView
        Labels within a region of interest, 3-D.
    triples : sequence of (int, int, int)
        Labels of three phases each.
    axis : int
        Axis normal to the planes.
    periodic : sequence of bool
        True for each axis along which the volume is periodic.
    boxes : sequence of int
        Number of boxes along each axis.

    Returns
    -------
    points : (n_triples, *boxes) int
        Number of triple points.
    windows : boxes, int
        Number of windows within the region of interest.
    """
    order = [axis, *(a for a in range(view.ndim) if a != axis)]
    wraps = [False, *(periodic[a] for a in order[1:])]
    n_windows = [view.shape[a] - (k > 0 and not wrap) for k, (a, wrap) in enumerate(zip(order, wraps, strict=True))]
    edges = [np.arange(n_boxes) * n // n_boxes for n, n_boxes in zip(n_windows, (boxes[a] for a in order), strict=True)]
    widths = tuple(map(len, edges))
    points = np.zeros((len(triples), *widths), np.int64)
    windows = np.zeros(widths, np.int64)
    start = 0
    for part in planes(view, axis):
        labels = np.transpose(part.labels, order)
        mask = None if part.mask is None else np.transpose(part.mask, order)
        valid = _windows_inside(mask, (len(labels), *n_windows[1:]), wraps)
        box_of_plane = np.searchsorted(edges[0], start + np.arange(len(labels)), side="right") - 1
        np.add.at(windows, box_of_plane, _sum_in_boxes(valid, edges))
        held = {phase: _windows_with(labels == phase, wraps) for phase in {p for t in triples for p in t}}
        for k, (first, second, third) in enumerate(triples):
            found = valid & held[first] & held[second] & held[third]
            places = _first_windows(found, wraps)
            places[0] += start
            index = [np.searchsorted(edge, place, side="right") - 1 for edge, place in zip(edges, places, strict=True)]
            np.add.at(points[k], tuple(index), 1)
        start += len(labels)
    back = np.argsort(order)
    return points.transpose(0, *(1 + back)), windows.transpose(back)


def _windows_with(inside: BoolArray, wraps: Sequence[bool]) -> BoolArray:
    """Return for each window of 2 x 2 pixels on each plane if it holds a pixel inside."""
    for axis in (1, 2):
        inside = _pad(inside, axis) if wraps[axis] else inside
        low, high = (inside.take(range(k, inside.shape[axis] - 1 + k), axis) for k in (0, 1))
        inside = low | high
    return inside


def _windows_inside(mask: BoolArray | None, shape: tuple[int, ...], wraps: Sequence[bool]) -> BoolArray:
    """Return for each window if all its pixels lie in the region of interest."""
    return np.ones(shape, bool) if mask is None else ~_windows_with(~mask, wraps)


def _pad(inside: BoolArray, axis: int) -> BoolArray:
    return np.concatenate([inside, inside.take([0], axis)], axis)


def _first_windows(found: BoolArray, wraps: Sequence[bool]) -> list[Any]:
    """Return the coordinates of one window of each point, an array for each axis."""
    clusters = label_clusters(found, wraps, CORNER, within_planes=True)
    places = np.flatnonzero(clusters)
    _, first = np.unique(clusters.ravel()[places], return_index=True)
    return list(np.unravel_index(places[first], clusters.shape))


def _sum_in_boxes(valid: BoolArray, edges: Sequence[Edges]) -> Counts:
    """Count the windows of each plane in the boxes of the plane, shape ``(n_planes, *boxes)``."""
    rows = np.add.reduceat(valid, edges[1], axis=1, dtype=np.int64)
    return np.add.reduceat(rows, edges[2], axis=2)
