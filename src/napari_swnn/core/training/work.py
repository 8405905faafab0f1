"""Work of each part of a training: one model for the initial estimate and the time left."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.loss.critic import critic_arithmetic
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.evaluation import block_side
from napari_swnn.core.training.calibration import LEAST_BLOCKS
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.schedule import N_NORM_BATCHES
from napari_swnn.core.training.stage_schedule import StageSchedule

_FORWARD_SHARE = 1 / 3
"""Arithmetic of a forward pass as a share of a training step."""
_CRITIC_PASSES = 3
"""Arithmetic of a step with the critic, in forward and backward passes: real and generated sections, and the stage."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Cost of the parts of a run: seconds on this machine if measured, otherwise units of arithmetic.

    Attributes
    ----------
    steps : tuple of float
        Cost of one training step, for each stage.
    banks : tuple of float
        Cost of generating the coarser volumes that each stage refines, once; 0 for the coarsest stage.
    block : float
        Cost of generating one block while others are computed in parallel.
    """

    steps: tuple[float, ...]
    banks: tuple[float, ...]
    block: float

    def on_free_machine(self, load: float) -> Timing:
        """Return the timing on a free machine, if this one was measured under a load."""
        steps, banks = (tuple(cost / load for cost in costs) for costs in (self.steps, self.banks))
        return Timing(steps, banks, self.block / load)


def stage_work(plan: TrainingPlan, timing: Timing, index: int) -> float:
    """Return the work of a stage: training steps, generation of coarser volumes, and final batch norm statistics."""
    schedule = plan.schedules[index]
    n_banks = ceil(schedule.n_steps / schedule.bank_lifetime)
    steps = schedule.n_steps * timing.steps[index] + n_banks * timing.banks[index]
    return steps + mean_work(plan, timing, index) + norm_work(plan, timing, index)


def mean_work(plan: TrainingPlan, timing: Timing, index: int) -> float:
    """Return the work to measure the mean of the volumes that a stage refines, with the least number of blocks."""
    if plan.n_calibration_blocks < LEAST_BLOCKS:
        return 0.0
    levels = (plan.network.stages[: n + 1] for n in range(index))
    return len(plan.nodes) * LEAST_BLOCKS * sum(_block_work(plan, timing, stages) for stages in levels)


def norm_work(plan: TrainingPlan, timing: Timing, index: int) -> float:
    """Return the work of the final batch norm statistics of a stage."""
    n_banks = ceil(N_NORM_BATCHES / plan.schedules[index].bank_lifetime)
    return N_NORM_BATCHES * _FORWARD_SHARE * timing.steps[index] + n_banks * timing.banks[index]


def work_of_steps(plan: TrainingPlan, timing: Timing, n_steps: int) -> float:
    """Return the work of the first `n_steps` steps of a training."""
    done = 0.0
    for index, schedule in enumerate(plan.schedules):
        n = min(n_steps, schedule.n_steps)
        done += n * stage_work(plan, timing, index) / schedule.n_steps
        n_steps -= n
    return done


def training_work(plan: TrainingPlan, timing: Timing, n_blocks: float) -> float:
    """Return the work of a training, with `n_blocks` blocks to calibrate each threshold."""
    stages = sum(stage_work(plan, timing, index) for index in range(len(plan.schedules)))
    return stages + len(plan.nodes) * calibration_work(plan, timing, n_blocks)


def calibration_work(plan: TrainingPlan, timing: Timing, n_blocks: float) -> float:
    """Return the work to calibrate a threshold with `n_blocks` blocks, and with the least number of coarser ones."""
    return n_coarse_blocks(plan) * coarse_block_work(plan, timing) + n_blocks * timing.block


def n_coarse_blocks(plan: TrainingPlan) -> int:
    """Return the least number of blocks of all coarser volumes to calibrate a threshold; 0 if none are needed."""
    is_corrected = plan.n_calibration_blocks >= LEAST_BLOCKS
    return LEAST_BLOCKS * (len(plan.network.stages) - 1) if is_corrected else 0


def coarse_block_work(plan: TrainingPlan, timing: Timing) -> float:
    """Return the mean work of a block of the coarser volumes of a network of several stages."""
    stages = plan.network.stages
    if len(stages) == 1:
        return 0.0
    return sum(_block_work(plan, timing, stages[:n]) for n in range(1, len(stages))) / (len(stages) - 1)


def _block_work(plan: TrainingPlan, timing: Timing, stages: tuple[StageConfig, ...]) -> float:
    """Return the work of a block of the volumes of the first stages of a network."""
    side = block_side(plan.network.dimension, plan.device)
    part, whole = (_forward_arithmetic(each, side, plan.network.dimension) for each in (stages, plan.network.stages))
    return timing.block * part / whole


def expected_blocks(plan: TrainingPlan, most: int | None = None) -> float:
    """Return the number of blocks to calibrate each threshold: the middle of the least and the most.

    It depends on their scatter, and is not known in advance.
    """
    limit = plan.n_calibration_blocks if most is None else most
    return (min(LEAST_BLOCKS, limit) + limit) / 2


def count_arithmetic(plan: TrainingPlan) -> Timing:
    """Estimate the work of each part of a training in units of arithmetic, without measuring."""
    dimension = plan.network.dimension
    steps = []
    banks = []
    for index, (stage, schedule) in enumerate(zip(plan.network.stages, plan.schedules, strict=True)):
        windows = [Window.of_shape(window.shape).grown(stage.margin) for window in schedule.windows]
        critic = _CRITIC_PASSES * critic_arithmetic(shown_pixels(schedule)) / 3**dimension
        steps.append(schedule.n_volumes * sum(_arithmetic(stage, prod(window.shape)) for window in windows) + critic)
        coarser = plan.network.stages[:index]
        side = schedule.bank_extent * max(windows[0].coarser().shape)
        banks.append(schedule.n_volumes * _forward_arithmetic(coarser, side, dimension) if coarser else 0.0)
    side = block_side(dimension, plan.device)
    return Timing(tuple(steps), tuple(banks), _forward_arithmetic(plan.network.stages, side, dimension))


def shown_pixels(schedule: StageSchedule) -> int:
    """Return the number of pixels of the generated sections that the critic is shown in a step; 0 without a critic."""
    return schedule.n_shown_pixels(schedule.critic_sections) if schedule.critic_weight > 0 else 0


def _forward_arithmetic(stages: tuple[StageConfig, ...], side: float, dimension: int) -> float:
    """Return the arithmetic of a forward pass through a cascade for a volume of side `side` at its last stage."""
    finest = stages[-1].scale
    return sum(
        _FORWARD_SHARE * _arithmetic(stage, (side * finest / stage.scale + 2 * stage.margin) ** dimension)
        for stage in stages
    )


def _arithmetic(stage: StageConfig, n_voxels: float) -> float:
    return n_voxels * stage.n_blocks * stage.n_channels * (stage.n_channels + 16)
