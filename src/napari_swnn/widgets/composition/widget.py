"""The dock widget *SWNN compose*: structures of several models in the regions of a global structure.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QPushButton, QWidget

from napari_swnn._memory import format_memory
from napari_swnn.widgets.composition.request import (
    ComposeRequest,
    ComposeResult,
    RegionChoice,
    check_request,
)
from napari_swnn.widgets.composition.results import ComposeResults
from napari_swnn.widgets.composition.settings import ComposeSettings
from napari_swnn.widgets.composition.work import compose
from napari_swnn.widgets.kit.controls import Form
from napari_swnn.widgets.kit.run_panel import RunPanel
from napari_swnn.widgets.kit.session import NotReady, Report, RunSession
from napari_swnn.widgets.kit.threads import TaskRunner
from napari_swnn.widgets.layers.model_reader import ModelReader
from napari_swnn.widgets.layers.model_relay import MODEL_RELAY
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.provenance import describe_fractions
from napari_swnn.widgets.layers.trained_models import MODELS
from napari_swnn.widgets.layers.watch import LayerCheck, LayerFacts

if TYPE_CHECKING:
    import napari


class ComposeWidget(RunPanel):
    """Panel with the regions and their structures at the top and the fractions of the result below.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        Viewer whose layers are read and to which layers are added; existing layers are not changed.
    """

    run_label = "Run"
    running_label = "Running…"
    run_tip: ClassVar[str] = "Compose the volume and add it as a layer."
    stop_tip: ClassVar[str] = "Cancel the run; nothing is added."

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.settings = ComposeSettings()
        self.preview_button = QPushButton("Preview")
        self.preview_button.setToolTip("Compute the middle plane only.")
        self.check = LayerCheck(self._take_layer, LayerFacts.with_phases, "regions", self)
        self.reader = ModelReader(self)
        self._outputs: OutputLayers | None = None
        self.results = ComposeResults(napari_viewer)
        session: RunSession[ComposeRequest, ComposeResult] = RunSession(TaskRunner(self), compose, self._deliver)
        session.report_cancelled = lambda: Report("Cancelled; nothing was added.")  # type: ignore[method-assign]
        self.set_session(session)
        self.lay_out_run(self.settings, self.results, self.preview_button)
        self.settings.regions_changed.connect(self._on_regions)
        self.settings.changed.connect(self.refresh)
        self.settings.load_button.clicked.connect(self.reader.ask_file)
        self.settings.gallery_button.clicked.connect(self.reader.open_gallery)
        self.check.changed.connect(self._on_check)
        self.preview_button.clicked.connect(self.preview)
        self.reader.begun.connect(self.settings.models.show_text)
        self.reader.failed.connect(self._on_unread)
        self.session.failed.connect(self._on_failed)
        MODEL_RELAY.added.connect(self._on_models)
        self.settings.set_models(MODELS)

    @property
    def form(self) -> Form:
        """Form that shows the problems of a request."""
        return self.settings.form

    # -- docked and closed

    def on_docked(self) -> None:
        """Read the chosen regions."""
        self._on_models()
        self._on_regions()

    def on_closed(self) -> None:
        """Cancel the run, since the viewer may have been closed."""
        self.check.stop()
        self.reader.drop()
        self.session.close()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.settings, self.progress):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers of the viewer; napari calls this when a layer is added, removed, moved or renamed."""
        self.settings.set_layers(self.labels_layers())
        self.refresh()

    # -- models

    def _on_models(self, _entry: Any = None) -> None:
        self.settings.set_models(MODELS)
        self.guard(self.settings)
        self.refresh()

    def _on_unread(self, text: str) -> None:
        self.settings.models.show_text(f"⚠ {text}")

    # -- the regions

    def _on_regions(self) -> None:
        if not self.is_docked:
            return
        layer = self.settings.layer
        if layer is not None:
            self.settings.follow_shape(layer.data.shape[-3:])
        self.check.restart(layer)

    def _take_layer(self) -> LayerFacts | None:
        layer = self.settings.layer
        return None if layer is None else LayerFacts.take(layer, "regions")

    def _on_check(self) -> None:
        found = self._find_regions()
        is_reading = found is None and self.check.problem is None and self.settings.regions.value is not None
        if not is_reading:  # rows keep their settings while a layer that has changed is read again
            self.settings.show_regions(found)
        self.guard(self.settings)
        self.refresh()

    def _find_regions(self) -> RegionChoice | None:
        """Return the global structure; None while none is chosen, or it is being read."""
        entry = self.settings.entry
        if entry is not None:
            model = entry.model
            n = len(model.labels.phases)
            even = (1 / n,) * n
            fractions = even if model.porosity is None else model.fractions_at()
            known = dict(zip(model.labels.phases, fractions, strict=True))
            return RegionChoice(entry.source, None, entry, self.settings.scale.value(), known, model.labels.named)
        facts: LayerFacts | None = self.check.found
        if facts is None:
            return None
        return RegionChoice(facts.name, facts.labels, None, 1, facts.phases, facts.names)

    # -- the request

    def prepare(self) -> ComposeRequest | NotReady:
        """Return the checked request for a run, or `NotReady` if it is incomplete.

        Raises
        ------
        BadInputError
            If the regions or a setting cannot be used.
        """
        if len(MODELS) == 0 and self.settings.regions.value is not None:
            return NotReady("Train a model for each kind of region in SWNN reconstruction, or load one.")
        missing = (
            "Add a Labels layer with the regions, another one than the section of a structure, and choose it; or "
            "choose a model that generates them."
        )
        waits = None if self.settings.entry else self.check.why_not_ready(self.settings.layer, missing)
        if waits is not None:
            return waits
        regions = self._find_regions()
        if regions is None:
            return NotReady("Reading the layer…", is_checking=True)
        request = ComposeRequest(
            regions, self.settings.parts.value, self.settings.size.value, self.settings.seed.value()
        )
        return check_request(request)

    def show_session(self) -> None:
        """Show the state of the session."""
        super().show_session()
        request = self.session.request
        busy = self.session.is_busy
        self.settings.setEnabled(not busy)
        self.preview_button.setEnabled(self.session.can_run)
        self.results.refresh()
        extent = ""
        if request is not None:
            entry = next(each.entry for each in request.parts if each.entry is not None)
            voxel = entry.model.voxel
            parts = ["" if voxel.unit == "voxel" else self.settings.size.physical(voxel)]
            parts.append(f"{format_memory(request.memory)} of memory")
            extent = " · ".join(part for part in parts if part)
        self.settings.extent.show_text(extent)

    # -- the run

    def preview(self) -> None:
        """Compute the middle plane of the volume."""
        if self.session.request is not None:
            self.session.request = replace(self.session.request, is_preview=True)
            self.run()

    def _deliver(self, found: ComposeResult) -> Report:
        """Add a volume, or show its middle plane."""
        look = Look.of_labels(found.phases, found.voxel)
        if self._outputs is None:
            self._outputs = OutputLayers(self._viewer)
        if found.request.is_preview:
            self._outputs.show_preview(found.labels, look, scale=1)
            return Report("Preview of the middle plane.")
        layer = self._outputs.show_result(found.labels, found.request.title, look, found.request.to_dict())
        self._outputs = None
        n = found.labels.size
        fractions = {label: float((found.labels == label).sum() / n) for label in found.phases.phases}
        self.results.show_result(layer, f"Fractions: {describe_fractions(fractions, found.phases.named)}.")
        return Report("Done. One layer was added.")

    def _on_failed(self, text: str) -> None:
        from napari.utils.notifications import show_error

        show_error(f"SWNN compose: {text}")
