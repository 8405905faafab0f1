"""Percolation along each axis, and the connected fraction of a phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn.statistics._blocks import check_found, open_phase
from napari_swnn.statistics._labelling import check_connectivity, find_clusters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_swnn._types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Percolation:
    """Connectivity of a phase.

    Attributes
    ----------
    by_axis : (ndim,) bool
        True for each axis along which one cluster connects the first plane to the last.
    connected_by_axis : (ndim,) float
        Fraction of the phase, in [0, 1], in clusters that span the volume along each axis.
    connected_fraction : float
        Mean of `connected_by_axis` over the axes.
    largest_fraction : float
        Fraction of the phase in its largest cluster.
    n_clusters : int
        Number of clusters.
    """

    by_axis: BoolArray
    connected_by_axis: FloatArray
    connected_fraction: float
    largest_fraction: float
    n_clusters: int


def percolation(
    volume: Any, *, phase: int = 1, periodic: bool | Sequence[bool] = False, connectivity: int = 1
) -> Percolation:
    """Determine along which axes `phase` percolates, and the fraction of it that connects opposite faces.

    Percolation of a section does not imply percolation of the volume, or vice versa; determine connectivity in 3-D.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels, read slab by slab: once, plus once for each periodic axis.
    phase : int
        Label of the phase of interest.
    periodic : bool or sequence of bool, one for each axis
        True if clusters that leave on one side re-enter on the opposite side. To span along an axis, a cluster must
        cross the volume without relying on periodicity along that axis.
    connectivity : int
        1 connects voxels that share a face, 2 also those that share an edge, 3 also those that share a corner.

    Returns
    -------
    Percolation
        All fractions are 0 where the phase is absent.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    """
    view = open_phase(volume, phase=phase)
    wraps = check_axis_flags(periodic, view.ndim, name="periodic")
    connectivity = check_connectivity(connectivity, view.ndim)
    clusters = find_clusters(view, wraps, connectivity)
    check_found(view, len(clusters.sizes) > 0)
    n_inside = max(1, int(clusters.sizes.sum()))
    connected = np.zeros(view.ndim)
    for axis in range(view.ndim):
        sideways = [p and a != axis for a, p in enumerate(wraps)]
        along = find_clusters(view, sideways, connectivity) if wraps[axis] else clusters
        connected[axis] = along.spanning(axis) / n_inside
    largest = float(clusters.sizes.max(initial=0) / n_inside)
    return Percolation(connected > 0, connected, float(connected.mean()), largest, len(clusters.sizes))
