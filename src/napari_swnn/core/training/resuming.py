"""State of a whole training: the finished stages, the stage in training and the losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from napari_swnn.core.model.weights import folded_stage
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.training.checkpoint import Checkpoint
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import StageTrainer


class Saves:
    """Checkpoints of a training as it goes on; without a checkpoint, it saves nothing.

    Parameters
    ----------
    checkpoint : Checkpoint, optional
        File for the states.
    finished : sequence of Stage
        Finished stages, to which the training appends.
    losses : sequence of float
        Losses of all steps, to which the training appends.
    source : Randomness
        Source of all random numbers.
    """

    def __init__(
        self, checkpoint: Checkpoint | None, finished: Sequence[Stage], losses: Sequence[float], source: Randomness
    ) -> None:
        self._checkpoint = checkpoint
        self._finished = finished
        self._losses = losses
        self._source = source

    def save(self, trainer: StageTrainer | None = None, *, when_due: bool = False) -> None:
        """Save the state after a step of a trainer, or between two stages."""
        if self._checkpoint is None or (when_due and not self._checkpoint.is_due):
            return
        state = {
            "finished": [dict(stage.state_dict()) for stage in self._finished],
            "losses": list(self._losses),
            "source": self._source.state_dict(),
            "trainer": None if trainer is None else trainer.state_dict(),
        }
        with suppress(OSError):  # a training goes on without its checkpoint
            self._checkpoint.save(state)


def restore_stages(plan: TrainingPlan, states: Sequence[Mapping[str, Any]]) -> list[Stage]:
    """Return the finished stages of a state."""
    return [folded_stage(plan.network, i, state).to(plan.device) for i, state in enumerate(states)]


def steps_before(plan: TrainingPlan, state: Mapping[str, Any]) -> list[int]:
    """Return the number of steps of each stage that a state has begun."""
    steps = [schedule.n_steps for schedule in plan.schedules[: len(state["finished"])]]
    return steps if state["trainer"] is None else [*steps, int(state["trainer"]["n_done"])]
