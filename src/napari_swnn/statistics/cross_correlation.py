"""Two-point correlation between phases, S2_ij, along each axis."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_axis_flags, check_whole
from napari_swnn._label_values import LOWEST_LABEL
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.statistics._blocks import PhaseView, columns
from napari_swnn.statistics._curves import Curve, curve_of_counts
from napari_swnn.statistics._inputs import check_max_distance
from napari_swnn.statistics._lines import Counts, Words, count_bits, count_positions, extend_lines, pack_lines
from napari_swnn.statistics._phase_sets import open_phases
from napari_swnn.statistics.two_point import count_pairs, two_point_correlation

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair = tuple[int, int]


def cross_correlation(
    volume: Any,
    *,
    pair: Sequence[int],
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> Curve:
    """Return the cross-correlation S2_ij(r): the probability that a segment begins in phase i and ends in phase j.

    Both orders of the pair are averaged, so that S2_ij = S2_ji. For two equal labels the result is
    `two_point_correlation`.

    Parameters
    ----------
    volume : (y, x) or (z, y, x) array of int or bool, numpy or dask
        Labels. A dask array is read once for each axis, and once before.
    pair : (int, int)
        Labels of the two phases.
    max_distance, periodic, mask, voxel_size, unit
        See `two_point_correlation`.

    Returns
    -------
    Curve
        Probabilities in [0, 1], as ``.values`` (mean over the axes) and ``.by_axis``, at each ``.distance``.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or a phase is absent.

    Notes
    -----
    The sum over all phases j, with j = i, is the fraction of ends of segments that lie in phase i. It equals the volume
    fraction φ_i for every r along periodic axes; otherwise voxels near the border belong to fewer segments than others,
    and it equals φ_i on average. For three phases the cross-correlations follow from the two-point correlations,

        S2_12 = [(φ_1 - S2_11) + (φ_2 - S2_22) - (φ_3 - S2_33)] / 2,

    but for four or more they do not.

    References
    ----------
    Torquato (2002), Random Heterogeneous Materials, section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile([0, 1, 2], (3, 1))
    >>> cross_correlation(stripes, pair=(0, 1), max_distance=1, periodic=True).by_axis.round(3)
    array([[0.   , 0.   ],
           [0.   , 0.167]])
    """
    first, second = _check_pair(pair)
    options: dict[str, Any] = {"max_distance": max_distance, "periodic": periodic, "mask": mask}
    if first == second:
        return two_point_correlation(volume, phase=first, voxel_size=voxel_size, unit=unit, **options)
    voxel = VoxelSize(voxel_size, unit)
    view, _ = open_phases(volume, phases=(first, second), mask=mask)
    reach = check_max_distance(max_distance, view.shape)
    hits, trials = sample_pairs(view, [(first, second)], reach, check_axis_flags(periodic, view.ndim, name="periodic"))
    return curve_of_ends(hits[0], trials, voxel)


def cross_correlations(
    volume: Any,
    *,
    max_distance: int | None = None,
    periodic: bool | Sequence[bool] = False,
    mask: Any = None,
    voxel_size: float = 1.0,
    unit: str = "voxel",
) -> dict[Pair, Curve]:
    """Return S2_ij of every pair of phases, and S2_ii of each phase, reading the volume once for each axis.

    Parameters
    ----------
    volume, max_distance, periodic, mask, voxel_size, unit
        See `cross_correlation`.

    Returns
    -------
    dict of (int, int) to Curve
        Curves keyed by labels in ascending order, such as (0, 0), (0, 1), (1, 1).

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or the volume has more than eight labels.
    """
    voxel = VoxelSize(voxel_size, unit)
    view, phases = open_phases(volume, mask=mask, least=1)
    reach = check_max_distance(max_distance, view.shape)
    pairs = list(combinations_with_replacement(phases, 2))
    hits, trials = sample_pairs(view, pairs, reach, check_axis_flags(periodic, view.ndim, name="periodic"))
    return {pair: curve_of_ends(count, trials, voxel) for pair, count in zip(pairs, hits, strict=True)}


def sample_pairs(
    view: PhaseView, pairs: Sequence[Pair], max_distance: int, periodic: Sequence[bool]
) -> tuple[Counts, Counts]:
    """Count the segments between the phases of each pair, in both orders, along every axis.

    Returns
    -------
    hits : (n_pairs, ndim, max_distance + 1) int
        Number of segments that join the two phases, counted once in each order.
    trials : (ndim, max_distance + 1) int
        Number of all segments.
    """
    phases = sorted({phase for pair in pairs for phase in pair})
    hits = np.zeros((len(pairs), view.ndim, max_distance + 1), np.int64)
    trials = np.zeros(hits.shape[1:], np.int64)
    for axis in range(view.ndim):
        for part in columns(view, axis):
            words = {phase: pack_lines(replace(part, phase=phase).binary, axis) for phase in phases}
            for k, (first, second) in enumerate(pairs):
                hits[k, axis] += _count_both_orders(words[first], words[second], max_distance, periodic[axis])
            trials[axis] += count_positions(part, count_pairs, axis, max_distance, periodic[axis])
    return hits, trials


def curve_of_ends(hits: Counts, trials: Counts, voxel: VoxelSize) -> Curve:
    """Convert counts of segments in both orders to a curve of probabilities of one order."""
    curve = curve_of_counts(hits, trials, voxel)
    return replace(curve, by_axis=curve.by_axis / 2)


def _count_both_orders(first: Words, second: Words, max_distance: int, periodic: bool) -> Counts:
    n = len(first)
    counts = np.zeros(max_distance + 1, np.int64)
    for start, end in ((first, second), (second, first)):
        ends = extend_lines(end, max_distance, periodic)
        shifted = (ends[r : r + n] for r in range(max_distance + 1))
        counts += [count_bits(start[: len(part)] & part) for part in shifted]
    return counts


def _check_pair(pair: Sequence[int]) -> Pair:
    if np.shape(pair) != (2,):
        raise ValueError(f"pair must be two labels, got {pair!r}")
    first, second = (check_whole(label, name="each label of pair", low=LOWEST_LABEL) for label in pair)
    return first, second
