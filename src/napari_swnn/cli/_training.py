"""Training on the command line, which an interrupt ends early."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_swnn._progress import format_time_left
from napari_swnn.cli._progress import run_with_progress

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.plan import TrainingPlan
    from napari_swnn.core.training.run import TrainingStep


def train_plan(plan: TrainingPlan) -> Model:
    """Train a model as planned and print progress; the first interrupt ends training early and keeps the model."""
    from napari_swnn.core.training.run import iter_training

    received: list[int] = []

    def on_signal(number: int, _frame: Any) -> None:
        """Finish the model early on Ctrl-C or SIGTERM; abort on a second Ctrl-C."""
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not received:
            with suppress(RuntimeError):  # raised if the signal interrupted another print
                print("\nstopping: finishing the model; press Ctrl-C again to abort", flush=True)
        received.append(number)

    handlers = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return run_with_progress(iter_training(plan, should_stop=lambda: bool(received)), _describe_training)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _describe_training(step: TrainingStep) -> str:
    return (
        f"{step.activity}  step {step.iteration}/{step.n_iterations}  scale 1/{step.scale}  "
        f"distance {step.loss:.4f}  {format_time_left(step.time_left)}"
    )
