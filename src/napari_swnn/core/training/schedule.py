"""Rules that resolve the settings and the network into the schedule of each training stage, once."""

from __future__ import annotations

from math import ceil, floor

from napari_swnn.core.loss.critic import sight
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.core.training.stage_schedule import LearningRate, StageSchedule, TrainingWindow

N_NORM_BATCHES = 8
"""Number of batches used to recompute the running statistics of batch norm at the end of a stage."""
_WARM_UP = 10
"""Number of warm-up steps, during which the learning rate rises and the autocovariance loss is inactive."""
_MAX_AVERAGED_STEPS = 500
"""Maximum number of steps for averaging the weights; longer stages work better with a low final learning rate."""
_AVERAGED_SHARE = 0.4
"""Final fraction of the steps of a stage over which the weights are averaged."""
_AVERAGING_MEMORY = 0.4
"""Memory of the weight average, as a fraction of the averaged steps."""
_RUNNING_SHARE = 0.6
"""Final fraction of the steps of the coarsest stage in which batch norm uses its running statistics."""
_FINAL_RATE = 0.02
"""Final learning rate as a fraction of its peak."""
_FINAL_RATE_AVERAGED = 0.3
"""Final learning rate if weights are averaged; it can be higher because the average fluctuates less."""
_LOCAL_SHARE = 0.65
"""Share of the projections restricted to a part of the pattern."""
_WHITENED_SHARE = 0.2
"""Share of the projections that are weighted towards fine detail."""
_AUTOCOVARIANCE_WEIGHT = 10.0
"""Weight of the autocovariance loss at coarse scales, which create the large-scale structure."""
_FINEST_AUTOCOVARIANCE_WEIGHT = 1.0
"""Weight of the autocovariance loss at the finest scale, where a higher weight would break thin necks."""
_CONSISTENCY_WEIGHT = 0.9
"""Weight of the difference from the coarser volume; see `_consistency_weight`."""
_LOOSE_CONSISTENCY_WEIGHT = 0.1
"""Weight of the difference from the coarser volume for two scales."""
_BANK_LIFETIME = 100
"""Number of steps after which the coarser volumes are regenerated."""
_BANK_EXTENT = 3
"""Extent of the coarser volumes, as a multiple of the training window."""
_BANK_LIFETIME_OF_RANGE = 20
"""Number of steps after which the coarser volumes are regenerated if a porosity range must be sampled."""
_BANK_EXTENT_OF_RANGE = 2
"""Extent of the coarser volumes for a porosity range, as a multiple of the training window."""
_CRITIC_RATE = 2e-3
"""Learning rate of the critic."""
_CRITIC_WARM_UP = 20
"""Number of steps in which the weight of the critic rises, because a new critic knows nothing."""
_CRITIC_COOL_DOWN_SHARE = 1 / 3
"""Final share of the steps in which the weight of the critic falls, because it leaves specks of single voxels."""
_CRITIC_SECTIONS = 12
"""Number of generated sections of each direction that the critic sees in a step."""
_SIDE_FOR_PHASES = 32
"""Least side of the training volumes at the finest scale if smaller ones are used, for three or more phases."""
_STEPS_FOR_PHASES = 2
"""Least ratio of the number of steps at the finest scale for three or more phases to that for two."""
_MIN_SIGHTS = 3
"""Minimum side of a section in multiples of what a critic sees; see `_has_room`."""


def resolve_schedules(config: TrainingConfig, network: NetworkConfig, section_side: int) -> tuple[StageSchedule, ...]:
    """Resolve the settings into the schedule of each stage, coarsest first.

    Parameters
    ----------
    config : TrainingConfig
        Settings of the training.
    network : NetworkConfig
        Network to train, including its ranges of fractions, if any.
    section_side : int
        Side of the largest square inside the region of interest of a section, in pixels.
    """
    return tuple(_resolve(config, network, stage, section_side // stage.scale) for stage in network.stages)


def _resolve(config: TrainingConfig, network: NetworkConfig, stage: StageConfig, section_side: int) -> StageSchedule:
    paper = config.recipe == "paper"
    single = not network.free_ranges
    coarsest = stage is network.stages[0]
    n_steps = _n_steps(config, network, stage)
    windows = _windows(config, network, stage)
    side = windows[0].shape[-1]
    averaged = not paper and n_steps <= _MAX_AVERAGED_STEPS
    final_rate = _FINAL_RATE_AVERAGED if averaged else _FINAL_RATE
    # Batch statistics hide the mean of a window from the loss, so the porosity of volumes would scatter. The coarsest
    # stage therefore ends with running statistics; finer stages inherit the mean from the coarser volume.
    running_start = None if paper or not coarsest else ceil((1 - _RUNNING_SHARE) * n_steps)
    return StageSchedule(
        scale=stage.scale,
        n_steps=n_steps,
        n_volumes=1 if single else 2,
        windows=windows,
        optimiser="adam" if paper else "muon",
        learning_rate=LearningRate(config.learning_rate, 0 if paper else _WARM_UP, 1.0 if paper else final_rate),
        n_averaged_steps=floor(_AVERAGED_SHARE * n_steps) if averaged else 0,
        averaging_memory=_AVERAGING_MEMORY * _AVERAGED_SHARE * n_steps if averaged else 0.0,
        running_statistics_start=running_start,
        n_projections=_n_projections(config, network),
        local_share=0.0 if paper else _LOCAL_SHARE,
        whitened_share=0.0 if paper else _WHITENED_SHARE,
        max_patterns=config.max_patterns,
        p=config.p,
        consistency_weight=0.0 if coarsest else _consistency_weight(network),
        autocovariance_weight=_autocovariance_weight(config, network, stage),
        # With batch statistics the mean, and so part of the autocovariance, is undetermined.
        autocovariance_start=max(_WARM_UP, running_start or 0),
        critic_weight=_critic_weight(config, network, stage) if _has_room(side, section_side) else 0.0,
        critic_window=min(side, max(2 * sight(), section_side // 2)),
        critic_sections=_CRITIC_SECTIONS,
        critic_warm_up=_CRITIC_WARM_UP,
        critic_cool_down=floor(_CRITIC_COOL_DOWN_SHARE * n_steps),
        critic_learning_rate=_CRITIC_RATE,
        bank_lifetime=_BANK_LIFETIME if single else _BANK_LIFETIME_OF_RANGE,
        bank_extent=_BANK_EXTENT if single else _BANK_EXTENT_OF_RANGE,
    )


def _n_steps(config: TrainingConfig, network: NetworkConfig, stage: StageConfig) -> int:
    n_steps = config.n_coarse_steps
    if stage.scale == 1:
        n_steps = _n_finest_steps(config, network)
    if len(network.stages) == 2:
        # The only coarse stage must create all large-scale structure, and no intermediate stage corrects its errors
        # before the finest stage, which has more to correct.
        n_steps = n_steps * 4 // 3 if stage.scale == 1 else n_steps * 5 // 2
    # A range takes longer, because the network must learn all of its porosities.
    return n_steps * 3 // 2 if network.free_ranges else n_steps


def _n_finest_steps(config: TrainingConfig, network: NetworkConfig) -> int:
    """Return the number of steps at the finest scale; films see at least as many voxels as two phases do."""
    if not _has_smaller_volumes(config, network):
        return config.n_steps
    return round(config.n_steps * max(_STEPS_FOR_PHASES, (config.cube_size / _finest_side(config, network)) ** 3))


def _windows(config: TrainingConfig, network: NetworkConfig, stage: StageConfig) -> tuple[TrainingWindow, ...]:
    side = _finest_side(config, network) if stage.scale == 1 else config.coarse_cube_size
    if network.dimension == 2:
        return (TrainingWindow((side, side), (0,)),)
    if config.recipe == "cascade":
        return (TrainingWindow((side,) * 3, (0, 1, 2)),)
    # The paper compares one section per direction, each generated separately.
    return tuple(
        TrainingWindow(tuple(1 if axis == normal else side for axis in range(3)), (normal,)) for normal in range(3)
    )


def _finest_side(config: TrainingConfig, network: NetworkConfig) -> int:
    """Return the side of the training volumes at the finest scale.

    Films of one or two voxels between other phases need more steps than interfaces do, and fewer voxels in each.
    """
    side = config.cube_size
    if _has_smaller_volumes(config, network):
        return min(side, max(_SIDE_FOR_PHASES, side * 2 // 3))
    return side


def _has_smaller_volumes(config: TrainingConfig, network: NetworkConfig) -> bool:
    return config.recipe == "cascade" and _has_films(network)


def _critic_weight(config: TrainingConfig, network: NetworkConfig, stage: StageConfig) -> float:
    if config.critic or _is_baseline(config) or network.dimension == 2:
        return config.critic
    if _has_films(network):
        return config.finest_critic if stage.scale == 1 else 0.0
    # With two scales, the critic costs accuracy of the patterns.
    connects_necks = len(network.stages) >= 3 and not network.free_ranges
    return config.two_phase_critic if connects_necks else 0.0


def _has_films(network: NetworkConfig) -> bool:
    """Return whether a network generates volumes of three or more phases, in which one may lie between two others."""
    return network.dimension == 3 and network.n_phase_channels > 1


def _is_baseline(config: TrainingConfig) -> bool:
    """Return whether the settings are those of the paper or of a loss for comparison, which have no further terms."""
    return config.recipe == "paper" or config.loss != "patterns"


def _has_room(side: int, section_side: int) -> bool:
    """Return whether a critic learns from sections of this side without learning a single one by heart."""
    return sight() <= side and section_side >= _MIN_SIGHTS * sight()


def _n_projections(config: TrainingConfig, network: NetworkConfig) -> int:
    """Return the number of projections, which grows with the number of phases because each has lines of its own."""
    n_phases = network.n_phase_channels
    return config.n_projections if n_phases == 1 else config.n_projections * (n_phases + 1) // 3


def _consistency_weight(network: NetworkConfig) -> float:
    """Return the weight of the difference between a fine volume and the coarser volume.

    With three or more scales, pores are wide enough for the coarser volume to locate them. With two scales, the coarser
    volume is grey where the structure is finer than its voxels, and the finer stage must be free to deviate.
    """
    return _CONSISTENCY_WEIGHT if len(network.stages) >= 3 else _LOOSE_CONSISTENCY_WEIGHT


def _autocovariance_weight(config: TrainingConfig, network: NetworkConfig, stage: StageConfig) -> float:
    if _is_baseline(config):
        return 0.0
    if network.free_ranges:
        return 0.0  # a reference shows the autocovariance at one porosity only
    return _FINEST_AUTOCOVARIANCE_WEIGHT if stage.scale == 1 else _AUTOCOVARIANCE_WEIGHT
