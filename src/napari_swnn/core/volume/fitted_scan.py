"""Coarse scan over the extents of a volume: it guides the stages of a cascade, and the segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.volume.back_projection import back_project, pool_mean
from napari_swnn.core.volume.coarse_cells import (
    Averaging,
    apply_kernel,
    count_phases,
    from_cells,
    meet_counts,
    meet_samples,
    round_counts,
    to_cells,
)
from napari_swnn.core.volume.coarse_scan import CoarseScan

_REACH = 2
"""Number of voxels of the scan around a window that are corrected with it."""


@dataclass(frozen=True, eq=False)
class FittedScan:
    """Scan over the extents of a volume, as a function of position.

    Attributes
    ----------
    scan : CoarseScan
        Scan, with a channel for each phase, or one for the phase of interest of two.
    factor : int
        Edge length of a voxel of the scan in voxels of the volume.
    periodic : tuple of bool
        One flag per axis. Beyond the faces of a non-periodic axis, the outermost values are repeated.
    finest_scale : int
        Scale of the voxels of the volume.
    averaging : Averaging or None
        Estimate of averages from a segmented scan; None for averages.
    """

    scan: CoarseScan
    factor: int
    periodic: tuple[bool, ...]
    finest_scale: int = 1
    averaging: Averaging | None = None

    @property
    def margin(self) -> int:
        """Number of voxels on each side of a window that must be known to classify it."""
        return self.factor if self.scan.kind == "samples" else 0

    def refining(self, stages: Sequence[Stage]) -> Sequence[Stage]:
        """Return the stages that add detail to the scan.

        These are the stages finer than the scan, if one of them has been trained to refine averages of its scale. An
        estimate of averages is too smooth for that, so that the coarser stages generate what it lacks.
        """
        scales = [stage.config.scale // self.finest_scale for stage in stages]
        if self.averaging is None and self.factor in scales[:-1]:
            return stages[scales.index(self.factor) + 1 :]
        return stages

    def values(self, window: Window) -> FloatArray:
        """Return the values ``(c, *window.shape)`` of the scan in a window of its own grid."""
        entries = []
        channels = self.scan.channels
        for axis, (a, b) in enumerate(zip(window.start, window.stop, strict=True)):
            n = channels.shape[axis + 1]
            places = np.arange(a, b)
            entries.append(places % n if self.periodic[axis] else np.clip(places, 0, n - 1))
        found: FloatArray = channels[np.ix_(np.arange(len(channels)), *entries)]
        return found

    def averages(self, window: Window) -> FloatArray:
        """Return the fractions ``(c, *window.shape)`` in each voxel of a window of the grid of the scan."""
        if self.averaging is None:
            return self.values(window)
        pairs = zip(self.values(window.grown(1)), self.averaging.kernels, strict=True)
        return np.clip(np.stack([apply_kernel(*pair) for pair in pairs]), 0, 1)

    def given(self, window: Window) -> Tensor:
        """Return the averages as grey values ``(1, c, *window.shape)``, which the first stage refines."""
        return torch.from_numpy(2 * self.averages(window) - 1)[None]

    def around(self, stage: StageConfig, window: Window) -> Window:
        """Return the window of a stage, of whole voxels of the scan, that is corrected to know a window of it."""
        side = self._side(stage)
        if side < 2:
            return window
        start = tuple((a // side - _REACH) * side for a in window.start)
        stop = tuple((-(-b // side) + _REACH) * side for b in window.stop)
        return Window(start, stop)

    def correct(self, stage: StageConfig, grey: Tensor, window: Window) -> Tensor:
        """Return the grey values ``(1, c, *window.shape)`` of a stage, corrected to agree with the scan."""
        if not stage.bounded:
            return grey
        side, n = max(1, self._side(stage)), self._cells_along(stage)
        own = Window(tuple(a // side * n for a in window.start), tuple(b // side * n for b in window.stop))
        averages = pool_mean(torch.from_numpy(self.averages(own))[None].to(grey.device), n)
        tolerance = self.scan.noise if self.averaging is None else self.averaging.spread
        # The mean over several voxels of the scan is known better, as their errors are nearly independent.
        return back_project(grey, averages, side, tolerance / n ** (len(window.shape) / 2))

    def classify(self, scores: Tensor, window: Window) -> Tensor:
        """Assign phases to the voxels of a window so that they agree with the scan.

        Where the largest scores agree with the scan, they decide. Within other voxels of the scan, fine voxels with the
        smallest loss of score change their phase; for samples, all scores around them are shifted.

        Parameters
        ----------
        scores : torch.Tensor
            ``(phases, *window.shape)`` scores in whole voxels of the scan.
        window : Window
            Window of the volume.

        Returns
        -------
        torch.Tensor
            ``(*window.shape)`` uint8 positions in the order of the phases, valid from `margin` voxels inside the
            window on.
        """
        k = self.factor
        own = Window(tuple(a // k for a in window.start), tuple(b // k for b in window.stop))
        given = torch.from_numpy(self.values(own)).to(scores.device).flatten(1)
        wanted = given if len(given) > 1 else torch.cat([given, 1 - given])
        cells = torch.stack([to_cells(each, k) for each in scores])
        positions = cells.argmax(0)
        if self.scan.kind == "samples":
            samples = wanted.argmax(0).reshape(own.shape)
            positions = to_cells(meet_samples(scores, samples, k).argmax(0), k)
            positions[:, 0] = wanted.argmax(0)
        else:
            counts = self._counts(wanted, count_phases(positions, len(cells)))
            positions = meet_counts(cells, positions, counts)
        return from_cells(positions.to(torch.uint8), window.shape, k)

    def _side(self, stage: StageConfig) -> int:
        """Return the edge length of a voxel of the scan in voxels of a stage."""
        return self.factor // (stage.scale // self.finest_scale)

    def _cells_along(self, stage: StageConfig) -> int:
        """Return the edge length of a voxel of a stage in voxels of the scan, at least 1."""
        return max(1, stage.scale // self.finest_scale // self.factor)

    def _counts(self, wanted: Tensor, found: Tensor) -> Tensor:
        """Return the numbers of voxels ``(phases, cells)`` that agree with the scan and are nearest to those found."""
        if self.scan.kind == "majority":
            return _prevail(wanted, found)
        n = found[:, 0].sum()
        excess = found - wanted * n
        share = (self.scan.noise * n / excess.abs().amax(0).clamp_min(1e-6)).clamp_max(1)
        return round_counts(wanted * n + share * excess)


def _prevail(wanted: Tensor, found: Tensor) -> Tensor:
    """Return the numbers of voxels ``(phases, cells)`` after moving the fewest to the phase that must prevail."""
    counts = found.clone()
    prevalent = wanted.argmax(0, keepdim=True)
    for _ in range(len(counts) - 1):
        largest = counts.amax(0, keepdim=True)
        rival = counts.argmax(0, keepdim=True)
        n_moved = (largest - counts.gather(0, prevalent) + 1) // 2
        counts.scatter_add_(0, prevalent, n_moved)
        counts.scatter_add_(0, rival, -n_moved)
    return counts
