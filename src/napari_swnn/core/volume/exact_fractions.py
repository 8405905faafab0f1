"""Search for the offsets at which a volume of several phases has exactly its target fractions."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Block
from napari_swnn.core.model.offset_surface import OffsetSurface
from napari_swnn.core.model.segmentation import OffsetCurve
from napari_swnn.core.numerics.exact_offsets import settle_counts
from napari_swnn.core.numerics.parallel import iter_side_by_side, pool_size
from napari_swnn.core.numerics.phase_offsets import (
    MOST_KEPT,
    OffsetProblem,
    find_newton_step,
    rank_phases,
    solve_offsets,
)
from napari_swnn.core.volume.virtual_volume import VirtualVolume

Counts = NDArray[np.int64]

_MAX_PASSES = 4
"""Largest number of times that the volume is computed; more than one is rare."""
_NEARLY = 50
"""Number of voxels in excess that are moved one by one."""


def iter_exact_fractions(volume: VirtualVolume) -> Generator[int, None, VirtualVolume]:
    """Find the offsets at which a volume has exactly its target fractions, to the voxel where grey values differ.

    With a mask, only voxels inside the mask count. Memory is limited: only voxels are kept whose phase can still
    change, those with nearly equal sums of grey value and offset. If the offsets turn out to differ by more than that
    from what was expected, the volume is computed again.

    Parameters
    ----------
    volume : VirtualVolume
        Volume of several phases with an `exact_porosity`.

    Yields
    ------
    int
        Number of new blocks, after each block: 1, and 0 when blocks are computed again.

    Returns
    -------
    VirtualVolume
        The volume with its own segmentation.
    """
    fractions, centre = _target(volume)
    for i in range(_MAX_PASSES):
        survey = _Survey(fractions, centre, prod(volume.shape), moves=i == 0)
        surveyed = iter_side_by_side(partial(_survey_block, volume, survey), volume.blocks(), pool_size(volume.device))
        with closing(surveyed):
            for part in surveyed:
                survey.add(part)
                yield int(i == 0)
        offsets = survey.solve_exactly()
        if survey.covers(offsets):
            break
        centre = survey.estimate() if i == 0 else survey.correct()
    return replace(volume, segmentation=OffsetCurve.constant(tuple(offsets.tolist())))


def _target(volume: VirtualVolume) -> tuple[FloatArray, FloatArray]:
    """Return the target fractions ``(c,)`` and the offsets ``(c,)`` of the model for them."""
    model, spec = volume.model, volume.spec
    assert model.offsets is not None
    assert spec.exact_porosity is not None
    if isinstance(model.offsets, OffsetSurface):
        assert model.network.box is not None
        fractions = np.array(spec.exact_fractions)
        return fractions, model.offsets.at(model.network.box.free_of(fractions)).astype(float)
    return np.array(model.fractions_at(spec.exact_porosity)), model.offsets.at(spec.exact_porosity).astype(float)


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """Voxels of a block.

    Attributes
    ----------
    kept : numpy.ndarray
        ``(c, k)`` grey values of the voxels whose phase depends on small changes of the offsets.
    settled : numpy.ndarray
        ``(c,)`` number of the other voxels in each phase.
    sample : numpy.ndarray
        ``(c, m)`` grey values of a regular sample of all voxels.
    """

    kept: FloatArray
    settled: Counts
    sample: FloatArray


def _survey_block(volume: VirtualVolume, survey: _Survey, block: Block) -> _Part:
    return survey.split(volume.grey_inside(block))


class _Survey:
    """Grey values of the voxels whose phase depends on small changes of the offsets, and counts of all others.

    Parameters
    ----------
    fractions : numpy.ndarray
        ``(c,)`` target fractions.
    centre : numpy.ndarray
        ``(c,)`` expected offsets.
    n_voxels : int
        Number of voxels of the volume.
    moves : bool
        True if the centre follows the offsets of the part that has been computed.
    """

    def __init__(self, fractions: FloatArray, centre: FloatArray, n_voxels: int, *, moves: bool) -> None:
        self._fractions = fractions
        self._moves = moves
        self._stride = 0 if n_voxels <= MOST_KEPT else ceil(n_voxels / (MOST_KEPT // 4))
        self._kept = [np.empty((len(fractions), 0), np.float32)]
        self._sample = [np.empty((len(fractions), 0), np.float32)]
        self._settled = np.zeros(len(fractions), np.int64)
        # Offsets, and the change of them that leaves the phase of all settled voxels as it is; the last is in use.
        self._windows = [(centre, np.inf)]

    def split(self, grey: FloatArray) -> _Part:
        """Separate the voxels ``(c, n)`` of a block."""
        sample = grey[:, :: self._stride].copy() if self._stride else grey[:, :0]
        centre, width = self._windows[-1]
        if width == np.inf:
            return _Part(grey, np.zeros_like(self._settled), sample)
        ranking = rank_phases(grey, centre)
        keeps = ranking.gap < width
        return _Part(grey[:, keeps], np.bincount(ranking.first[~keeps], minlength=len(grey)), sample)

    def add(self, part: _Part) -> None:
        """Add the voxels of a block, and keep fewer voxels if there are too many."""
        self._kept.append(part.kept)
        self._sample.append(part.sample)
        self._settled = self._settled + part.settled
        if sum(kept.shape[1] for kept in self._kept) > MOST_KEPT:
            self._narrow()

    def solve_exactly(self) -> FloatArray:
        """Return the offsets for the exact fractions; wrong if they are not covered."""
        grey = np.concatenate(self._kept, axis=1)
        n = grey.shape[1] + int(self._settled.sum())
        centre = self._windows[-1][0]
        if grey.shape[1] == 0:
            return centre
        counts = _round_to_sum(self._fractions * n, n)
        start = solve_offsets(_problem(grey, self._settled, counts / n, thinning=16), centre, tolerance=_NEARLY / n)
        offsets = solve_offsets(_problem(grey, self._settled, counts / n), start, tolerance=_NEARLY / n)
        wanted = counts - self._settled
        return offsets if (wanted < 0).any() else settle_counts(grey, offsets, wanted)

    def covers(self, offsets: FloatArray) -> bool:
        """Return True if no settled voxel changes its phase at these offsets."""
        return all(np.ptp(offsets - centre) < width for centre, width in self._windows)

    def estimate(self) -> FloatArray:
        """Return the offsets for the fractions in the sample."""
        grey = np.concatenate(self._sample, axis=1)
        nothing = np.zeros_like(self._settled)
        problem = _problem(grey, nothing, self._fractions)
        return solve_offsets(problem, self._windows[-1][0], tolerance=problem.weight)

    def correct(self) -> FloatArray:
        """Return the centre, corrected by a Newton step for the error of its fractions in the whole volume."""
        centre = self._windows[-1][0]
        problem = _problem(np.concatenate(self._kept, axis=1), self._settled, self._fractions)
        ranking = rank_phases(problem.grey, centre)
        step, _ = find_newton_step(problem, ranking, problem.error(ranking))
        return np.asarray(centre + step)

    def _narrow(self) -> None:
        """Settle the half of the voxels that is farthest from changing its phase."""
        grey = np.concatenate(self._kept, axis=1)
        centre = self.estimate() if self._moves else self._windows[-1][0]
        gap = rank_phases(grey, centre).gap
        width = float(np.partition(gap, MOST_KEPT // 2)[MOST_KEPT // 2])
        self._windows.append((centre, width))
        part = self.split(grey)
        self._kept = [part.kept]
        self._settled = self._settled + part.settled


def _problem(grey: FloatArray, settled: Counts, fractions: FloatArray, *, thinning: int = 1) -> OffsetProblem:
    """Return the problem for the kept and the settled voxels, or for a part of the kept ones."""
    n = grey.shape[1] + int(settled.sum())
    part = grey[:, ::thinning]
    weight = grey.shape[1] / part.shape[1] / n

    def measure(positions: NDArray[np.uint8]) -> FloatArray:
        return np.asarray(np.bincount(positions, minlength=len(grey)) * weight + settled / n)

    return OffsetProblem(np.ascontiguousarray(part), measure, fractions, weight)


def _round_to_sum(values: FloatArray, total: int) -> Counts:
    """Round to integers with a given sum; the largest remainders are rounded up."""
    counts = np.floor(values).astype(np.int64)
    order = np.argsort(counts - values, kind="stable")
    counts[order[: total - int(counts.sum())]] += 1
    return counts
