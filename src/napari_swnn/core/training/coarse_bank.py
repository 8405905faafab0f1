"""What the finished stages hand on to the one in training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

_LIFETIME, _LIFETIME_OF_PAIRS = 100, 20
"""Steps after which volumes are made anew: of one porosity, and of a pair, since a range needs many porosities."""
_ROOM, _ROOM_OF_PAIRS = 3, 2
"""Extent of these volumes, in windows that a step takes."""
_N_NODES = 6
"""Porosities of a range at which the usual coarse porosity is measured."""
_USUAL_SIDE = {2: 256, 3: 48}
"""Side of the volumes it is measured on, by dimension."""


def bank_lifetime(plan: TrainingPlan) -> int:
    """Steps after which the volumes of a bank are made anew."""
    return _LIFETIME if plan.porosity_range is None else _LIFETIME_OF_PAIRS


class CoarseBank:
    """Volumes of the finished stages, of which each step takes a window at random.

    To run the coarser stages for every step would cost as much as a quarter of the step.

    Parameters
    ----------
    plan : TrainingPlan
        The training.
    finished : sequence of Stage
        The stages before the one in training; may be empty.
    source : Randomness
        Of noise, porosities and places.
    """

    def __init__(self, plan: TrainingPlan, finished: Sequence[Stage], source: Randomness) -> None:
        self._plan, self._finished, self._source = plan, finished, source
        self._pairs = plan.porosity_range is not None
        self._age = 0
        self._volumes: Tensor | None = None
        self._porosities: tuple[float, ...] = ()
        self._usual = _usual_porosity(plan, finished, source) if finished else None

    def take(self, window: Window) -> tuple[tuple[float, ...], Tensor | None, Window]:
        """Porosities of the volumes of a step, what they refine, and where that lies.

        Parameters
        ----------
        window : Window
            Input window of the stage in training; what is returned lies at another place.

        Returns
        -------
        porosities : tuple of float
            One for each volume.
        coarse : torch.Tensor or None
            ``(n, phases, *place.coarser().shape)``; None without coarser stages.
        place : Window
            As large as `window`.
        """
        if not self._finished:
            return self._source.porosities(self._plan.porosity, self._plan.porosity_range), None, window
        if self._age % bank_lifetime(self._plan) == 0:
            self._fill(window)
        self._age += 1
        assert self._volumes is not None
        stored: Shape = tuple(self._volumes.shape[2:])
        # From voxel 1, whose interpolation needs the first stored voxel, to the last place that the stored ones fill.
        start = self._source.start([2 * a - 2 - b for a, b in zip(stored, window.shape, strict=True)])
        place = Window(tuple(a + 1 for a in start), tuple(a + 1 + b for a, b in zip(start, window.shape, strict=True)))
        cut = place.coarser().slices((0,) * len(stored))
        return self._porosities, self._volumes[:, :, *cut], place

    def excess(self, porosity: float, coarse: Tensor | None) -> float:
        """How much more of the phase a coarse window holds than is usual at this porosity."""
        if coarse is None or self._usual is None:
            return 0.0
        return grey_porosity(coarse) - self._usual(porosity)

    def _fill(self, window: Window) -> None:
        room = _ROOM_OF_PAIRS if self._pairs else _ROOM
        side = tuple(room * extent for extent in window.coarser().shape)
        self._porosities = self._source.porosities(self._plan.porosity, self._plan.porosity_range)
        self._volumes = coarse_volumes(self._plan, self._finished, self._porosities, side, self._source)


@torch.no_grad()
def coarse_volumes(
    plan: TrainingPlan, stages: Sequence[Stage], porosities: Sequence[float], shape: Shape, source: Randomness
) -> Tensor:
    """Grey volumes ``(n, phases, *shape)`` of finished stages, one for each porosity."""
    porosity = constant_porosity(porosities, plan.choice.network.dimension, plan.device)
    with convolutions_in(training_precision(plan.device), plan.device):
        grey, _ = run_stages(stages, Window.of_shape(shape), source.noise(len(porosities)), porosity)
    return grey


def grey_porosity(grey: Tensor) -> float:
    """Porosity that grey values from -1 to 1 stand for."""
    return float(grey.mean()) / 2 + 0.5


def _usual_porosity(plan: TrainingPlan, stages: Sequence[Stage], source: Randomness) -> Callable[[float], float]:
    """Mean porosity of what the stages hand on, as a smooth function of the porosity asked for."""
    limits = plan.porosity_range
    nodes = [plan.porosity] * 4 if limits is None else list(np.linspace(*limits, _N_NODES))
    dimension = plan.choice.network.dimension
    shape = (_USUAL_SIDE[dimension],) * dimension
    measured = [grey_porosity(coarse_volumes(plan, stages, [node], shape, source)) for node in nodes]
    coefficients = np.polyfit(nodes, measured, 2) if limits is not None else np.array([np.mean(measured)])
    return lambda porosity: float(np.polyval(coefficients, porosity))
