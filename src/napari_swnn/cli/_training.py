"""A training that can be stopped."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_swnn.cli._progress import as_time, followed

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.plan import TrainingPlan
    from napari_swnn.core.training.run import TrainingStep


def trained(plan: TrainingPlan) -> Model:
    """Carry out a plan, saying how far it is."""
    from napari_swnn.core.training.run import iter_plan

    asked: list[int] = []

    def on_signal(number: int, _frame: Any) -> None:
        """Ctrl-C, or the end of a job's time, finishes the model with what was learned; Ctrl-C after it gives up."""
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not asked:
            with suppress(RuntimeError):  # a print that the signal cut into allows no other
                print("\nstopping: finishing the model; press Ctrl-C again to give it up", flush=True)
        asked.append(number)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return followed(iter_plan(plan, should_stop=lambda: bool(asked)), _describe_training)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _describe_training(step: TrainingStep) -> str:
    return (
        f"{step.activity}  step {step.iteration}/{step.n_iterations}  scale 1/{step.scale}  "
        f"distance {step.loss:.4f}  {as_time(step.time_left)} left"
    )
