"""Messages of the runs of a session, with the time of each."""

import time
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from napari_swnn._sentences import as_sentence
from napari_swnn.widgets.kit.controls import Problem
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file
from napari_swnn.widgets.reconstruction.training import Training

if TYPE_CHECKING:
    from napari_swnn.widgets.reconstruction.request import ModelEntry
    from napari_swnn.widgets.reconstruction.session import ReconstructionSession

_MOST_LINES = 10_000
_HEIGHT = 150


class RunLog(QWidget):
    """Text with the messages of the runs of a session, oldest first, and a button that saves it.

    Parameters
    ----------
    session : ReconstructionSession
        Session whose runs are followed.

    Attributes
    ----------
    text : QPlainTextEdit
        Messages, one in each line.
    """

    def __init__(self, session: "ReconstructionSession", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._stage: tuple[str, int] | None = None
        self.text = QPlainTextEdit()
        self.save_button = QPushButton("Save log…")
        self.problem = Problem()
        self._lay_out()
        self.save_button.clicked.connect(self.save)
        session.begun.connect(self._on_begun)
        session.stepped.connect(self._on_step)
        session.trained.connect(self._on_trained)
        session.ended.connect(self._on_ended)

    def _lay_out(self) -> None:
        self.text.setReadOnly(True)
        self.text.setFixedHeight(_HEIGHT)
        self.text.setMaximumBlockCount(_MOST_LINES)
        self.text.setPlaceholderText("Messages of the runs appear here.")
        self.save_button.setToolTip("Save the messages as a text file.")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        layout.addWidget(self.problem)

    def add(self, message: str) -> None:
        """Add a message with the time."""
        if message:
            self.text.appendPlainText(f"{time.strftime('%H:%M:%S')}  {message}")

    def save(self) -> None:
        """Prompt for a file, and write the messages to it."""
        path = ask_file(self, "Save the log", "SWNN log", {"Text": "txt"})
        if path is None:
            return
        self.problem.show_text("")
        try:
            path.write_text(f"{self.text.toPlainText()}\n", encoding="utf-8")
        except OSError as error:
            self.problem.show_text(describe_error(error))

    def _on_begun(self) -> None:
        self._stage = None
        self.add(self._session.status)

    def _on_step(self, step: Any) -> None:
        work = self._session.work
        if not isinstance(work, Training):
            return
        stage = (step.activity, step.scale)
        if stage != self._stage:
            if self._stage is None:
                self.add(f"Reference “{work.source}”, preset {work.request.preset}, {step.n_iterations} steps.")
            self._stage = stage
            text = f"Step {step.iteration}, distance to reference {step.loss:.3g}: {work.describe_step(step)}"
            self.add(as_sentence(text))
        if step.note:
            self.add(as_sentence(step.note))

    def _on_trained(self, entry: "ModelEntry") -> None:
        self.add(f"Model “{entry.title}”. {entry.location}")

    def _on_ended(self) -> None:
        self.add(self._session.status)
        self.add(self._session.failure)
        self.add(self._session.trace)
