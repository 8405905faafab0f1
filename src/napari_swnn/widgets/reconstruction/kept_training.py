"""Line on an unfinished training of the reference that is kept, with buttons to resume or discard it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_swnn.core.training.config import preset_name
from napari_swnn.core.training.obstacle import Circumstance
from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.questions import ask_to_lose

if TYPE_CHECKING:
    from napari_swnn.core.training.unfinished import UnfinishedTraining

_LONG = 60.0
"""Time of training, in seconds, that is not lost without a question."""
_REMEDIES = {
    Circumstance.PHASE: "Choose {} as the phase of interest to resume it.",
    Circumstance.VERSION: "Only {} can resume it.",
    Circumstance.DEVICE: "It can be resumed on the device {} only, which is not available.",
    Circumstance.THREADS: "It can be resumed on {} only.",
}
"""Sentence on the next step, by what keeps the training from going on."""


class KeptTraining(QWidget):
    """Line on the newest unfinished training of the reference, or else of another one; hidden if there is none."""

    resume = Signal(object)
    """Emitted with the training to resume with its settings."""
    discarded = Signal()
    appeared = Signal()
    """Emitted when another training is shown than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training: UnfinishedTraining | None = None
        self._newest: Path | None = None
        self.note = Note()
        self.resume_button = QPushButton("Resume it")
        self.discard_button = QPushButton("Discard it")
        self.resume_button.setToolTip("Set the settings of this training, and continue it from its last state.")
        self.discard_button.setToolTip("Remove the last state of this training, which then cannot be resumed.")
        self.resume_button.clicked.connect(self._on_resume)
        self.discard_button.clicked.connect(self.discard)
        buttons = QHBoxLayout()
        buttons.addWidget(self.resume_button, 1)
        buttons.addWidget(self.discard_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.note)
        layout.addLayout(buttons)
        self.hide()

    def show_training(self, training: "UnfinishedTraining | None", *, is_set: bool) -> None:
        """Show an unfinished training, or none.

        Parameters
        ----------
        training : UnfinishedTraining or None
            Training to show.
        is_set : bool
            True if the settings are those of the training, so that Resume beside Run continues it.
        """
        self._show(training)
        if training is None:
            return
        self.note.show_text(describe_training(training))
        can_set = training.aim is not None and not training.obstacle
        self.resume_button.setVisible(can_set and not is_set)
        if training.path != self._newest:
            self._newest = training.path
            self.appeared.emit()

    def show_elsewhere(self, training: "UnfinishedTraining") -> None:
        """Show an unfinished training of a reference that is not the chosen one."""
        self._show(training)
        self.resume_button.hide()
        self.note.show_text(describe_elsewhere(training))

    def _show(self, training: "UnfinishedTraining | None") -> None:
        self.training = training
        self.setVisible(training is not None)

    def discard(self) -> None:
        """Remove the training, after a question if it took long."""
        training = self.training
        if training is not None and may_lose(self, training, "Discard the training?", "Discard it"):
            training.remove()
            self.discarded.emit()

    def _on_resume(self) -> None:
        if self.training is not None:
            self.resume.emit(self.training)


def may_lose(parent: QWidget, training: "UnfinishedTraining", title: str, action: str) -> bool:
    """Return True if the state of a training may be lost; one that took long is not lost without a question."""
    return may_lose_time(parent, training.seconds, f"The kept training ({_describe_steps(training)})", title, action)


def may_lose_time(parent: QWidget, seconds: float, what: str, title: str, action: str) -> bool:
    """Return True if a training that has taken `seconds` may be lost; after a long time, this is asked."""
    return seconds < _LONG or ask_to_lose(parent, title, f"{what} will be lost.", action)


def describe_training(training: "UnfinishedTraining") -> str:
    """Return a sentence on an unfinished training, with what to do if it cannot be resumed as it is."""
    kept = f"An unfinished training of this reference is kept ({_describe_state(training)})."
    if training.obstacle:
        return f"{kept} {_REMEDIES[training.obstacle.circumstance].format(training.obstacle.needed)}"
    if training.aim is None:
        return f"{kept} It has ranges of several fractions, and is resumed in Python."
    return kept


def describe_elsewhere(training: "UnfinishedTraining") -> str:
    """Return a sentence on an unfinished training of a reference that is not chosen, with how to return to it."""
    name = f"“{training.name}”" if training.name else "another reference"
    kept = f"An unfinished training of {name} is kept ({_describe_state(training)})"
    return f"{kept}; open and choose this reference to resume it."


def describe_time(then: datetime, now: datetime) -> str:
    """Return a time as text, such as ``"today 06:42"``."""
    days = {now.date(): "today", now.date() - timedelta(days=1): "yesterday"}
    return f"{days.get(then.date(), then.date().isoformat())} {then:%H:%M}"


def _describe_state(training: "UnfinishedTraining") -> str:
    return f"{_describe_steps(training)}, {describe_time(datetime.fromtimestamp(training.saved), datetime.now())}"


def _describe_steps(training: "UnfinishedTraining") -> str:
    name = preset_name(training.config)
    settings = "changed settings" if name == "custom" else name
    return f"{settings}, step {training.n_done} of {training.n_steps}"
