"""Progress of a training, with an estimate of the time left from the arithmetic that remains."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from napari_swnn._progress import Progress, WorkClock
from napari_swnn._types import Labels
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.evaluation import BLOCK_SIDE
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.stage import StageStep


@dataclass(frozen=True, eq=False, slots=True)
class TrainingStep(Progress):
    """Result of one step of a training.

    Attributes
    ----------
    iteration, n_iterations : int
        Number of completed steps of all stages together, and of planned steps.
    scale : int
        Scale of the stage in training: the edge length of its voxels in voxels of the result.
    loss : float
        Sliced Wasserstein distance of the step's sections to the target.
    porosity : float
        Fraction of the phase of interest in the step's volume, in [0, 1].
    preview : numpy.ndarray
        Labels of the step's volume, at the stage's scale.
    fraction, elapsed, time_left, activity, note
        As for every record of progress. The activity is ``"training"``, or ``"finding the threshold"`` after the last
        step; a note reports, for example, that the loss diverged.
    """

    iteration: int
    n_iterations: int
    scale: int
    loss: float
    porosity: float
    preview: Labels


class TrainingClock:
    """Counter of the steps of all stages, which estimates the time left.

    Parameters
    ----------
    plan : TrainingPlan
        The training.

    Attributes
    ----------
    stopped : bool
        True once the user wants to stop; set from outside.
    """

    def __init__(self, plan: TrainingPlan) -> None:
        self.stopped = False
        self._plan = plan
        self._iteration = 0
        self._n_iterations = sum(plan.n_steps(stage) for stage in plan.stages)
        planned = sum(plan.n_steps(stage) * _step_arithmetic(plan, stage) for stage in plan.stages)
        planned += len(plan.porosity_nodes) * plan.n_calibration_blocks * _block_arithmetic(plan)
        self._clock = WorkClock(planned, warm_up=True)
        self._last: TrainingStep

    def step(self, stage: StageConfig, step: StageStep, preview: Labels) -> TrainingStep:
        """Count a training step."""
        self._iteration += 1
        self._clock.advance(_step_arithmetic(self._plan, stage))
        self._last = TrainingStep(
            iteration=self._iteration,
            n_iterations=self._n_iterations,
            scale=stage.scale,
            loss=step.loss,
            porosity=float((preview == self._plan.reference.phase).mean()),
            preview=preview,
            fraction=self._clock.fraction,
            elapsed=self._clock.elapsed,
            time_left=self._clock.time_left,
            activity="training",
            note=step.note,
        )
        return self._last

    def expect_blocks(self, n_blocks: int) -> None:
        """Set the number of blocks that the calibration has left."""
        self._clock.total = self._clock.done + n_blocks * _block_arithmetic(self._plan)

    def calibration_step(self) -> TrainingStep:
        """Count a block of the calibration."""
        self._clock.advance(_block_arithmetic(self._plan))
        return replace(
            self._last,
            fraction=self._clock.fraction,
            elapsed=self._clock.elapsed,
            time_left=self._clock.time_left,
            activity="finding the threshold",
            note="",
        )


def _step_arithmetic(plan: TrainingPlan, stage: StageConfig) -> float:
    """Return the arithmetic of one step, in arbitrary units."""
    windows = [window.grown(stage.margin) for window, _ in plan.samples(stage)]
    return plan.n_volumes * sum(_arithmetic(stage, float(np.prod(window.shape))) for window in windows)


def _block_arithmetic(plan: TrainingPlan) -> float:
    """Return the arithmetic of one block of the calibration in the same units: all stages, forward only."""
    dimension = plan.choice.network.dimension
    sides = {stage: BLOCK_SIDE[dimension] / stage.scale + 2 * stage.margin for stage in plan.stages}
    return sum(_arithmetic(stage, side**dimension) / 3 for stage, side in sides.items())


def _arithmetic(stage: StageConfig, n_voxels: float) -> float:
    return n_voxels * stage.n_blocks * stage.n_channels * (stage.n_channels + 16)
