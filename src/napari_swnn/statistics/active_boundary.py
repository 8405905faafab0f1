"""Active triple-phase boundary: the part whose three phases all belong to percolating clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._labelling import Clusters, check_connectivity, find_clusters
from napari_swnn.statistics._phase_sets import open_phases
from napari_swnn.statistics._triple_points import Triple, count_in_boxes, list_triples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_swnn._types import FloatArray
    from napari_swnn.statistics._blocks import PhaseView

_DISCONNECTED = 255
"""Value of voxels outside percolating clusters; phases are numbered from 0 to at most 7."""


@dataclass(frozen=True, slots=True, eq=False)
class ActiveBoundary:
    """Length per volume of the triple-phase boundary whose three phases percolate.

    Attributes
    ----------
    value : float
        Mean of `by_axis`, in 1/`unit`².
    by_axis : (3,) float
        Length where all three phases belong to clusters that percolate along each axis, in 1/`unit`².
    by_triple : dict of (int, int, int) to (3,) float
        `by_axis` for each triple of phases, keyed by labels in ascending order.
    total : float
        Length of the whole triple-phase boundary, in 1/`unit`².
    fraction : float
        `value` divided by `total`; NaN without a triple-phase boundary. It can slightly exceed 1, since a point that
        dead ends bridge falls into two without them.
    unit : str
        Unit of length.
    """

    value: float
    by_axis: FloatArray
    by_triple: dict[Triple, FloatArray]
    total: float
    fraction: float
    unit: str


def active_triple_phase_boundary(
    volume: Any,
    *,
    phases: Sequence[int] | None = None,
    periodic: bool | Sequence[bool] = False,
    connectivity: int = 1,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> ActiveBoundary:
    """Return the length per volume of the triple-phase boundary whose three phases all percolate, for each axis.

    The boundary is measured as by `triple_phase_boundary`, but voxels outside percolating clusters do not count. In an
    electrode only this part is reached by electrons, ions and gas alike.

    Parameters
    ----------
    volume : (z, y, x) array of int, numpy or dask
        Labels, at least 2 voxels along each axis. One byte of memory per voxel is needed, also for a dask array, which
        is read about eight times for each phase, eleven if it is periodic; store a lazily generated volume first.
    phases : sequence of int, optional
        Three or more labels; every triple of them is measured. By default all labels, at most eight.
    periodic, connectivity
        See `percolation`.
    voxel_size : float
        Edge length of a voxel in `unit`, above 0.
    unit : str
        Unit of length of the result.

    Returns
    -------
    ActiveBoundary
        Length per volume in 1/`unit`², as ``.value`` and ``.by_axis``, and its ``.fraction`` of the ``.total``.

    Raises
    ------
    TypeError, ValueError
        If `volume` is a section or an argument is invalid; see `triple_phase_boundary`.

    Notes
    -----
    A cluster percolates along an axis if it touches the first and the last plane. Clusters are cut by the border: in a
    volume a few features wide, more of them percolate than in the material.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((8, 9, 9), int)
    >>> labels[:, 4:, :4], labels[:, 4:, 4:] = 1, 2
    >>> active = active_triple_phase_boundary(labels)
    >>> (active.by_axis > 0).tolist()
    [True, False, False]
    """
    voxel = VoxelSize(voxel_size, unit)
    view, found = open_phases(volume, phases=phases, least=3)
    if view.ndim != 3 or min(view.shape) < 2:
        raise ValueError(
            f"volume must be 3-D with at least 2 voxels along each axis, got shape {view.shape}; "
            "percolation of a section says nothing about the material"
        )
    wraps = check_axis_flags(periodic, 3, name="periodic")
    connectivity = check_connectivity(connectivity, 3)
    scale = 2 / voxel.value**2
    total = scale * float(_points_per_area(view, list_triples(found), wraps).sum())
    numbers = list_triples(range(len(found)))
    lengths = np.empty((len(numbers), 3))
    clusters = [_find_along_axes(replace(view, phase=phase), wraps, connectivity) for phase in found]
    for axis in range(3):
        connected = np.full(view.shape, _DISCONNECTED, np.uint8)
        for number, along in enumerate(clusters):
            _mark_percolating(connected, number, along[axis], axis)
        lengths[:, axis] = scale * _points_per_area(replace(view, labels=connected), numbers, wraps)
    by_axis = lengths.sum(axis=0)
    value = float(by_axis.mean())
    fraction = value / total if total else float("nan")
    by_triple: dict[Triple, FloatArray] = dict(zip(list_triples(found), lengths, strict=True))
    return ActiveBoundary(value, by_axis, by_triple, total, fraction, voxel.unit)


def _points_per_area(view: PhaseView, triples: Sequence[Triple], wraps: Sequence[bool]) -> FloatArray:
    """Return the triple points per area of each triple, averaged over planes normal to each axis."""
    counts = [count_in_boxes(view, triples, axis, wraps, (1, 1, 1)) for axis in range(3)]
    return np.asarray(np.mean([points[:, 0, 0, 0] / windows.sum() for points, windows in counts], axis=0))


def _find_along_axes(view: PhaseView, wraps: Sequence[bool], connectivity: int) -> list[Clusters]:
    """Return the clusters of a phase for each axis, along which they are not periodic; equal ones are found once."""
    sideways = [tuple(flag and a != axis for a, flag in enumerate(wraps)) for axis in range(3)]
    found = {periodic: find_clusters(view, periodic, connectivity) for periodic in dict.fromkeys(sideways)}
    return [found[periodic] for periodic in sideways]


def _mark_percolating(connected: NDArray[np.uint8], number: int, clusters: Clusters, axis: int) -> None:
    """Write the number of a phase where its clusters span the volume along `axis`."""
    spans = np.zeros(len(clusters.sizes) + 1, bool)
    spans[clusters.spanning_clusters(axis)] = True
    start = 0
    for slab in clusters.slabs():
        connected[start : start + len(slab)][spans[slab]] = number
        start += len(slab)
