"""Volumes of the finished stages, which the stage in training refines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from napari_swnn._types import Shape
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import run_stages
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import convolutions_in, training_precision
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness, constant_porosity

_N_NODES = 6
"""Number of porosities in a range at which the expected porosity of coarse volumes is measured."""
_EXPECTED_SIDE = {2: 256, 3: 48}
"""Side of the volumes on which it is measured, by dimension."""


class CoarseBank:
    """Volumes of the finished stages, of which each step takes a window at random.

    Generating them for every step would cost a quarter of the step.

    Parameters
    ----------
    plan : TrainingPlan
        Plan of the training.
    finished : sequence of Stage
        Stages before the one in training; may be empty.
    source : Randomness
        Source of noise, porosities and positions.
    """

    def __init__(self, plan: TrainingPlan, finished: Sequence[Stage], source: Randomness) -> None:
        self._plan = plan
        self._finished = finished
        self._source = source
        self._schedule = plan.schedules[len(finished)]
        self._age = 0
        self._volumes: Tensor | None = None
        self._porosities: tuple[float, ...] = ()

    def take(self, window: Window) -> tuple[tuple[float, ...], Tensor | None, Window]:
        """Take the porosities of the volumes of a step, and a window of the coarser volumes that they refine.

        Parameters
        ----------
        window : Window
            Input window of the stage in training; only its shape matters.

        Returns
        -------
        porosities : tuple of float
            One for each volume.
        coarse : torch.Tensor or None
            ``(n, phases, *place.coarser().shape)``; None without coarser stages.
        place : Window
            Position of the window, in voxels of the stage in training.
        """
        if not self._finished:
            return self._source.porosities(self._plan.porosity, self._plan.porosity_range), None, window
        if self._age % self._schedule.bank_lifetime == 0:
            self._fill(window)
        self._age += 1
        assert self._volumes is not None
        stored: Shape = tuple(self._volumes.shape[2:])
        # From voxel 1, whose interpolation needs the first stored voxel, to the last position that they fill.
        start = self._source.position([2 * a - 2 - b for a, b in zip(stored, window.shape, strict=True)])
        place = Window(tuple(a + 1 for a in start), tuple(a + 1 + b for a, b in zip(start, window.shape, strict=True)))
        cut = place.coarser().slices((0,) * len(stored))
        return self._porosities, self._volumes[:, :, *cut], place

    def excess(self, porosity: float, coarse: Tensor | None) -> float:
        """Return by how much the porosity of a coarse window exceeds the one expected at a target porosity."""
        return 0.0 if coarse is None else grey_porosity(coarse) - self._expected_porosity(porosity)

    def renew(self) -> None:
        """Generate the volumes again before the next window is taken."""
        self._age = 0

    def _fill(self, window: Window) -> None:
        side = tuple(self._schedule.bank_extent * extent for extent in window.coarser().shape)
        self._porosities = self._source.porosities(self._plan.porosity, self._plan.porosity_range)
        self._volumes = self._generate(self._porosities, side)

    @cached_property
    def _expected_porosity(self) -> Callable[[float], float]:
        """Mean porosity of the coarse volumes as a smooth function of the target porosity; measured when first used."""
        limits = self._plan.porosity_range
        dimension = self._plan.network.dimension
        shape = (_EXPECTED_SIDE[dimension],) * dimension
        nodes = [self._plan.porosity] * 4 if limits is None else list(np.linspace(*limits, _N_NODES))
        porosities = [grey_porosity(self._generate([node], shape)) for node in nodes]
        coefficients = np.array([np.mean(porosities)]) if limits is None else np.polyfit(nodes, porosities, 2)
        return lambda porosity: float(np.polyval(coefficients, porosity))

    @torch.no_grad()
    def _generate(self, porosities: Sequence[float], shape: Shape) -> Tensor:
        """Generate grey volumes ``(n, phases, *shape)`` of the finished stages, one for each porosity."""
        device = self._plan.device
        noise = self._source.noise(len(porosities))
        porosity = constant_porosity(porosities, self._plan.network.dimension, device)
        with convolutions_in(training_precision(device), device):
            grey, _ = run_stages(self._finished, Window.of_shape(shape), noise, porosity)
        return grey


def grey_porosity(grey: Tensor) -> float:
    """Return the porosity of grey values from -1 to 1."""
    return float(grey.mean()) / 2 + 0.5
