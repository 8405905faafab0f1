"""Training on the command line, which no signal, closed pipe or full disk loses."""

from __future__ import annotations

import signal
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn._progress import format_time_left
from napari_swnn.cli._progress import run_with_progress
from napari_swnn.cli._signals import handled

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.checkpoint import Checkpoint
    from napari_swnn.core.training.plan import TrainingPlan
    from napari_swnn.core.training.run import TrainingStep


def train_plan(plan: TrainingPlan, checkpoint: Checkpoint | None = None) -> Model:
    """Train a model as planned and print progress; the first signal ends training early and keeps the model."""
    from napari_swnn.core.training.run import iter_training

    received: list[int] = []

    def on_signal(number: int, _frame: Any) -> None:
        """Finish the model early on Ctrl-C, SIGTERM or SIGHUP; abort on a second Ctrl-C."""
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not received:
            with suppress(RuntimeError):  # raised if the signal interrupted another print
                print("\nstopping: finishing the model; press Ctrl-C again to abort", flush=True)
        received.append(number)

    with handled(on_signal):
        steps = iter_training(plan, should_stop=lambda: bool(received), checkpoint=checkpoint)
        return run_with_progress(steps, _describe_training)


def open_checkpoint(plan: TrainingPlan, *, resume: bool) -> Checkpoint | None:
    """Return the checkpoint of a plan, and report whether there is a training to resume; None if none can be kept."""
    from napari_swnn.core.training.checkpoint import Checkpoint

    try:
        checkpoint = Checkpoint.of(plan, resume=resume)
    except OSError as error:
        print(f"Note: no checkpoints can be kept ({error}).")
        return None
    if checkpoint.exists and resume:
        print("Resuming the unfinished training of this image with these settings.")
    elif checkpoint.exists:
        print("Note: an unfinished training with these settings is replaced; --resume would have continued it.")
    elif resume:
        print("Note: there is no unfinished training of this image with these settings; starting a new one.")
    return checkpoint


def save_or_keep(model: Model, path: Path, *, overwrite: bool) -> None:
    """Write a model; if that fails, keep it elsewhere.

    Raises
    ------
    OSError
        If the file cannot be written, or another program has created it; the message names the place of the model.
    """
    try:
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path} was created by another program during the training")
        model.save(path)
    except OSError as error:
        raise OSError(f"{error}; the model is kept as {_keep(model, path.stem)}") from error


def _keep(model: Model, name: str) -> Path:
    """Write a model to the data folder of the user, or to the folder for temporary files."""
    import tempfile

    from napari_swnn._user_data import data_folder

    file = f"{name}-{datetime.now():%Y%m%d-%H%M%S}.swnn"
    try:
        path = data_folder("models") / file
        model.save(path)
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="napari-swnn-")) / file
        model.save(path)
    return path


def _describe_training(step: TrainingStep) -> str:
    return (
        f"{step.activity}  step {step.iteration}/{step.n_iterations}  scale 1/{step.scale}  "
        f"distance {step.loss:.4f}  {format_time_left(step.time_left)}"
    )
