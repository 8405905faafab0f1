"""Offsets at which phases have given numbers of voxels."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray
from napari_swnn.core.numerics.phase_offsets import Positions, rank_phases

_MOST_MOVES = 20_000
"""Largest number of voxels that are moved one by one; more are only left over among equal grey values."""
_N_BISECTIONS = 60
_LEAST_CLOSE = 20_000
"""Least number of voxels that may be moved."""
_LARGEST = 2.0**20
"""Largest distance between offsets and voxels that is sought; a phase without voxels has no limits."""


def settle_counts(grey: FloatArray, offsets: FloatArray, counts: NDArray[np.int64]) -> FloatArray:
    """Return offsets near the given ones at which each phase has its number of voxels.

    The voxels that are too many in a phase are moved to others one by one, along the cheapest chains of phases
    (successive shortest paths of a transport problem). Offsets then exist that leave each voxel where it is, as close
    to the middle between all voxels as possible.

    Parameters
    ----------
    grey : numpy.ndarray
        ``(c, n)`` float32 grey values.
    offsets : numpy.ndarray
        ``(c,)`` offsets at which the counts are nearly right.
    counts : numpy.ndarray
        ``(c,)`` numbers of voxels to reach; they sum to `n`.

    Returns
    -------
    numpy.ndarray
        ``(c,)`` offsets; the first one is 0. If the counts are far off, or rounding would add errors, they are the
        given ones.
    """
    ranking = rank_phases(grey, offsets)
    missing = counts - np.bincount(ranking.first, minlength=len(grey))
    n_wrong = int(np.abs(missing).sum())
    if not 0 < n_wrong <= 2 * _MOST_MOVES:
        return offsets
    # Only voxels with small gaps can be worth moving.
    n_close = max(_LEAST_CLOSE, 32 * len(grey) * n_wrong)
    width = float(np.partition(ranking.gap, n_close)[n_close]) if n_close < ranking.gap.size else np.inf
    close = ranking.gap < width
    transport = _Transport(grey[:, close], ranking.first[close], n_wrong // 2)
    for _ in range(n_wrong // 2):
        transport.move(missing)
    others = width + offsets[None, :] - offsets[:, None]
    settled = _centre(np.minimum(transport.limits(), others))
    found = np.bincount(rank_phases(grey, settled).first, minlength=len(grey))
    return settled if np.abs(counts - found).sum() < n_wrong else offsets


class _Transport:
    """Assignment of voxels to phases, from which voxels are moved at the least cost.

    Parameters
    ----------
    grey : numpy.ndarray
        ``(c, n)`` grey values.
    positions : numpy.ndarray
        ``(n,)`` phase of each voxel, the best for some offsets.
    n_moves : int
        Number of moves to prepare for.
    """

    def __init__(self, grey: FloatArray, positions: Positions, n_moves: int) -> None:
        self._grey = grey
        self._c = len(grey)
        # For each pair of phases, the voxels of the first that are cheapest to move to the second.
        self._heaps: dict[tuple[int, int], list[tuple[float, int]]] = {}
        self._home: dict[int, int] = {}  # phase of each of these voxels
        for j in range(self._c):
            own = np.flatnonzero(positions == j)
            for k in range(self._c):
                if k != j:
                    self._heaps[j, k] = self._cheapest(own, j, k, n_moves * self._c + 1)

    def _cheapest(self, own: NDArray[np.intp], j: int, k: int, most: int) -> list[tuple[float, int]]:
        costs = self._grey[j, own].astype(float) - self._grey[k, own]
        if len(own) > most:
            chosen = np.argpartition(costs, most)[:most]
            own, costs = own[chosen], costs[chosen]
        heap = list(zip(costs.tolist(), own.tolist(), strict=True))
        self._home.update(dict.fromkeys(own.tolist(), j))
        heapify(heap)
        return heap

    def limits(self) -> FloatArray:
        """Return the least cost ``(c, c)`` of moving a voxel of one phase to another; infinite if there is none."""
        costs = np.full((self._c, self._c), np.inf)
        for (j, k), heap in self._heaps.items():
            while heap and self._home[heap[0][1]] != j:
                heappop(heap)
            if heap:
                costs[j, k] = heap[0][0]
        return costs

    def move(self, missing: NDArray[np.int64]) -> None:
        """Move voxels along the cheapest chain from a phase with too many to one with too few, and count them."""
        costs = self.limits()
        distance = np.where(missing < 0, 0.0, np.inf)
        previous = np.full(self._c, -1)
        for _ in range(self._c - 1):
            through = distance[:, None] + costs
            best = through.argmin(axis=0)
            shorter = through[best, np.arange(self._c)] < distance - 1e-12
            distance = np.where(shorter, through[best, np.arange(self._c)], distance)
            previous = np.where(shorter, best, previous)
        sink = int(np.where(missing > 0, distance, np.inf).argmin())
        chain = [sink]
        while previous[chain[-1]] >= 0 and len(chain) <= self._c:
            chain.append(int(previous[chain[-1]]))
        voxels = [self._heaps[j, k][0][1] for k, j in pairwise(chain)]
        for voxel, k in zip(voxels, chain, strict=False):
            self._home[voxel] = k
            for other in range(self._c):
                if other != k:
                    cost = float(self._grey[k, voxel]) - float(self._grey[other, voxel])
                    heappush(self._heaps[k, other], (cost, voxel))
        missing[chain[-1]] += 1
        missing[sink] -= 1


def _centre(limits: FloatArray) -> FloatArray:
    """Return offsets whose differences ``b_k - b_j`` stay as far as possible below the limits ``(j, k)``."""
    low, high = -1.0, 1.0
    while high < _LARGEST and _potentials(limits - high) is not None:
        high *= 2
    while _potentials(limits - low) is None:
        low *= 2
    for _ in range(_N_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if _potentials(limits - middle) is None else (middle, high)
    offsets = _potentials(limits - low)
    assert offsets is not None
    return np.asarray(offsets - offsets[0])


def _potentials(limits: FloatArray) -> FloatArray | None:
    """Return offsets with ``b_k - b_j <= limits[j, k]``, or None if there are none (a negative cycle)."""
    c = len(limits)
    offsets = np.zeros(c)
    for _ in range(c):
        shorter = np.minimum(offsets, (offsets[:, None] + limits).min(axis=0))
        if (shorter == offsets).all():
            return offsets
        offsets = shorter
    return None if (np.minimum(offsets, (offsets[:, None] + limits).min(axis=0)) < offsets - 1e-12).any() else offsets
