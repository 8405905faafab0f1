"""Schedule of each training stage: the numbers that run, resolved once from the settings and the network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import ceil, cos, floor, pi
from typing import Any, Literal

from napari_swnn._types import Shape
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.training.config import TrainingConfig

N_NORM_BATCHES = 8
"""Batches of fresh volumes from which the running statistics of batch norm are taken at the end of a stage."""
_WARM_UP = 10
"""Number of warm-up steps: the learning rate rises over them, and the autocovariance loss begins after them."""
_MAX_AVERAGED_STEPS = 500
"""Stages with at most this many steps end with an average of their weights; longer ones do better with a low rate."""
_AVERAGED_SHARE = 0.4
"""Share of the steps, at the end of a stage, whose weights are averaged."""
_AVERAGING_MEMORY = 0.4
"""Memory of that average, as a share of the averaged steps."""
_RUNNING_SHARE = 0.6
"""Share of the steps, at the end of the coarsest stage, in which batch norm uses its running statistics."""
_FINAL_RATE = 0.02
"""Final learning rate as a fraction of its peak."""
_FINAL_RATE_AVERAGED = 0.3
"""The same where weights are averaged: the average comes to rest while the weights continue to learn."""
_LOCAL_SHARE = 0.65
"""Share of the projections that see a part of the pattern."""
_WHITENED_SHARE = 0.2
"""Share of the projections that are weighted towards fine detail."""
_AUTOCOVARIANCE_WEIGHT = 10.0
"""Weight of the autocovariance at coarse scales, which create the large structure."""
_FINEST_AUTOCOVARIANCE_WEIGHT = 1.0
"""Weight of the autocovariance at the finest scale, where more would break thin necks."""
_CONSISTENCY_WEIGHT = 0.9
"""Weight of the difference from the coarser volume; see `_consistency_weight`."""
_LOOSE_CONSISTENCY_WEIGHT = 0.1
"""The same for two scales."""
_BANK_LIFETIME = 100
"""Steps for which coarser volumes are used."""
_BANK_EXTENT = 3
"""Extent of the coarser volumes, as a multiple of the window of a step."""
_BANK_LIFETIME_OF_RANGE = 20
"""Steps for which coarser volumes are used in a range, which needs many porosities."""
_BANK_EXTENT_OF_RANGE = 2
"""Extent of the coarser volumes in a range."""


@dataclass(frozen=True, slots=True)
class LearningRate:
    """Learning rate over a stage: a linear rise, then half a cosine.

    Attributes
    ----------
    peak : float
        Learning rate of Adam after the rise.
    warm_up : int
        Steps of the rise.
    final : float
        Rate at the end as a fraction of the peak; 1 for a constant rate.
    """

    peak: float
    warm_up: int
    final: float

    def fraction(self, step: int, n_steps: int) -> float:
        """Return the learning rate at a step, as a fraction of the peak."""
        rise = min(1.0, (step + 1) / max(1, self.warm_up))
        return rise * (self.final + (1 - self.final) / 2 * (1 + cos(pi * step / n_steps)))


@dataclass(frozen=True, slots=True)
class TrainingWindow:
    """Volume generated in each step, and the axes normal to the sections compared in it.

    Attributes
    ----------
    shape : tuple of int
        Voxels of the stage.
    section_axes : tuple of int
        Axes normal to the sections; 0 for a two-dimensional window, which is its own section.
    """

    shape: Shape
    section_axes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSchedule:
    """Numbers that run in the training of one stage.

    Attributes
    ----------
    scale : int
        Scale of the stage.
    n_steps : int
        Training steps.
    n_volumes : int
        Volumes of each window in a step, one for each porosity.
    windows : tuple of TrainingWindow
        Volumes generated in each step.
    optimiser : {"muon", "adam"}
        Muon for the convolutions and Adam for the rest, or Adam for all.
    learning_rate : LearningRate
        Learning rate over the steps.
    n_averaged_steps : int
        Steps at the end whose weights are averaged.
    averaging_memory : float
        Memory of that average, in steps.
    running_statistics_start : int or None
        First step in which batch norm uses its running statistics instead of batch statistics; None for never.
    n_projections : int
        Random projections of the sliced Wasserstein distance.
    local_share, whitened_share : float
        Shares of these projections that see a part of the pattern, and that are weighted towards fine detail.
    max_patterns : int
        Maximum number of patterns compared per direction.
    p : int
        Order of the Wasserstein distance.
    consistency_weight : float
        Weight of the difference from the coarser volume.
    autocovariance_weight : float
        Weight of the difference in autocovariance.
    autocovariance_start : int
        First step in which the autocovariance is compared.
    bank_lifetime : int
        Steps after which the coarser volumes, of which each step takes a window, are generated again.
    bank_extent : int
        Extent of these volumes along each axis, as a multiple of the window.
    """

    scale: int
    n_steps: int
    n_volumes: int
    windows: tuple[TrainingWindow, ...]
    optimiser: Literal["muon", "adam"]
    learning_rate: LearningRate
    n_averaged_steps: int
    averaging_memory: float
    running_statistics_start: int | None
    n_projections: int
    local_share: float
    whitened_share: float
    max_patterns: int
    p: int
    consistency_weight: float
    autocovariance_weight: float
    autocovariance_start: int
    bank_lifetime: int
    bank_extent: int

    def as_json(self) -> dict[str, Any]:
        """Return the schedule as values that JSON can hold."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return values


def resolve_schedules(config: TrainingConfig, network: NetworkConfig) -> tuple[StageSchedule, ...]:
    """Resolve the settings into the schedule of each stage, coarsest first.

    Parameters
    ----------
    config : TrainingConfig
        Settings of the training.
    network : NetworkConfig
        Network to train, with its range of porosities if there is one.
    """
    return tuple(_resolve(config, network, stage) for stage in network.stages)


def _resolve(config: TrainingConfig, network: NetworkConfig, stage: StageConfig) -> StageSchedule:
    paper = config.recipe == "paper"
    single = network.porosity_range is None
    coarsest = stage is network.stages[0]
    n_steps = _n_steps(config, network, stage)
    averaged = not paper and n_steps <= _MAX_AVERAGED_STEPS
    final_rate = _FINAL_RATE_AVERAGED if averaged else _FINAL_RATE
    # With batch statistics the mean of a window is always the same, so that volumes would scatter in porosity: late in
    # the coarsest stage the loss must see it. Finer stages take it from the coarser volume.
    running_start = None if paper or not coarsest else ceil((1 - _RUNNING_SHARE) * n_steps)
    return StageSchedule(
        scale=stage.scale,
        n_steps=n_steps,
        n_volumes=1 if single else 2,
        windows=_windows(config, network, stage),
        optimiser="adam" if paper else "muon",
        learning_rate=LearningRate(config.learning_rate, 0 if paper else _WARM_UP, 1.0 if paper else final_rate),
        n_averaged_steps=floor(_AVERAGED_SHARE * n_steps) if averaged else 0,
        averaging_memory=_AVERAGING_MEMORY * _AVERAGED_SHARE * n_steps if averaged else 0.0,
        running_statistics_start=running_start,
        n_projections=config.n_projections,
        local_share=0.0 if paper else _LOCAL_SHARE,
        whitened_share=0.0 if paper else _WHITENED_SHARE,
        max_patterns=config.max_patterns,
        p=config.p,
        consistency_weight=0.0 if coarsest else _consistency_weight(network),
        autocovariance_weight=0.0 if paper else _autocovariance_weight(network, stage),
        # The mean, and with it part of the autocovariance, is unknown as long as batch statistics are used.
        autocovariance_start=max(_WARM_UP, running_start or 0),
        bank_lifetime=_BANK_LIFETIME if single else _BANK_LIFETIME_OF_RANGE,
        bank_extent=_BANK_EXTENT if single else _BANK_EXTENT_OF_RANGE,
    )


def _n_steps(config: TrainingConfig, network: NetworkConfig, stage: StageConfig) -> int:
    n_steps = config.n_steps if stage.scale == 1 else config.n_coarse_steps
    if len(network.stages) == 2:
        # The only coarse stage makes all of the large structure, and no later stage corrects its errors before the
        # finest, which has more to correct.
        n_steps = n_steps * 4 // 3 if stage.scale == 1 else n_steps * 5 // 2
    # A range takes longer: the network learns each of its porosities.
    return n_steps if network.porosity_range is None else n_steps * 3 // 2


def _windows(config: TrainingConfig, network: NetworkConfig, stage: StageConfig) -> tuple[TrainingWindow, ...]:
    side = config.cube_size if stage.scale == 1 else config.coarse_cube_size
    if network.dimension == 2:
        return (TrainingWindow((side, side), (0,)),)
    if config.recipe == "cascade":
        return (TrainingWindow((side,) * 3, (0, 1, 2)),)
    # The paper compares one section per direction, each in a slab of its own.
    return tuple(
        TrainingWindow(tuple(1 if axis == normal else side for axis in range(3)), (normal,)) for normal in range(3)
    )


def _consistency_weight(network: NetworkConfig) -> float:
    """Return the weight of the difference of a fine volume from the coarser one.

    With three scales or more, pores are wide enough for the coarser volume to locate them. With two, it is grey where
    the structure is finer than its voxels, and the finer stage must be free to decide.
    """
    return _CONSISTENCY_WEIGHT if len(network.stages) >= 3 else _LOOSE_CONSISTENCY_WEIGHT


def _autocovariance_weight(network: NetworkConfig, stage: StageConfig) -> float:
    if network.porosity_range is not None:
        return 0.0  # one section shows the autocovariance at its own porosity, too little for a range
    return _FINEST_AUTOCOVARIANCE_WEIGHT if stage.scale == 1 else _AUTOCOVARIANCE_WEIGHT
