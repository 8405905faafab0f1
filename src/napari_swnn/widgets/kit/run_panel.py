"""Base class of panels with a form, the progress of a run, and results."""

from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_swnn._progress import Progress
from napari_swnn.widgets.kit.controls import Form, Note, make_line
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.run_progress import WorkProgress
from napari_swnn.widgets.kit.session import NotReady, RunSession

if TYPE_CHECKING:
    from napari.viewer import Viewer


class RunPanel(DockPanel):
    """Panel that shows a `RunSession` and forwards user actions to it.

    A subclass defines the texts of its buttons, creates a session, calls `set_session`, and prepares requests.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that contains the panel.

    Attributes
    ----------
    cost : Note
        Estimated cost of a run, which a subclass can show.
    """

    run_label: ClassVar[str]
    running_label: ClassVar[str]
    run_tip: ClassVar[str]
    stop_tip: ClassVar[str]

    def __init__(self, viewer: "Viewer", parent: QWidget | None = None) -> None:
        super().__init__(viewer, parent)
        self.cost = Note()
        self.hint = Note()
        self.progress = WorkProgress()
        self.run_button = QPushButton(self.run_label)
        self.stop_button = QPushButton("Stop")
        self.run_button.setToolTip(self.run_tip)
        self.stop_button.setToolTip(self.stop_tip)

    # -- for a subclass

    @property
    def form(self) -> Form:
        """Form that shows the problems of a request next to its controls."""
        raise NotImplementedError

    def prepare(self) -> Any:
        """Return the request for a run, or a `NotReady` if no run can start yet.

        Raises
        ------
        BadInputError
            If the input is invalid.
        """
        return NotReady("")

    def describe_run(self) -> str:
        """Return the status text to show when a run starts."""
        return self.running_label

    def set_session(self, session: "RunSession[Any, Any]") -> None:
        """Connect the panel to a session."""
        self.session = session
        session.changed.connect(self.show_session)
        session.started.connect(self._on_started)
        session.stepped.connect(self.show_step)
        session.ended.connect(self._on_ended)
        self.run_button.clicked.connect(self.run)
        self.stop_button.clicked.connect(self.stop)

    def lay_out_run(self, settings: QWidget, results: QWidget, *more_buttons: QWidget) -> None:
        """Lay out settings, buttons, progress and results from top to bottom."""
        buttons = QHBoxLayout()
        for button in (self.run_button, self.stop_button, *more_buttons):
            buttons.addWidget(button, 1)
        self.lay_out(settings, buttons, self.cost, self.hint, self.progress, make_line(), results)

    # -- the session

    def refresh(self) -> None:
        """Prepare the request again and show the result."""
        self.session.update(self.prepare)

    def run(self) -> None:
        """Start a run of the current request."""
        self.session.run()

    def stop(self) -> None:
        """Cancel the run."""
        self.session.stop()

    def show_session(self) -> None:
        """Show the state of the session."""
        session = self.session
        problem = session.problem
        self.form.show_problems({} if problem is None else {problem.control: str(problem)})
        self.hint.show_text("" if session.is_busy else session.hint)
        self.run_button.setEnabled(session.can_run)
        self.run_button.setText(self.running_label if session.is_busy else self.run_label)
        self.stop_button.setEnabled(session.can_stop)
        if session.is_stopping:
            self.progress.wait("Stopping…")

    def show_step(self, step: Progress) -> None:
        """Show the progress of the run."""
        self.progress.reach(step.fraction, step.activity)

    def _on_started(self) -> None:
        self.watch_window()
        self.progress.begin(self.describe_run())

    def _on_ended(self) -> None:
        self.progress.end(self.session.report.status, self.session.report.failure)
