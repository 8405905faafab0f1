"""Porosity of the planes near a section: what it would be if grey values were a Gaussian field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.conditioning.noise_variables import NoiseVariables, input_windows
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import NoiseSource, run_stages
from napari_swnn.core.network.config import NetworkConfig
from napari_swnn.core.network.evaluation import make_noise_source
from napari_swnn.core.network.stage import Stage

SLAB_WEIGHT = 10.0
"""Weight of the deviations of box averages, in units of their variance."""
BOX_SIDE = 32
"""Side of the boxes, in voxels of the finest scale."""
_N_SAMPLES = 3
"""Number of independent volumes in which the correlation of box averages is measured."""
_SAMPLE_SEED = 2**63
"""First seed of these volumes, which differs from those that users choose."""
_SAMPLE_BOXES = 2
"""Number of boxes of these volumes along each axis of a section, at least."""
_LEAST_VARIANCE = 1e-4


@dataclass(frozen=True, eq=False, slots=True)
class _Slab:
    """Planes near a part of a section at a coarse stage, and the box averages that they should have.

    Attributes
    ----------
    n_stages : int
        Number of stages, up to the one of the slab.
    window : Window
        Window of the slab on the grid of this stage.
    axis : int
        Axis normal to the section.
    n_boxes : tuple of int
        Number of boxes along each axis of the section.
    targets : torch.Tensor
        ``(c, planes, *n_boxes)`` averages.
    variance : torch.Tensor
        ``(c, 1, 1, 1)`` variance of the averages.
    """

    n_stages: int
    window: Window
    axis: int
    n_boxes: tuple[int, int]
    targets: Tensor
    variance: Tensor


class SlabPrior:
    """Penalty for box averages near sections that differ from a sample given the section.

    The noise that influences a section also shapes the planes next to it. Where many weak changes of the noise together
    fit some pixels of the section, they cost little, but their sum shifts the porosity of those planes. So the grey
    values of the coarse stages, averaged over boxes, are held to those of the unconstrained volume, corrected for the
    section: by the difference of its own averages, times their correlation at this distance (simple kriging).

    Parameters
    ----------
    network : NetworkConfig
        Architecture.
    stages : sequence of Stage
        Stages for uniform fractions, coarsest first. The finest one, which follows the others, is left free.
    variables : NoiseVariables
        Noise around the known voxels.
    device : torch.device
        Device to compute on.
    """

    def __init__(
        self, network: NetworkConfig, stages: Sequence[Stage], variables: NoiseVariables, device: torch.device
    ) -> None:
        self._network = network
        self._stages = stages
        self._variables = variables
        self._device = device
        self._slabs: list[_Slab] = []
        self._measured = cache(self._measure)

    @torch.no_grad()
    def add(self, window: Window, axis: int, excess: Tensor) -> None:
        """Add a part of a section.

        Parameters
        ----------
        window : Window
            Part of the section, on the finest grid.
        axis : int
            Axis normal to it.
        excess : torch.Tensor
            ``(c, h, w)`` grey values of the section minus those of the unconstrained volume in its place.
        """
        across = [extent for along, extent in enumerate(window.shape) if along != axis]
        n_boxes = (max(1, round(across[0] / BOX_SIDE)), max(1, round(across[1] / BOX_SIDE)))
        of_boxes = F.adaptive_avg_pool2d(excess, n_boxes)
        for n in range(1, len(self._stages)):
            slab = self._slab(window, axis, n)
            scale = self._network.stages[n - 1].scale
            averages = _box_averages(self._grey(slab, n, self._variables.drawn_source()), axis, n_boxes)
            centre = (window.start[axis] + 0.5) / scale - 0.5 - slab.start[axis]
            sides = tuple(extent / k / scale for extent, k in zip(across, n_boxes, strict=True))
            variance, correlation = self._measured(axis, n, sides)
            distances = np.abs(np.arange(slab.shape[axis]) - centre)
            weights = np.stack([np.interp(distances, np.arange(len(row)), row, right=0.0) for row in correlation])
            along = torch.from_numpy(weights.astype(np.float32)).to(self._device)[:, :, None, None]
            targets = averages + along * of_boxes[:, None]
            spread = torch.from_numpy(variance.astype(np.float32)).to(self._device).view(-1, 1, 1, 1)
            self._slabs.append(_Slab(n, slab, axis, n_boxes, targets, spread))

    def __len__(self) -> int:
        return len(self._slabs)

    def penalty(self, i: int) -> Tensor:
        """Return the penalty of a slab."""
        slab = self._slabs[i]
        grey = self._grey(slab.window, slab.n_stages, self._variables.source())
        deviation = _box_averages(grey, slab.axis, slab.n_boxes) - slab.targets
        return SLAB_WEIGHT / 2 * (deviation.square() / slab.variance).sum()

    def _slab(self, window: Window, axis: int, n: int) -> Window:
        """Return the window of the planes of a stage in which the noise is fitted, as wide as the section."""
        stage = self._network.stages[n - 1]
        start = [a // stage.scale for a in window.start]
        stop = [-(-b // stage.scale) for b in window.stop]
        inputs = input_windows(self._network, window)[stage.scale]
        start[axis], stop[axis] = inputs.start[axis], inputs.stop[axis]
        return Window(tuple(start), tuple(stop))

    def _grey(self, window: Window, n: int, noise: NoiseSource) -> Tensor:
        return run_stages(self._stages[:n], window, noise)[0][0]

    def _measure(self, axis: int, n: int, sides: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
        """Return variance ``(c,)`` and correlation ``(c, distances)`` of box averages in unconstrained volumes."""
        stage = self._network.stages[n - 1]
        length = 4 * max(1, BOX_SIDE // stage.scale)
        shape = [max(1, round(side)) * _SAMPLE_BOXES for side in sides]
        shape.insert(axis, length)
        n_boxes = (_SAMPLE_BOXES, _SAMPLE_BOXES)
        window = Window.of_shape(tuple(shape))
        series = []
        for k in range(_N_SAMPLES):
            noise = make_noise_source(_SAMPLE_SEED + k, self._device)
            series.append(_box_averages(self._grey(window, n, noise), axis, n_boxes).flatten(2).cpu().numpy())
        values = np.concatenate(series, axis=2).astype(float)  # (c, planes, boxes)
        values -= values.mean(axis=(1, 2), keepdims=True)
        lags = range(length // 2)
        covariance = np.stack(
            [(values[:, : length - lag] * values[:, lag:]).sum(axis=1).mean(axis=1) / length for lag in lags], axis=1
        )
        variance = np.maximum(covariance[:, 0], _LEAST_VARIANCE)
        return variance, covariance / variance[:, None]


def _box_averages(grey: Tensor, axis: int, n_boxes: tuple[int, int]) -> Tensor:
    """Return the averages ``(c, planes, *n_boxes)`` over boxes in the planes normal to an axis."""
    return F.adaptive_avg_pool2d(grey.movedim(axis + 1, 1), n_boxes)
