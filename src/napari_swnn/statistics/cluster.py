"""Two-point cluster function C2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn.statistics._blocks import open_phase
from napari_swnn.statistics._clusters import check_connectivity, label_clusters
from napari_swnn.statistics._curves import Curve, curve_of_counts
from napari_swnn.statistics._inputs import check_max_distance, check_periodic, check_voxel_size

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
    """Return the two-point cluster function C2(r): the probability that both ends lie in one cluster of `phase`.

    C2 is the connected part of S2: equal to it where the phase is one cluster, and unlike it sensitive to connectivity.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels. Clusters know no blocks: the phase and its cluster numbers, 5 bytes a voxel, are held in memory.
    phase : int
        The label of the phase of interest.
    max_distance : int, optional
        Largest distance in voxels, below the shortest side; by default 64, at most half the shortest side.
    periodic : bool or one for each axis
        Whether segments and clusters that leave on one side enter again on the other.
    connectivity : int
        1: voxels that share a face are connected; 2: an edge as well; 3: a corner as well.
    voxel_size : float
        Side of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    Curve
        With ``.distance``, ``.values`` (mean over the axes) and ``.by_axis``, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it should be.

    References
    ----------
    Torquato, Beasley and Chiew (1988), J. Chem. Phys. 88, 6540; Torquato (2002), section 2.3.
    """
    voxel_size = check_voxel_size(voxel_size)
    view = open_phase(volume, phase=phase)
    reach = check_max_distance(max_distance, view.shape)
    wraps = check_periodic(periodic, view.ndim)
    clusters = label_clusters(view.binary, wraps, check_connectivity(connectivity, view.ndim))
    hits = np.array([_count_pairs(np.moveaxis(clusters, a, 0), reach, wraps[a]) for a in range(view.ndim)])
    lengths = [np.full(reach + 1, n) if p else n - np.arange(reach + 1) for n, p in zip(view.shape, wraps, strict=True)]
    n_lines = clusters.size // np.array(view.shape)
    trials = np.array(lengths) * n_lines[:, None]
    return curve_of_counts(hits, trials, voxel_size=voxel_size, unit=unit)


def _count_pairs(clusters: NDArray[np.int32], max_distance: int, periodic: bool) -> Counts:
    """Count the pairs in one cluster at every distance along axis 0."""
    n = len(clusters)
    counts = np.zeros(max_distance + 1, np.int64)
    for i in range(n):  # plane by plane: no temporary array as large as the volume
        inside = clusters[i] > 0
        for r in range(max_distance + 1 if periodic else min(max_distance + 1, n - i)):
            counts[r] += np.count_nonzero((clusters[i] == clusters[(i + r) % n]) & inside)
    return counts
