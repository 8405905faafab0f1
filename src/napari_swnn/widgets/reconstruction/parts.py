"""Parts of the reconstruction panel, and how they show the state of its session."""

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget

from napari_swnn.widgets.kit.controls import make_line
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.drawer import Drawer, enable_controls
from napari_swnn.widgets.kit.threads import Checker, TaskRunner
from napari_swnn.widgets.lazy.layers import get_tiles
from napari_swnn.widgets.reconstruction.destination import DestinationPanel
from napari_swnn.widgets.reconstruction.models import ModelPanel
from napari_swnn.widgets.reconstruction.outcome import Outcome
from napari_swnn.widgets.reconstruction.result_actions import ResultActions
from napari_swnn.widgets.reconstruction.result_bar import ResultBar
from napari_swnn.widgets.reconstruction.results import SessionLayers
from napari_swnn.widgets.reconstruction.run_bar import RunBar
from napari_swnn.widgets.reconstruction.run_log import RunLog
from napari_swnn.widgets.reconstruction.session import ReconstructionSession
from napari_swnn.widgets.reconstruction.settings import SettingsPanel

_SETTLED = 400
"""Milliseconds after a change until the layout of the panel has settled."""

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.widgets.reconstruction.request import ModelEntry


class ReconstructionParts(DockPanel):
    """Parts of the panel from top to bottom, without what happens when they are used.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that provides the references and receives the results.

    Attributes
    ----------
    settings : SettingsPanel
        Settings of a reconstruction.
    destination : DestinationPanel
        Choice of the output.
    run_bar : RunBar
        Buttons and progress of a run.
    result_bar : ResultBar
        Verdict on the newest result, and what can be done with it.
    models : ModelPanel
        Trained models.
    log : RunLog
        Messages of the runs.
    session : ReconstructionSession
        State that the parts show.
    layers : SessionLayers
        Layers of the results.
    actions : ResultActions
        Actions of the controls of the newest result.
    outcome : Outcome
        Verdict on new volumes.
    """

    def __init__(self, viewer: "Viewer", parent: QWidget | None = None) -> None:
        super().__init__(viewer, parent)
        self.settings = SettingsPanel()
        self.destination = DestinationPanel()
        self.models = ModelPanel()
        self.session = ReconstructionSession(TaskRunner(self, "SWNN reconstruction"), partial(Checker, self))
        self.run_bar = RunBar(self.session)
        self.result_bar = ResultBar()
        self.layers = SessionLayers(viewer, self.session, self)
        self.actions = ResultActions(viewer, self.result_bar, self.layers, self)
        self.outcome = Outcome(self.session, self.layers, self.result_bar, self._find_reference, self)
        self._guide = self.settings.source.make_guide(viewer, self.reset_choices)
        self._large = Drawer("Large volumes", self.destination)
        self.log = RunLog(self.session)
        self.lay_out(
            self.settings, self._large, self.run_bar, self.result_bar, make_line(), self.models, Drawer("Log", self.log)
        )
        self._revealing = make_debouncer(self, _SETTLED, self._reveal)
        self._noticing = make_debouncer(self, _SETTLED, self._reveal_kept)
        self.run_bar.kept.appeared.connect(self._noticing.throttle)
        self.session.begun.connect(self._revealing.throttle)
        self.session.ended.connect(self._revealing.throttle)
        self.run_bar.grown.connect(self._revealing.throttle)
        self.outcome.check.found.connect(self._on_judged)
        self.result_bar.message_changed.connect(self._on_message)
        self.layers.current.changed.connect(self.show_state)
        self.layers.preview.failed.connect(self.models.preview_problem.show_text)
        self.actions.saver.ended.connect(self.show_state)
        self.destination.refused.connect(self._large.open)

    def _on_judged(self, verdict: Any) -> None:
        self.log.add(verdict.text)
        self._revealing.throttle()

    def _on_message(self, message: str) -> None:
        self.log.add(message)
        self._revealing.throttle()

    def _reveal(self) -> None:
        """Scroll to the progress of a run, or to its result."""
        if not self.is_docked:
            return
        part = self.run_bar if self.session.is_busy else self.result_bar
        if part.isVisible():
            self.ensureWidgetVisible(part, 0, 10)

    def _reveal_kept(self) -> None:
        """Scroll to the line on an unfinished training, unless the user is typing elsewhere."""
        kept, field = self.run_bar.kept, QApplication.focusWidget()
        types = isinstance(field, QLineEdit | QAbstractSpinBox) and self.isAncestorOf(field)
        if self.is_docked and kept.isVisible() and not types:
            self.ensureWidgetVisible(kept, 0, 10)

    def _find_reference(self, entry: "ModelEntry") -> "Reference | None":
        """Return the reference of a model, which for a model from a file is the selected one if it has its name."""
        findings = self.session.checks.findings
        if entry.reference is not None or findings is None or findings.analysis is None:
            return entry.reference
        return findings.analysis.reference if findings.snapshot.name == entry.source else None

    def may_close(self) -> bool:
        """Ask what to do with models that would be lost; return False to keep the window open."""
        return self.models.may_close()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.settings, self.destination, self.run_bar, self.result_bar, self.models):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Update the lists of layers; napari calls this when a layer is added, removed, moved or renamed."""
        # Lazy layers are excluded because they would have to be computed completely.
        labels = [layer for layer in self.labels_layers() if get_tiles(layer) is None]
        self.settings.set_layers(labels, self.shapes_layers(), self.image_layers())
        if self.outcome.is_orphan and not self.session.is_busy:
            self.run_bar.forget()
        self.layers.current.refresh()
        self.show_state()

    def show_state(self) -> None:
        """Show the state of the session in all parts."""
        session = self.session
        problems = session.checks.problems
        enable_controls(self.settings, not session.is_busy)
        self.settings.show_problems(problems)
        if session.checks.prepared is not None and session.checks.prepared.plan is not None:
            self.settings.show_reasons(session.checks.prepared.plan.reasons)
        self.destination.show_checked(problems)
        if {"size", "resolution"} & set(problems):
            self._large.open()
        self.run_bar.show_session(is_loading=self.models.reader.is_busy)
        self.run_bar.show_sentence(self.layers.current.sentence)
        self.result_bar.show_result(
            self.layers.views,
            has_result=self.layers.newest is not None,
            has_reference=self.layers.current.reference is not None,
            can_make=not session.is_busy and self.layers.newest_result is not None,
            can_save=not self.actions.saver.is_busy,
        )
        self.models.set_enabled(generate=session.can_generate, load=not session.is_busy)
        can_compute = not session.is_busy and self.layers.boxes.possible
        self.destination.set_enabled(choose=not session.is_busy, compute=can_compute)
