"""Training progress and estimated time left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_swnn._progress import Progress, WorkClock
from napari_swnn._types import Labels
from napari_swnn.core.numerics.machine_load import present_load
from napari_swnn.core.training.calibration import LEAST_BLOCKS
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.schedule import N_NORM_BATCHES
from napari_swnn.core.training.timings import cache_file, stored_timing
from napari_swnn.core.training.trainer import StageStep
from napari_swnn.core.training.work import (
    calibration_work,
    coarse_block_work,
    count_arithmetic,
    expected_blocks,
    n_coarse_blocks,
    norm_work,
    stage_work,
    training_work,
    work_of_steps,
)


@dataclass(frozen=True, eq=False, slots=True)
class TrainingStep(Progress):
    """Training progress after one step.

    The activity is ``"training"``, or ``"finding the threshold"`` after the last step.

    Attributes
    ----------
    iteration, n_iterations : int
        Completed and planned training steps, summed over all stages.
    scale : int
        Scale of the stage in training: the side of its voxels in voxels of the finest stage.
    loss : float
        Sliced Wasserstein distance between the sections generated in this step and the target.
    porosity : float
        Porosity of the volume generated in this step, in [0, 1].
    preview : numpy.ndarray
        Labels of this volume, at the scale of the stage.
    """

    iteration: int
    n_iterations: int
    scale: int
    loss: float
    porosity: float
    preview: Labels


_MEMORY = 0.1
"""Share of a training after which a measurement of its pace counts by half."""


class TrainingClock:
    """Counter of training steps that estimates the time left from the remaining work.

    The work is weighted by the stored times of the parts of the training, or by their arithmetic if none are stored.

    Parameters
    ----------
    plan : TrainingPlan
        Training plan.

    Attributes
    ----------
    stopped : bool
        True once the user has stopped the training; set by the caller.
    """

    def __init__(self, plan: TrainingPlan) -> None:
        self.stopped = False
        self._plan = plan
        timing = stored_timing(plan, cache_file())
        self._work = timing or count_arithmetic(plan)
        # Stored times are those on a free machine.
        self._pace = None if timing is None else present_load(plan.device)
        self._clock = self._start(0.0)
        self._iteration = 0
        # Thresholds to calibrate, and blocks of the present one: coarser ones that are left, and those computed.
        self._n_left, self._n_coarse, self._n_blocks = len(plan.nodes), 0, 0
        self._norms = 0.0
        self._last: TrainingStep

    def _start(self, done: float) -> WorkClock:
        """Return a clock for the work that is left, whose first step includes loading and compilation."""
        total = training_work(self._plan, self._work, expected_blocks(self._plan))
        return WorkClock(total, done, warm_up=True, pace=self._pace, memory=_MEMORY)

    def skip(self, n_steps: Sequence[int], loss: float) -> None:
        """Count the steps of an earlier run, for each stage that it began."""
        self._iteration = sum(n_steps)
        self._clock = self._start(work_of_steps(self._plan, self._work, self._iteration))
        nothing = np.full((1,) * self._plan.network.dimension, self._plan.reference.phase)
        self._last = self._step(len(n_steps) - 1, loss, "", nothing)

    def count_step(self, index: int, step: StageStep, preview: Labels) -> TrainingStep:
        """Count a training step of a stage."""
        schedule = self._plan.schedules[index]
        self._iteration += 1
        self._clock.advance(stage_work(self._plan, self._work, index) / schedule.n_steps)
        self._last = self._step(index, step.loss, step.note, preview)
        return self._last

    def _step(self, index: int, loss: float, note: str, preview: Labels) -> TrainingStep:
        return TrainingStep(
            fraction=self._clock.fraction,
            elapsed=self._clock.elapsed,
            time_left=self._clock.time_left,
            activity="training",
            note=note,
            iteration=self._iteration,
            n_iterations=self._plan.n_steps,
            scale=self._plan.schedules[index].scale,
            loss=loss,
            porosity=float((preview == self._plan.reference.phase).mean()),
            preview=preview,
        )

    def wait(self) -> TrainingStep:
        """Return a step of the work after the last training step that is not counted."""
        return self._after_training()

    def expect_end(self, index: int) -> None:
        """Set the remaining work of a training that was stopped: the norms from a stage on, and the thresholds."""
        left = sum(norm_work(self._plan, self._work, i) for i in range(index, len(self._plan.schedules)))
        least = min(LEAST_BLOCKS, self._plan.n_calibration_blocks)
        left += len(self._plan.nodes) * calibration_work(self._plan, self._work, least)
        self._clock.total = self._clock.done + left
        self._norms = norm_work(self._plan, self._work, index)

    def count_norms(self) -> TrainingStep:
        """Count a batch for the norms of the stage of `expect_end`."""
        self._clock.advance(self._norms / N_NORM_BATCHES)
        return self._after_training()

    def begin_threshold(self, n_left: int, most: int) -> None:
        """Begin one of `n_left` thresholds, each with `most` calibration blocks at most."""
        self._n_left = n_left
        self._n_coarse = n_coarse_blocks(self._plan)
        self._n_blocks = 0
        self.expect_blocks(most)

    def expect_blocks(self, most: int) -> None:
        """Set the largest number of calibration blocks of each threshold."""
        least = max(min(LEAST_BLOCKS, most), self._n_blocks)
        n_blocks = max(0.0, (least + most) / 2 - self._n_blocks)
        further = calibration_work(self._plan, self._work, expected_blocks(self._plan, most))
        own = n_blocks * self._work.block + self._n_coarse * coarse_block_work(self._plan, self._work)
        self._clock.total = self._clock.done + own + (self._n_left - 1) * further

    def count_coarse_block(self) -> TrainingStep:
        """Count a block of the coarser volume."""
        work = coarse_block_work(self._plan, self._work)
        if self._n_coarse == 0:  # their scatter requires more
            self._n_coarse = LEAST_BLOCKS
            self._clock.total += LEAST_BLOCKS * work
        self._n_coarse -= 1
        self._clock.advance(work)
        return self._after_training()

    def count_block(self) -> TrainingStep:
        """Count a calibration block."""
        self._n_blocks += 1
        self._clock.advance(self._work.block)
        return self._after_training()

    def _after_training(self) -> TrainingStep:
        return replace(
            self._last,
            fraction=self._clock.fraction,
            elapsed=self._clock.elapsed,
            time_left=self._clock.time_left,
            activity="finding the threshold",
            note="",
        )
