"""Connected clusters of a phase, across periodic borders too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_swnn._types import BoolArray


def check_connectivity(connectivity: int, ndim: int) -> int:
    """Return the number of steps along axes that may part neighbours.

    Raises
    ------
    ValueError
        If it is not in 1 to `ndim`.
    """
    if check_whole(connectivity, name="connectivity") > ndim:
        raise ValueError(
            f"connectivity must lie between 1 (voxels that share a face) and {ndim} (a corner), got {connectivity}"
        )
    return int(connectivity)


def label_clusters(inside: BoolArray, periodic: Sequence[bool], connectivity: int) -> NDArray[np.int32]:
    """Number the clusters of `inside` from 1; 0 is outside. All of it is in memory at once."""
    from scipy import ndimage

    structure = ndimage.generate_binary_structure(inside.ndim, connectivity)
    # One more plane at the end, a copy of the first: two neighbours across the border are neighbours in there as well.
    padded = np.pad(inside, [(0, int(wraps)) for wraps in periodic], mode="wrap")
    clusters: NDArray[np.int32]
    clusters, n_clusters = ndimage.label(padded, structure)
    if not any(periodic):
        return clusters
    twins = [_faces(clusters, axis) for axis, wraps in enumerate(periodic) if wraps]
    numbers = _join(np.concatenate(twins, axis=1), n_clusters)
    return numbers[clusters[tuple(map(slice, inside.shape))]]


def _faces(clusters: NDArray[np.int32], axis: int) -> NDArray[Any]:
    """Return the cluster numbers on the first and the last plane across `axis`, shape ``(2, n)``."""
    return np.stack([clusters.take(0, axis).ravel(), clusters.take(-1, axis).ravel()])


def _join(pairs: NDArray[Any], n_clusters: int) -> NDArray[np.int32]:
    """Return new numbers for clusters 0 to `n_clusters`, one for all those that `pairs` connect; 0 stays 0."""
    from scipy import sparse

    graph = sparse.coo_array((np.ones(pairs.shape[1], bool), tuple(pairs)), shape=(n_clusters + 1,) * 2)
    _, numbers = sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(numbers, np.int32)
