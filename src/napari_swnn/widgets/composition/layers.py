"""Layers that show the results of the compose panel in the viewer."""

from typing import TYPE_CHECKING, Any

from napari_swnn.widgets.composition.request import ComposeResult
from napari_swnn.widgets.composition.results import ComposeResults
from napari_swnn.widgets.composition.session import ComposeSession
from napari_swnn.widgets.kit.session import Report
from napari_swnn.widgets.kit.viewer_layers import select_unless_editing
from napari_swnn.widgets.layers.output import OutputLayers
from napari_swnn.widgets.layers.view_3d import ALL_PHASES
from napari_swnn.widgets.lazy.boxes import Boxes
from napari_swnn.widgets.lazy.layers import look_of_volume, show_volume

if TYPE_CHECKING:
    from napari.viewer import Viewer


class ComposeLayers:
    """Layers of the previews, volumes and boxes of a session.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Viewer that receives the layers.
    session : ComposeSession
        Session that computes the boxes.
    results : ComposeResults
        Controls of the newest volume.

    Attributes
    ----------
    boxes : Boxes
        Boxes of lazy layers.
    """

    def __init__(self, viewer: "Viewer", session: ComposeSession, results: ComposeResults) -> None:
        self.boxes = Boxes(viewer, session)
        self._viewer = viewer
        self._results = results
        self._outputs: OutputLayers | None = None
        session.ended.connect(self._on_ended)
        session.started.connect(self._on_started)

    def _on_started(self) -> None:
        """Fit the view to the result, although it may have moved since the last preview."""
        if self._outputs is not None:
            self._outputs.keep_fitting()

    def show(self, found: Any) -> Report:
        """Add a volume or a box, or show the middle plane of a volume, and report it."""
        if not isinstance(found, ComposeResult):
            self._show_box(found)
            return Report("Done. The box was added as a layer.")
        if self._outputs is None:
            self._outputs = OutputLayers(self._viewer)
        if found.request.is_preview:
            self._outputs.show_preview(found.data, look_of_volume(found.volume), scale=1, at_once=True)
            return Report("Preview of the middle plane.")
        outputs, self._outputs = self._outputs, None
        self._show_volume(found, outputs)
        return Report(found.summary)

    def _on_ended(self) -> None:
        self.boxes.end_run(self._results.box_wanted.emit)

    def _show_box(self, labels: Any) -> None:
        shown = self.boxes.show(labels)
        if shown is not None:
            self._results.show_box(*shown)

    def _show_volume(self, found: ComposeResult, outputs: OutputLayers) -> None:
        if found.data is None:
            outputs.remove_preview()
            return
        look = look_of_volume(found.volume)
        facts = {**found.request.to_dict(), ALL_PHASES: list(found.volume.phase_labels.phases)}
        layer = show_volume(self._viewer, found.data, found.name, look, facts, outputs)
        select_unless_editing(self._viewer, layer)
        self._results.show_result(layer, found.fractions)
