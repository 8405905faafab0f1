"""Offsets of the grey channels of several phases for given fractions.

The phase of a voxel is the one with the largest sum of grey value and offset. The offsets for given fractions minimise
a convex function, the mean of the largest sums minus the sum of fractions times offsets: its gradient is the difference
of the fractions from their targets (semi-discrete optimal transport). For two phases it is the quantile of the
difference of their grey values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray

Positions = NDArray[np.uint8]

_MAX_STEPS = 60
"""Largest number of steps; about six are usual."""
_PROGRESS = 0.5
"""Least decrease of the error by a whole Newton step, as a share of it."""
_MAX_IDLE = 8
"""Number of steps without progress after which equal grey values are assumed to allow none."""
_LEAST_CLOSE = 2000
"""Least number of voxels from which a slope is estimated."""
_DAMPING = 1e-3
"""Weight of slopes between all pairs of phases, relative to the largest slope; keeps the equations regular."""
MOST_KEPT = 2**22
"""Largest number of voxels of a volume whose grey values are kept in the search for exact offsets."""


def bytes_of_ranking(n_channels: int) -> int:
    """Return the memory for each voxel in a search for offsets: grey values twice, sums, positions and gaps."""
    return 8 * n_channels + 32


@dataclass(frozen=True, eq=False, slots=True)
class Ranking:
    """Two leading phases of each voxel.

    Attributes
    ----------
    first, second : numpy.ndarray
        ``(n,)`` positions of the phases with the largest and second largest sum of grey value and offset.
    gap : numpy.ndarray
        ``(n,)`` difference of the two sums: by so much the offsets must change before the phase can change.
    """

    first: Positions
    second: Positions
    gap: FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class OffsetProblem:
    """Voxels and the fractions that their segmentation is to have.

    Attributes
    ----------
    grey : numpy.ndarray
        ``(c, n)`` float32 grey values.
    measure : callable
        ``measure(positions)`` returns the ``(c,)`` fractions of a segmentation ``(n,)`` of these voxels.
    targets : numpy.ndarray
        ``(c,)`` fractions to reach.
    weight : float
        Change of a fraction if one voxel changes.
    """

    grey: FloatArray
    measure: Callable[[Positions], FloatArray]
    targets: FloatArray
    weight: float

    def error(self, ranking: Ranking) -> FloatArray:
        """Return the differences of the targets from the fractions of a segmentation."""
        return self.targets - self.measure(ranking.first)


def rank_phases(grey: FloatArray, offsets: FloatArray) -> Ranking:
    """Find the two leading phases of each voxel; of equal sums, the first phase leads, as in generation.

    Parameters
    ----------
    grey : numpy.ndarray
        ``(c, n)`` float32 grey values.
    offsets : numpy.ndarray
        ``(c,)`` offsets.
    """
    shift = np.asarray(offsets, np.float32)
    best = grey[0] + shift[0]
    runner_up = np.full_like(best, -np.inf)
    first = np.zeros(best.shape, np.uint8)
    second = np.zeros(best.shape, np.uint8)
    for k in range(1, len(grey)):
        candidate = grey[k] + shift[k]
        leads = candidate > best
        follows = ~leads & (candidate > runner_up)
        np.copyto(second, first, where=leads)
        np.copyto(second, np.uint8(k), where=follows)
        np.copyto(first, np.uint8(k), where=leads)
        runner_up = np.where(leads, best, np.maximum(runner_up, candidate))
        best = np.maximum(best, candidate)
    return Ranking(first, second, best - runner_up)


def solve_offsets(problem: OffsetProblem, start: FloatArray, *, tolerance: float) -> FloatArray:
    """Return offsets at which the fractions meet their targets, as closely as the grey values allow.

    Each step solves linear equations for the slopes of the fractions, which follow from the voxels whose two leading
    phases are nearly equal. Where such a step does not help, because grey values crowd at the ends of their range, the
    offset of each phase in turn is set to the quantile that gives its fraction.

    Parameters
    ----------
    problem : OffsetProblem
        Voxels and target fractions.
    start : numpy.ndarray
        ``(c,)`` offsets to start from.
    tolerance : float
        Largest error of a fraction.

    Returns
    -------
    numpy.ndarray
        ``(c,)`` float64 offsets; the first one is 0.
    """
    offsets: FloatArray = np.array(start, float) - float(start[0])
    ranking = rank_phases(problem.grey, offsets)
    error = problem.error(ranking)
    best = (np.abs(error).sum(), offsets)
    n_idle = 0
    for _ in range(_MAX_STEPS):
        if np.abs(error).max() <= tolerance or n_idle == _MAX_IDLE:
            break
        direction, width = find_newton_step(problem, ranking, error)
        direction *= min(1.0, 2 * width / max(float(np.ptp(direction)), width))  # beyond, the slopes are unknown
        size = np.abs(error).sum()
        for scale in (1.0, 0.4, 0.15, 0.0):
            trial = offsets + scale * direction if scale else _set_by_quantiles(problem, offsets)
            trial_ranking = rank_phases(problem.grey, trial)
            trial_error = problem.error(trial_ranking)
            if np.abs(trial_error).sum() < (1 - _PROGRESS * scale) * size:
                break
        offsets, ranking, error = trial, trial_ranking, trial_error
        n_idle = 0 if np.abs(error).sum() < (1 - 0.1 * _PROGRESS) * best[0] else n_idle + 1
        best = min(best, (np.abs(error).sum(), offsets), key=lambda pair: pair[0])
    return best[1]


def find_newton_step(problem: OffsetProblem, ranking: Ranking, error: FloatArray) -> tuple[FloatArray, float]:
    """Return the change ``(c,)`` of the offsets that corrects an error, and the gap from which the slopes follow."""
    c, n = problem.grey.shape
    # The slope over a change of the expected size: wide enough to hold more voxels than have to change.
    n_close = min(n - 1, max(int(4 * np.abs(error).sum() / problem.weight), _LEAST_CLOSE))
    width = max(float(np.partition(ranking.gap, n_close)[n_close]), 1e-6)
    close = ranking.gap <= width
    pairs = ranking.first[close].astype(np.intp) * c + ranking.second[close]
    slopes = np.bincount(pairs, minlength=c * c).reshape(c, c) * (problem.weight / (2 * width))
    slopes = slopes + slopes.T
    slopes += _DAMPING * slopes.max()
    np.fill_diagonal(slopes, 0)
    matrix = np.diag(slopes.sum(axis=1)) - slopes
    direction = np.zeros(c)
    direction[1:] = np.linalg.solve(matrix[1:, 1:], error[1:])
    return direction, width


def _set_by_quantiles(problem: OffsetProblem, offsets: FloatArray) -> FloatArray:
    """Set the offset of each phase in turn to the quantile that gives its fraction."""
    grey = problem.grey
    n = grey.shape[1]
    offsets = offsets.copy()
    for k in range(len(grey)):
        sums = grey + offsets[:, None].astype(np.float32)
        lead = np.delete(sums, k, axis=0).max(axis=0) - grey[k]  # the phase is chosen where its offset exceeds this
        error = problem.error(rank_phases(grey, offsets))[k]
        n_chosen = int(np.count_nonzero(lead < offsets[k])) + round(error / problem.weight)
        i = min(max(n_chosen, 1), n - 1)
        neighbours = np.partition(lead, (i - 1, i))
        offsets[k] = (float(neighbours[i - 1]) + float(neighbours[i])) / 2
    return np.asarray(offsets - offsets[0])
