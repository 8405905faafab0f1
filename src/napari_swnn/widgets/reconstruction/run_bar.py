"""Buttons, estimated cost, progress and loss curve of a run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_swnn._sentences import as_sentence
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.progress import ProgressPanel
from napari_swnn.widgets.reconstruction.loss_curve import LossCurve
from napari_swnn.widgets.reconstruction.preflight import describe_cost, memory_warning
from napari_swnn.widgets.reconstruction.work import Training

if TYPE_CHECKING:
    from napari_swnn.core.training.run import TrainingStep
    from napari_swnn.widgets.layers.view_3d import View
    from napari_swnn.widgets.reconstruction.session import ReconstructionSession


class RunBar(QWidget):
    """Panel with the Run, Stop and Show in 3-D buttons, the estimated cost and the progress.

    Parameters
    ----------
    session : ReconstructionSession
        Session to show.
    """

    run = Signal()
    view = Signal(object)
    """Emitted with the labels of the phases to show in 3-D; None for all."""

    def __init__(self, session: "ReconstructionSession", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._views: list[View] = []
        self.run_button = QPushButton("Run")
        self.stop_button = QPushButton("Stop")
        self.view_button = QPushButton("Show in 3-D")
        self.cost = Note()
        self.memory = Problem()
        self.hint = Note()
        self.progress = ProgressPanel()
        self.curve = LossCurve()
        self.curve.hide()
        self._lay_out()
        self.run_button.clicked.connect(self.run)
        self.stop_button.clicked.connect(self._on_stop)
        self.view_button.clicked.connect(self._on_view)
        session.begun.connect(self._on_begun)
        session.stepped.connect(self._on_step)
        session.ended.connect(self._on_ended)

    def _lay_out(self) -> None:
        self.run_button.setToolTip("Train on the reference, then generate volumes of the chosen size.")
        self.stop_button.setToolTip(
            "During training: stop early and finalise the model. During generation: cancel, and keep the model."
        )
        self.view_button.setToolTip(
            "Show the newest realisation in 3-D. Layers beside it are hidden until the viewer returns to 2-D."
        )
        buttons = QHBoxLayout()
        for button in (self.run_button, self.stop_button, self.view_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        for widget in (self.cost, self.memory, self.hint, self.progress, self.curve):
            layout.addWidget(widget)

    def offer_views(self, views: "Sequence[View]") -> None:
        """Offer the phases to show in 3-D in a menu of the button, if there is more than one choice."""
        if list(views) == self._views:
            return
        self._views = list(views)
        if len(views) < 2:
            self.view_button.setMenu(None)
            return
        menu = QMenu(self.view_button)
        for title, phases in views:
            action = menu.addAction(title)
            action.setData(phases)
        menu.triggered.connect(self._on_view_action)
        self.view_button.setMenu(menu)

    def _on_view(self) -> None:
        self.view.emit(None)

    def _on_view_action(self, action: Any) -> None:
        self.view.emit(action.data())

    def show_session(self, *, is_loading: bool, can_view: bool) -> None:
        """Show the state of the session.

        Parameters
        ----------
        is_loading : bool
            True while a model file is being read, which disables Run.
        can_view : bool
            If True, enable Show in 3-D.
        """
        session, checks = self._session, self._session.checks
        self.run_button.setEnabled(session.can_run and not is_loading)
        self.run_button.setText("Running…" if session.is_busy else "Run")
        self.stop_button.setEnabled(session.can_stop)
        self.view_button.setEnabled(can_view)
        self.hint.show_text(session.why_not_run)
        cost = None if session.is_busy else checks.cost
        pending = checks.cost_problem or ("Estimating the time…" if session.can_run else "")
        self.cost.show_text(describe_cost(cost) if cost else "" if session.is_busy else pending)
        self.memory.show_text(memory_warning(cost) if cost else "")
        if session.is_busy and session.status != self.progress.status.text():
            self.progress.wait(session.status)

    def add_step(self, step: "TrainingStep") -> None:
        """Add a training step to the curve; its note remains visible until the work ends."""
        if step.activity == "training":
            self.curve.add(step.iteration, step.loss, step.scale)
        if step.note:
            self.progress.remark.show_text(as_sentence(step.note))

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.memory, self.progress, self.curve):
            part.set_dark(dark)

    def _on_stop(self) -> None:
        self._session.stop()

    def _on_begun(self) -> None:
        if isinstance(self._session.work, Training):
            self.curve.clear()
            self.curve.show()
        self.progress.begin(self._session.status)

    def _on_step(self, step: Any) -> None:
        if isinstance(self._session.work, Training):
            self.add_step(step)
            done, total = step.iteration, step.n_iterations
        else:
            done, total = step.block, step.n_blocks
        if self._session.can_stop:
            self.progress.status.show_text(self._session.status)
            self.progress.advance(done, total, step.time_left)
        self.curve.refresh_soon()

    def _on_ended(self) -> None:
        self.curve.refresh()
        self.progress.end(self._session.status, self._session.failure)
