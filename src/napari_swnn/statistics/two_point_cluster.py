"""Two-point cluster function C2."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import check_found, open_phase
from napari_swnn.statistics._curves import Curve, curve_of_counts
from napari_swnn.statistics._inputs import check_max_distance
from napari_swnn.statistics._labelling import check_connectivity, find_clusters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_swnn.statistics._lines import Counts


def two_point_cluster(
    volume: Any,
    *,
    phase: int = 1,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    connectivity: int = 1,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> Curve:
    """Return the two-point cluster function C2(r): the probability that both ends of a segment lie in one cluster.

    C2 is the connected part of S2: the two are equal if `phase` is a single cluster, but only C2 is sensitive to
    connectivity.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, read twice, slab by slab. The cluster numbers of 2 `max_distance` planes are kept in memory.
    phase : int
        Label of the phase of interest.
    max_distance : int, optional
        Largest distance in voxels, below the shortest side; by default 64, at most half the shortest side.
    periodic : bool or sequence of bool, one for each axis
        True if segments and clusters that leave on one side re-enter on the opposite side.
    connectivity : int
        1 connects voxels that share a face, 2 also those that share an edge, 3 also those that share a corner.
    voxel_size : float
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    Curve
        Probabilities in [0, 1], as ``.values`` (mean over the axes) and ``.by_axis``, at each ``.distance``.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Torquato, Beasley and Chiew (1988), J. Chem. Phys. 88, 6540; Torquato (2002), section 2.3.
    """
    voxel = VoxelSize(voxel_size, unit)
    view = open_phase(volume, phase=phase)
    reach = check_max_distance(max_distance, view.shape)
    wraps = check_axis_flags(periodic, view.ndim, name="periodic")
    clusters = find_clusters(view, wraps, check_connectivity(connectivity, view.ndim))
    along, hits = _PairsAcross(reach, wraps[0]), np.zeros((view.ndim, reach + 1), np.int64)
    for slab in clusters.slabs():
        along.add(slab)
        for axis in range(1, view.ndim):
            hits[axis] += _count_pairs(slab, axis, reach, wraps[axis])
    hits[0] = along.counts()
    check_found(view, bool(hits.any()))
    lengths = [np.full(reach + 1, n) if p else n - np.arange(reach + 1) for n, p in zip(view.shape, wraps, strict=True)]
    n_lines = math.prod(view.shape) // np.array(view.shape)
    trials = np.array(lengths) * n_lines[:, None]
    return curve_of_counts(hits, trials, voxel)


def _count_pairs(clusters: NDArray[np.int32], axis: int, max_distance: int, periodic: bool) -> Counts:
    """Count the pairs within one cluster at every distance along an axis whose lines lie entirely in the slab."""
    lines = np.moveaxis(clusters, axis, 0)
    ours = np.where(lines > 0, lines, -1)  # voxels outside belong to no cluster, so they never match
    counts = [np.count_nonzero(ours[: len(lines) - r] == lines[r:]) for r in range(max_distance + 1)]
    if periodic:
        for r in range(1, max_distance + 1):
            counts[r] += np.count_nonzero(ours[-r:] == lines[:r])
    return np.array(counts, np.int64)


class _PairsAcross:
    """Counter of voxel pairs within one cluster at every distance along axis 0, fed with consecutive planes.

    Parameters
    ----------
    max_distance : int
        Largest distance in voxels, which is also the number of planes kept.
    periodic : bool
        True if the first plane follows the last one.
    """

    def __init__(self, max_distance: int, periodic: bool) -> None:
        self._counts: Counts = np.zeros(max_distance + 1, np.int64)
        self._recent: deque[NDArray[np.int32]] = deque(maxlen=max_distance)
        self._first: list[NDArray[np.int32]] = []
        self._n_first = max_distance if periodic else 0

    def add(self, clusters: NDArray[np.int32]) -> None:
        """Add the next planes and count the pairs they form with earlier planes."""
        for plane in clusters:
            self._counts[0] += np.count_nonzero(plane)
            self._compare(plane, nearest=1)
            if len(self._first) < self._n_first:
                self._first.append(plane)
            self._recent.append(plane)

    def counts(self) -> Counts:
        """Return the number of pairs at each distance, once all planes have been added."""
        for i, plane in enumerate(self._first):
            self._compare(plane, nearest=i + 1)  # the last plane is i + 1 planes away
        return self._counts

    def _compare(self, plane: NDArray[np.int32], *, nearest: int) -> None:
        inside = plane > 0
        for distance, other in zip(range(nearest, len(self._counts)), reversed(self._recent), strict=False):
            self._counts[distance] += np.count_nonzero((plane == other) & inside)
