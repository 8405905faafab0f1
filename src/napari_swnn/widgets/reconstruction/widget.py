"""Dock widget that reconstructs volumes from a segmented micrograph.

Do not use ``from __future__ import annotations``: napari reads the annotation of the constructor's argument.
"""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QWidget

from napari_swnn._phases import PhaseChoice
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.preferences import read_preferences
from napari_swnn.widgets.layers.watch import LayerWatch
from napari_swnn.widgets.reconstruction.keeping import Keeping
from napari_swnn.widgets.reconstruction.parts import ReconstructionParts
from napari_swnn.widgets.reconstruction.resumption import Resumption
from napari_swnn.widgets.reconstruction.save_dialog import check_file_of_model, check_file_of_new_model

if TYPE_CHECKING:
    import napari
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.widgets.reconstruction.preflight import Findings
    from napari_swnn.widgets.reconstruction.request import Request

_PATIENCE = 300
"""Milliseconds without a change before the settings are checked."""
_QUIET = 1200
"""Milliseconds after planning before the cost of a run is estimated."""


class ReconstructionWidget(ReconstructionParts):
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
        self._watch = LayerWatch(self)
        self._settling = make_debouncer(self, _PATIENCE, self._prepare)
        self._quiet = make_debouncer(self, _QUIET, self.session.estimate_cost)
        self._connect_views()
        self._connect_session()
        self.resumption = Resumption(self.settings, self.session.checks, self.run_bar.kept, self.resume, self)

    def _connect_views(self) -> None:
        self.settings.reference_changed.connect(self._on_reference)
        self.settings.changed.connect(self._on_settings)
        self.destination.changed.connect(self._on_settings)
        self.destination.compute.connect(self.compute_box)
        self.models.changed.connect(self._on_model)
        self.models.porosity_chosen.connect(self._on_porosity)
        self.models.generate.connect(self.generate)
        self.run_bar.run.connect(self.run)
        self.run_bar.resume.connect(self.resume)
        self.run_bar.kept.discarded.connect(self._on_settings)
        self.result_bar.buttons["more"].clicked.connect(self.generate_more)
        self.layers.box_wanted.connect(self.compute_box)
        self._watch.changed.connect(self._on_layers)
        self._watch.settled.connect(self._analyse)

    def _connect_session(self) -> None:
        checks = self.session.checks
        checks.devices_found.connect(self._on_devices)
        checks.found.connect(self._on_findings)
        checks.planned.connect(self._quiet.throttle)
        self.session.changed.connect(self.show_state)
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
        self.show_state()

    def on_closed(self) -> None:
        """Cancel all work; if only the panel was closed, keep the trained model and remove previews."""
        viewer_goes = self.parent() is not None or self in self.finishing
        self._watch.stop()
        self._settling.cancel()
        self._quiet.cancel()
        self.models.reader.drop()
        self.outcome.drop()
        if not viewer_goes:
            self.actions.forget()
        self.layers.stop(remove_previews=not viewer_goes)
        self.session.close(keep_training=not viewer_goes)
        self.finishing.discard(self)
        if self.session.is_busy:
            self.finishing.add(self)

    def choose_reference(self, layer: "LabelsLayer", phase: int | None = None) -> None:
        """Select a layer of the viewer as the reference; see `ReferenceControls.choose`."""
        self.reset_choices()
        self.settings.source.choose(layer, phase)
        self.ensureWidgetVisible(self.settings.reference)

    def run(self) -> None:
        """Train on the reference and generate volumes; ask before a training of hours is replaced."""
        if self.resumption.may_replace(self.session.kept_training):
            self._train(resume=False)

    def resume(self) -> None:
        """Continue the unfinished training of this reference with these settings, and generate volumes."""
        self._train(resume=True)

    def _train(self, *, resume: bool) -> None:
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
            keeping = Keeping(resume, {"name": findings.snapshot.name}, read_preferences().kept_models)
            self.session.run(replace(request, colours=colours), keeping)

    def stop(self) -> None:
        """Finish the model of a training early, or cancel any other work."""
        self.session.stop()

    def generate(self) -> None:
        """Generate volumes from the selected model."""
        entry = self.models.entry
        if entry is None or not self.session.can_generate:
            return
        check = partial(check_file_of_model, model=entry.model)
        request = self.destination.complete(self._request(), entry.source, check)
        if request is not None:
            self.watch_window()
            selected = self.settings.reference.value
            if selected is not None and selected.name == entry.source:
                self.layers.begin_from(selected, PhaseChoice.of_model(entry.model.labels.phases))
            else:
                self.layers.begin()
            self.session.generate(request)

    def generate_more(self) -> None:
        """Generate another realisation like the newest one, with the next seed."""
        result = self.layers.newest_result
        if result is None or result.request is None or self.session.is_busy:
            return
        seed, device = self.layers.current.next_seed, self.settings.device.value
        self.watch_window()
        self.layers.begin_again()
        again = replace(result.request, seed=seed, n=1, destination="memory", path=None, device=device)
        self.session.generate(replace(again, entry=result.entry))

    def compute_box(self) -> None:
        """Compute a box of a lazy layer."""
        self.destination.form.show_problems({})
        try:
            self.layers.boxes.begin(self.destination.side.value())
        except BadInputError as problem:
            self.destination.show_problem(problem)

    def _request(self) -> "Request":
        destination, scale = self.destination.value
        return replace(
            self.settings.take_request(),
            destination=destination,
            scale=scale,
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
            self.session.checks.forget_settings(self.settings.find_problems(*self.destination.value))
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
        self.settings.show_model_voxel(VoxelSize() if entry is None else entry.model.voxel)
        self._on_settings()

    def _on_porosity(self) -> None:
        entry, target = self.models.entry, self.models.target
        if entry is not None and target is not None and self.session.can_generate:
            self.layers.preview.request(entry.model, target, self.settings.seed.value(), self.settings.device.value)
        self._on_settings()

    def _on_ended(self) -> None:
        self.finishing.discard(self)
        if self.is_docked:
            self._settling.throttle()
            if self.session.checks.findings is None:
                self._watch.wait()
