"""Dock widget that reconstructs volumes from a segmented micrograph.

Do not use ``from __future__ import annotations``: napari reads the annotation of the constructor's argument.
"""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QWidget

from napari_swnn.widgets.kit.controls import make_line
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.kit.dock import DockPanel
from napari_swnn.widgets.kit.drawer import Drawer
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.threads import Checker, TaskRunner
from napari_swnn.widgets.layers.watch import LayerWatch
from napari_swnn.widgets.lazy.layers import get_tiles
from napari_swnn.widgets.reconstruction.destination import DestinationPanel
from napari_swnn.widgets.reconstruction.models import ModelPanel
from napari_swnn.widgets.reconstruction.results import SessionLayers
from napari_swnn.widgets.reconstruction.run_bar import RunBar
from napari_swnn.widgets.reconstruction.save_dialog import check_file_of_model, check_file_of_new_model
from napari_swnn.widgets.reconstruction.session import ReconstructionSession
from napari_swnn.widgets.reconstruction.settings import SettingsPanel

if TYPE_CHECKING:
    import napari
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.widgets.reconstruction.preflight import Findings
    from napari_swnn.widgets.reconstruction.request import Request

_PATIENCE = 300
"""Milliseconds without a change before the settings are checked."""
_QUIET = 1200
"""Milliseconds after planning before the cost of a run is estimated."""


class ReconstructionWidget(DockPanel):
    """Panel with the settings, progress and models of reconstructions.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer that provides the references and receives the results.
    """

    finishing: ClassVar[set["ReconstructionWidget"]] = set()
    """Panels closed during training, which are kept alive until their models are finished."""

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.settings = SettingsPanel()
        self.destination = DestinationPanel()
        self.models = ModelPanel()
        self.session = ReconstructionSession(TaskRunner(self), partial(Checker, self))
        self.run_bar = RunBar(self.session)
        self.layers = SessionLayers(napari_viewer, self.session, self)
        self._guide = self.settings.source.make_guide(napari_viewer, self.reset_choices)
        self._large = Drawer("Large volumes", self.destination)
        self._watch = LayerWatch(self)
        self._settling = make_debouncer(self, _PATIENCE, self._prepare)
        self._quiet = make_debouncer(self, _QUIET, self.session.estimate_cost)
        self.lay_out(self.settings, self._large, self.run_bar, make_line(), self.models)
        self._connect_views()
        self._connect_session()

    def _connect_views(self) -> None:
        self.settings.reference_changed.connect(self._on_reference)
        self.settings.changed.connect(self._on_settings)
        self.destination.changed.connect(self._on_settings)
        self.destination.compute.connect(self.compute_box)
        self.destination.refused.connect(self._large.open)
        self.models.changed.connect(self._on_model)
        self.models.porosity_chosen.connect(self._on_porosity)
        self.models.generate.connect(self.generate)
        self.run_bar.run.connect(self.run)
        self.run_bar.view.connect(self.layers.show_newest_in_3d)
        self.layers.box_wanted.connect(self.compute_box)
        self.layers.preview.failed.connect(self.models.preview_problem.show_text)
        self._watch.changed.connect(self._on_layers)
        self._watch.settled.connect(self._analyse)

    def _connect_session(self) -> None:
        checks = self.session.checks
        checks.devices_found.connect(self._on_devices)
        checks.found.connect(self._on_findings)
        checks.planned.connect(self._quiet.throttle)
        self.session.changed.connect(self._show)
        self.session.trained.connect(self.models.choose)
        self.session.ended.connect(self._on_ended)

    def on_docked(self) -> None:
        """Find the available devices and analyse the reference."""
        self.finishing.discard(self)
        self.session.is_open = True
        self.layers.follow()
        if self.session.checks.devices:
            self._on_reference()
        else:
            self.session.checks.find_devices()
        self._show()

    def on_closed(self) -> None:
        """Cancel all work; if only the panel was closed, keep the trained model and remove previews."""
        viewer_goes = self.parent() is not None or self in self.finishing
        self._watch.stop()
        self._settling.cancel()
        self._quiet.cancel()
        self.models.drop()
        self.layers.stop(remove_previews=not viewer_goes)
        self.session.close(keep_training=not viewer_goes)
        self.finishing.discard(self)
        if self.session.is_busy:
            self.finishing.add(self)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.settings, self.destination, self.run_bar, self.models):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Update the lists of layers; napari calls this when a layer is added, removed, moved or renamed."""
        # Lazy layers are excluded because they would have to be computed completely.
        labels = [layer for layer in self.labels_layers() if get_tiles(layer) is None]
        self.settings.set_layers(labels, self.shapes_layers(), self.image_layers())
        self._show()

    def choose_reference(self, layer: "LabelsLayer", phase: int | None = None) -> None:
        """Select a layer of the viewer as the reference; see `ReferenceControls.choose`."""
        self.reset_choices()
        self.settings.source.choose(layer, phase)

    def run(self) -> None:
        """Train on the reference and generate volumes."""
        findings = self.session.checks.findings
        if not self.session.can_run or findings is None or findings.analysis is None:
            return
        if not self.settings.chosen_reference.is_current(findings.snapshot):  # values can change without a layer event
            self._on_reference()
            return
        check = partial(check_file_of_new_model, reference=findings.analysis.reference)
        request = self.destination.complete(self._request(), findings.snapshot.name, check)
        if request is not None:
            self.watch_window()
            colours = self.layers.begin_from(self.settings.reference.value, findings.analysis.reference.choice)
            self.session.run(replace(request, colours=colours))

    def generate(self) -> None:
        """Generate volumes from the selected model."""
        entry = self.models.entry
        if entry is None or not self.session.can_generate:
            return
        check = partial(check_file_of_model, model=entry.model)
        request = self.destination.complete(self._request(), entry.source, check)
        if request is not None:
            self.watch_window()
            self.layers.begin()
            self.session.generate(request)

    def compute_box(self) -> None:
        """Compute a box of a lazy layer."""
        self.destination.form.show_problems({})
        try:
            self.layers.boxes.begin(self.destination.side.value())
        except BadInputError as problem:
            self.destination.show_problem(problem)

    def _request(self) -> "Request":
        return replace(
            self.settings.take_request(),
            destination=self.destination.output.value,
            entry=self.models.entry,
            porosity=self.models.target,
        )

    def _on_reference(self) -> None:
        self._watch.watch(self.settings.chosen_reference.layers)
        self._watch.touch()

    def _on_layers(self) -> None:
        self.session.checks.forget_reference(is_chosen=self.settings.chosen_reference.is_made)

    def _analyse(self) -> None:
        checks = self.session.checks
        if checks.devices and not self.session.is_busy and self.settings.chosen_reference.is_made:
            self.settings.chosen_reference.analyse(checks)

    def _on_settings(self) -> None:
        self._large.set_remark(self.destination.remark)
        if not self.session.is_busy:
            self.session.checks.forget_settings(self.settings.find_problems(self.destination.output.value))
            self._settling.throttle()

    def _prepare(self) -> None:
        if self.is_docked and self.session.checks.devices and not self.session.is_busy:
            self.session.checks.prepare(self._request())

    def _on_devices(self, devices: Any) -> None:
        self.settings.set_devices(devices)
        self._on_reference()

    def _on_findings(self, findings: "Findings") -> None:
        self.settings.show_findings(findings)
        self._settling.throttle()

    def _on_model(self) -> None:
        entry = self.models.entry
        self.layers.preview.keep_for(None if entry is None else entry.model)
        self._on_settings()

    def _on_porosity(self) -> None:
        entry, target = self.models.entry, self.models.target
        if entry is not None and target is not None and self.session.can_generate:
            self.layers.preview.request(entry.model, target, self.settings.seed.value(), self.settings.device.value)
        self._on_settings()

    def _show(self) -> None:
        session = self.session
        problems = session.checks.problems
        self.settings.setEnabled(not session.is_busy)
        self.settings.show_problems(problems)
        if session.checks.prepared is not None and session.checks.prepared.plan is not None:
            self.settings.show_reasons(session.checks.prepared.plan.reasons)
        if "size" in problems:
            self._large.open()
        self.run_bar.show_session(is_loading=self.models.is_loading, can_view=self.layers.newest is not None)
        self.run_bar.offer_views(self.layers.views)
        self.models.set_enabled(generate=session.can_generate, load=not session.is_busy)
        can_compute = not session.is_busy and self.layers.boxes.possible
        self.destination.set_enabled(choose=not session.is_busy, compute=can_compute)

    def _on_ended(self) -> None:
        self.finishing.discard(self)
        if self.is_docked:
            self._settling.throttle()
            if self.session.checks.findings is None:
                self._watch.wait()
