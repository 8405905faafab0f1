"""Lineal-path function L(z)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import check_found, open_phase
from napari_swnn.statistics._curves import Curve, curve_of_counts
from napari_swnn.statistics._inputs import check_max_distance
from napari_swnn.statistics._lines import Counts, Words, count_bits, extend_lines, sample_lines

if TYPE_CHECKING:
    from collections.abc import Sequence


def lineal_path(
    volume: Any,
    *,
    phase: int = 1,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> Curve:
    """Return the lineal-path function L(z): the probability that a whole segment of length z lies in `phase`.

    Segments run along the axes between voxel centres: a segment of length z covers z + 1 voxels, and L(0) equals the
    volume fraction. Every position of the segment counts, so the estimate is unbiased.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels. A dask array is read once for each axis, a column of chunks at a time; store a lazily generated
        volume first.
    phase : int
        Label of the phase of interest.
    max_distance : int, optional
        Largest length in voxels, below the shortest side; by default 64, at most half the shortest side.
    periodic : bool or sequence of bool, one for each axis
        True if segments that leave on one side re-enter on the opposite side.
    mask : array of bool, optional
        Region of interest, with the shape of `volume`; only segments entirely inside it count.
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
    Lu and Torquato (1992), Phys. Rev. A 45, 922; Torquato (2002), Random Heterogeneous Materials, section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> lineal_path(np.ones((4, 4), int), max_distance=2).values
    array([1., 1., 1.])
    """
    voxel = VoxelSize(voxel_size, unit)
    view = open_phase(volume, phase=phase, mask=mask)
    reach = check_max_distance(max_distance, view.shape)
    hits, trials = sample_lines(view, _update, reach, check_axis_flags(periodic, view.ndim, name="periodic"))
    check_found(view, bool(hits.any()))
    return curve_of_counts(hits, trials, voxel)


def _update(words: Words, max_distance: int, periodic: bool) -> Counts:
    """Count the segments of every length that lie entirely in the phase."""
    ends = extend_lines(words, max_distance, periodic)
    n = len(words)
    unbroken = words
    counts = [count_bits(words)]
    for r in range(1, max_distance + 1):
        end = ends[r : r + n]
        unbroken = unbroken[: len(end)] & end  # a segment grows by one voxel at its end
        counts.append(count_bits(unbroken))
    return np.array(counts)
