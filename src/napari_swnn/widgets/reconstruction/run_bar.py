"""Buttons, estimated cost, progress and loss curve of a run."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_swnn._sentences import as_sentence
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.progress import ProgressPanel
from napari_swnn.widgets.reconstruction.kept_training import KeptTraining, may_lose_time
from napari_swnn.widgets.reconstruction.loss_curve import LossCurve, LossHistory
from napari_swnn.widgets.reconstruction.preflight import describe_cost, memory_warning
from napari_swnn.widgets.reconstruction.section_cost import describe_fit, describe_section_cost
from napari_swnn.widgets.reconstruction.training import Training, is_finishing

if TYPE_CHECKING:
    from napari_swnn.core.training.run import TrainingStep
    from napari_swnn.widgets.reconstruction.session import ReconstructionSession


class RunBar(QWidget):
    """Panel with the Run, Stop and Resume buttons, the estimated cost and the progress.

    Parameters
    ----------
    session : ReconstructionSession
        Session to show.
    """

    run = Signal()
    resume = Signal()
    """Emitted to continue an unfinished training of the same reference with the same settings."""
    grown = Signal()
    """Emitted when the curve has appeared."""

    def __init__(self, session: "ReconstructionSession", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._training: Training | None = None
        self._before = LossHistory()
        self.run_button = QPushButton("Run")
        self.stop_button = QPushButton("Stop")
        self.resume_button = QPushButton("Resume")
        self.discard_button = QPushButton("Discard")
        self.kept = KeptTraining()
        self.kept.discarded.connect(session.elsewhere.find)
        self.cost = Note()
        self.memory = Problem()
        self.hint = Note()
        self.progress = ProgressPanel()
        self.curve = LossCurve()
        self.curve.hide()
        self._lay_out()
        self.run_button.clicked.connect(self.run)
        self.resume_button.clicked.connect(self.resume)
        self.stop_button.clicked.connect(session.stop)
        self.discard_button.clicked.connect(self.discard)
        session.elsewhere.find()
        session.begun.connect(self._on_begun)
        session.stepped.connect(self._on_step)
        session.ended.connect(self._on_ended)

    def _lay_out(self) -> None:
        self.run_button.setToolTip("Train on the reference, then generate volumes of the chosen size.")
        self.stop_button.setToolTip(
            "During training: stop early and finalise the model. During generation: cancel, and keep the model."
        )
        self.resume_button.setToolTip(
            "Continue the unfinished training of this reference with these settings from its last state, which is "
            "saved every half minute. Start again restarts it, and replaces that state."
        )
        self.discard_button.setToolTip(
            "End the training, and keep nothing of it: no model, and no state from which it could be resumed. If it "
            "was resumed, its last state is kept."
        )
        self.resume_button.hide()
        self.discard_button.hide()
        buttons = QHBoxLayout()
        for button in (self.run_button, self.stop_button, self.resume_button, self.discard_button):
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        for widget in (self.kept, self.cost, self.memory, self.hint, self.progress, self.curve):
            layout.addWidget(widget)

    def show_session(self, *, is_loading: bool) -> None:
        """Show the state of the session; Run is disabled while a model file is being read."""
        session, checks = self._session, self._session.checks
        self.run_button.setEnabled(session.can_run and not is_loading)
        self.run_button.setText("Running…" if session.is_busy else "Start again" if session.can_resume else "Run")
        if session.is_busy or session.elsewhere.newest is None:
            self.kept.show_training(session.unfinished, is_set=session.can_resume)
        else:
            self.kept.show_elsewhere(session.elsewhere.newest)
        self.stop_button.setEnabled(session.can_stop)
        self.discard_button.setVisible(session.can_discard)
        self.resume_button.setVisible(session.can_resume)
        self.resume_button.setEnabled(session.can_run and not is_loading)
        self.hint.show_text(session.why_not_run)
        cost = None if session.is_busy else checks.cost
        self.cost.show_text("" if session.is_busy else _describe_costs(session))
        self.memory.show_text(memory_warning(cost) if cost else "")
        if session.is_busy and session.status != self.progress.status.text():
            self.progress.wait(session.status)

    def discard(self) -> None:
        """End the training without a model, after a question if that loses a long time of it."""
        training = self._session.work
        if not isinstance(training, Training) or training.plan is None:
            return
        what = f"The training (step {len(self.curve)} of {training.plan.n_steps})"
        if may_lose_time(self, training.seconds_at_stake, what, "Discard the training?", "Discard it"):
            self._session.discard()  # nothing happens if it has ended during the question

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

    def forget(self) -> None:
        """Clear the outcome of the last run, as its reference is gone."""
        self._drop_curve()
        self.progress.end("")

    def show_sentence(self, sentence: str | None) -> None:
        """Show the sentence on the present result in the place of that on another one; None leaves what is there."""
        if sentence is not None:
            self.progress.status.show_text(sentence)

    def _on_begun(self) -> None:
        work = self._session.work
        self._training = work if isinstance(work, Training) else None
        if self._training is not None:
            self._before = self.curve.history
            self._drop_curve()
        self.progress.begin(self._session.status)

    def _drop_curve(self) -> None:
        self.curve.clear()
        self.curve.hide()

    def _on_step(self, step: Any) -> None:
        work = self._session.work
        if isinstance(work, Training):
            if len(self.curve) == 0:
                self.curve.aim_at(work.keeping.piece_distances)
                for i, (loss, scale) in enumerate(work.steps_before):
                    self.curve.add(i + 1, loss, scale)
                self.curve.show()
                self.grown.emit()
            self.add_step(step)
            done, total = step.iteration, step.n_iterations
            if is_finishing(step):
                done, total = round(100 * step.fraction), 100
        else:
            done, total = step.block, step.n_blocks
        if self._session.can_stop or (isinstance(work, Training) and work.is_stopped and is_finishing(step)):
            self.progress.status.show_text(describe_fit(step) or self._session.status)
            self.progress.advance(done, total, step.time_left)
        self.curve.refresh_soon()

    def _on_ended(self) -> None:
        training = self._training
        if training is not None and (training.is_discarded or len(self.curve) == 0):  # no model has this curve
            self.curve.show_history(self._before)
            self.curve.setVisible(len(self.curve) > 0)
        self.curve.refresh()
        self.progress.end(self._session.status, self._session.failure)


def _describe_costs(session: "ReconstructionSession") -> str:
    """Return the estimates of a run and of a section to fit, one in each line."""
    checks = session.checks
    pending = checks.cost_problem or ("Estimating the time…" if session.can_run else "")
    lines = [pending if checks.cost is None else describe_cost(checks.cost)]
    if checks.prepared is not None and checks.prepared.fits_section:
        lines.append(describe_section_cost(checks.section_cost))
    return "\n".join(filter(None, lines))
