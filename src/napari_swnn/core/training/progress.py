"""What a training tells of its progress, and how long it will still take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from napari_swnn._types import Labels
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.evaluation import BLOCK_SIDE
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.stage import StageStep


@dataclass(frozen=True, eq=False, slots=True)
class TrainingStep:
    """What one step of a training did.

    Attributes
    ----------
    iteration, n_iterations : int
        Steps done, of all stages together, and steps planned.
    scale : int
        Scale of the stage in training: the side of its voxels in voxels of the result.
    loss : float
        Sliced Wasserstein distance of the step's sections to the target.
    porosity : float
        Fraction of the phase of interest in the step's volume, in [0, 1].
    preview : numpy.ndarray
        Labels of the step's volume, at the stage's scale.
    elapsed, time_left : float
        Seconds.
    activity : str
        What is being done: ``"training"``, or ``"finding the threshold"`` after the last iteration.
    note : str
        What the user should know, for example that the loss diverged and what was done; usually empty.
    """

    iteration: int
    n_iterations: int
    scale: int
    loss: float
    porosity: float
    preview: Labels
    elapsed: float
    time_left: float
    activity: str = "training"
    note: str = ""


class TrainingClock:
    """Counts steps over all stages and foretells the end from the arithmetic that is left.

    Parameters
    ----------
    plan : TrainingPlan
        What will be done.

    Attributes
    ----------
    stopped : bool
        Whether the user wants to stop; set from outside.
    """

    def __init__(self, plan: TrainingPlan) -> None:
        self.stopped = False
        self._plan, self._start, self._iteration = plan, perf_counter(), 0
        self._n_iterations = sum(plan.n_steps(stage) for stage in plan.stages)
        self._done = 0.0
        self._planned = sum(plan.n_steps(stage) * _step_arithmetic(plan, stage) for stage in plan.stages)
        self._planned += len(plan.porosity_nodes) * plan.n_calibration_blocks * _block_arithmetic(plan)
        self._warm: tuple[float, float] | None = None
        self._last: TrainingStep

    def step(self, stage: StageConfig, step: StageStep, preview: Labels) -> TrainingStep:
        """Count a training step."""
        self._iteration += 1
        self._done += _step_arithmetic(self._plan, stage)
        porosity = float((preview == self._plan.reference.phase).mean())
        self._last = TrainingStep(
            self._iteration,
            self._n_iterations,
            stage.scale,
            step.loss,
            porosity,
            preview,
            *self._times(),
            note=step.note,
        )
        return self._last

    def expect_blocks(self, n_blocks: int) -> None:
        """Only so many blocks of the calibration are left to do."""
        self._planned = self._done + n_blocks * _block_arithmetic(self._plan)

    def calibration_step(self) -> TrainingStep:
        """Count a block of the calibration."""
        self._done += _block_arithmetic(self._plan)
        elapsed, left = self._times()
        return replace(self._last, elapsed=elapsed, time_left=left, activity="finding the threshold", note="")

    def _times(self) -> tuple[float, float]:
        elapsed = perf_counter() - self._start
        if self._warm is None:  # the first step loads and compiles: it foretells nothing
            self._warm = (elapsed, self._done)
            return elapsed, elapsed * (self._planned / self._done - 1)
        pace = (elapsed - self._warm[0]) / (self._done - self._warm[1])
        return elapsed, max(0.0, pace * (self._planned - self._done))


def _step_arithmetic(plan: TrainingPlan, stage: StageConfig) -> float:
    """Arithmetic of one step, in units that mean nothing by themselves."""
    windows = [window.grown(stage.margin) for window, _ in plan.samples(stage)]
    return plan.n_volumes * sum(_arithmetic(stage, float(np.prod(window.shape))) for window in windows)


def _block_arithmetic(plan: TrainingPlan) -> float:
    """Arithmetic of one block of the calibration, in the same units: all stages, forward only."""
    dimension = plan.choice.network.dimension
    sides = {stage: BLOCK_SIDE[dimension] / stage.scale + 2 * stage.margin for stage in plan.stages}
    return sum(_arithmetic(stage, side**dimension) / 3 for stage, side in sides.items())


def _arithmetic(stage: StageConfig, n_voxels: float) -> float:
    return n_voxels * stage.n_blocks * stage.n_channels * (stage.n_channels + 16)
