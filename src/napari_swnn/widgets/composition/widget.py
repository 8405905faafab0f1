"""The dock widget *SWNN compose*: structures of several models in the regions of a global structure.

No ``from __future__ import annotations`` here: napari reads the annotation of the constructor's argument.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtWidgets import QPushButton, QWidget

from napari_swnn.widgets.composition.cost import CostEstimate
from napari_swnn.widgets.composition.layers import ComposeLayers
from napari_swnn.widgets.composition.request import (
    ComposeRequest,
    RegionChoice,
    check_request,
)
from napari_swnn.widgets.composition.results import ComposeResults
from napari_swnn.widgets.composition.session import ComposeSession
from napari_swnn.widgets.composition.settings import ComposeSettings
from napari_swnn.widgets.composition.work import check_file
from napari_swnn.widgets.kit.controls import Form
from napari_swnn.widgets.kit.drawer import enable_controls
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.run_panel import RunPanel
from napari_swnn.widgets.kit.session import NotReady, Report
from napari_swnn.widgets.kit.threads import TaskRunner
from napari_swnn.widgets.layers.model_reader import ModelReader
from napari_swnn.widgets.layers.model_relay import MODEL_RELAY
from napari_swnn.widgets.layers.trained_models import MODELS
from napari_swnn.widgets.layers.watch import LayerCheck, LayerFacts
from napari_swnn.widgets.lazy.layers import get_tiles, pause_tiles

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
    run_tip: ClassVar[str] = "Compose the volume and add it as a layer, or write it to a file."
    stop_tip: ClassVar[str] = "Cancel the run; nothing is added. An unfinished file is kept and can be resumed."

    def __init__(self, napari_viewer: "napari.viewer.Viewer", parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.settings = ComposeSettings()
        self.preview_button = QPushButton("Preview")
        self.preview_button.setToolTip("Compute the middle plane only.")
        self.check = LayerCheck(self._take_layer, LayerFacts.with_phases, "regions", self)
        self.reader = ModelReader(self)
        self.results = ComposeResults(napari_viewer)
        session = ComposeSession(TaskRunner(self, "SWNN compose"), self._deliver)
        self.set_session(session)
        self.layers = ComposeLayers(napari_viewer, session, self.results)
        self.estimate = CostEstimate(self)
        self.lay_out_run(self.settings, self.results, self.preview_button)
        self.settings.regions_changed.connect(self._on_regions)
        self.settings.changed.connect(self.refresh)
        self.settings.load_button.clicked.connect(self.reader.ask_file)
        self.settings.gallery_button.clicked.connect(self.reader.open_gallery)
        self.check.changed.connect(self._on_check)
        self.preview_button.clicked.connect(session.preview)
        self.reader.begun.connect(self.settings.models.show_text)
        self.reader.failed.connect(self._on_unread)
        self.session.failed.connect(self._on_failed)
        self.settings.output.compute.connect(self.compute_box)
        self.results.box_wanted.connect(self.compute_box)
        self.estimate.changed.connect(self._on_estimate)
        MODEL_RELAY.added.connect(self._on_models)
        MODEL_RELAY.noted.connect(self._on_models)
        self.settings.set_models(MODELS)

    @property
    def form(self) -> Form:
        """Form that shows the problems of a request."""
        return self.settings.form

    # -- docked and closed

    def on_docked(self) -> None:
        """Read the chosen regions."""
        self.results.current.follow()
        self._on_models()
        self._on_regions()

    def on_closed(self) -> None:
        """Cancel the run, since the viewer may have been closed."""
        self.results.current.stop()
        self.check.stop()
        self.reader.drop()
        self.estimate.pause()
        self.layers.boxes.stop()
        self.session.close()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for part in (self.settings, self.progress):
            part.set_dark(dark)

    def reset_choices(self, _event: Any = None) -> None:
        """Offer the layers of the viewer; napari calls this when a layer is added, removed, moved or renamed."""
        # Lazy layers are excluded because they would have to be computed completely.
        self.settings.set_layers([layer for layer in self.labels_layers() if get_tiles(layer) is None])
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
        settings = self.settings
        return check_request(
            ComposeRequest(
                regions,
                settings.parts.value,
                settings.size.value,
                settings.seed.value(),
                destination=settings.output.destination,
            )
        )

    def show_session(self) -> None:
        """Show the state of the session."""
        super().show_session()
        session, busy = self.session, self.session.is_busy
        enable_controls(self.settings, not busy)
        self.settings.output.set_enabled(choose=not busy, compute=not busy and self.layers.boxes.possible)
        if session.problem is not None and session.problem.control == "size":
            self.settings.large.open()
        self.preview_button.setEnabled(session.can_run)
        self.results.refresh()
        self.settings.show_request(session.request)
        self.estimate.follow(None if busy else session.request)
        self._on_estimate()

    def _on_estimate(self) -> None:
        self.cost.show_text(self.estimate.text)

    # -- the run

    def run(self) -> None:
        """Compose the volume; for a file, prompt for its name first."""
        request = self.session.request
        if request is None or self.session.is_busy:
            return
        completed = self.settings.output.complete(request, request.title, check_file)
        if completed is not None:
            pause_tiles(self._viewer)
            self.session.start(completed)

    def compute_box(self) -> None:
        """Compute a box of a lazy layer."""
        self.settings.output.form.show_problems({})
        try:
            self.layers.boxes.begin(self.settings.output.side.value())
        except BadInputError as problem:
            self.settings.output.show_problem(problem)

    def _deliver(self, found: Any) -> Report:
        return self.layers.show(found)

    def _on_failed(self, text: str) -> None:
        from napari.utils.notifications import show_error

        show_error(f"SWNN compose: {text}")
