"""Layers that show previews, results and boxes of a session in the viewer."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.viewer_layers import select_unless_editing
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.provenance import remember_name
from napari_swnn.widgets.layers.reading import read_colours
from napari_swnn.widgets.layers.view_3d import View, add_to_3d, list_views, show_in_3d, show_plane
from napari_swnn.widgets.lazy.boxes import Boxes
from napari_swnn.widgets.lazy.layers import get_tiles, pause_tiles, show_volume
from napari_swnn.widgets.reconstruction.range_preview import RangePreview
from napari_swnn.widgets.reconstruction.shown import ShownResults
from napari_swnn.widgets.reconstruction.training import Training

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn._phases import PhaseChoice
    from napari_swnn.widgets.reconstruction.request import ModelEntry, Result
    from napari_swnn.widgets.reconstruction.session import ReconstructionSession


class SessionLayers(QObject):
    """Layers that show the results of a session in the viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.
    session : ReconstructionSession
        Source of the results.

    Attributes
    ----------
    preview : RangePreview
        Small volume that follows the porosity slider of a model for a porosity range.
    boxes : Boxes
        Boxes of lazy layers.
    current : ShownResults
        Result layer that the controls are about.
    """

    changed = Signal()
    """Emitted when a run begins, when the controls are about another result, and when a box was added."""
    box_wanted = Signal()
    """Emitted when the viewer switches to 3-D, where a lazy layer shows only boxes."""
    turned = Signal()
    """Emitted when the viewer switches to 3-D in any way, except during a training."""

    def __init__(self, viewer: "Viewer", session: "ReconstructionSession", parent: QObject) -> None:
        super().__init__(parent)
        self.preview = RangePreview(viewer, self)
        self.boxes = Boxes(viewer, session)
        self._viewer = viewer
        self._session = session
        self._output: OutputLayers | None = None
        self.current = ShownResults(viewer)
        self.current.changed.connect(self._on_current)
        self._phases: list[int] | None = None
        self._is_following = False
        session.begun.connect(self._on_begun)
        session.stepped.connect(self._on_step)
        session.trained.connect(self._on_trained)
        session.made.connect(self._on_made)
        session.box_made.connect(self._on_box)
        session.failed.connect(_notify_failure)
        session.ended.connect(self._on_ended)

    @property
    def newest(self) -> Any:
        """Result layer that the controls are about; None if there are no results."""
        return self.current.layer

    @property
    def in_3d(self) -> Any:
        """Layer that 3-D shows of that result, which is the newest box of a lazy one; None if there are no results."""
        return self.current.view

    @property
    def newest_result(self) -> "Result | None":
        """Realisation that the controls are about; None without a result, and for a box."""
        return None if self.current.facts is None else self.current.facts.result

    @property
    def views(self) -> "list[View]":
        """Choices of the phases of the newest result to show in 3-D; empty without a result."""
        return [] if self.in_3d is None else list_views(self.in_3d)

    def show_newest_in_3d(self, phases: Collection[int] | None = None) -> None:
        """Show the newest result in 3-D, all of it or some of its phases."""
        if self.newest is not None:
            self._phases = None if phases is None else list(phases)
            show_in_3d(self._viewer, self.in_3d, phases, whole=self.newest)
            if get_tiles(self.in_3d) is not None:  # 3-D may show boxes of other lazy layers already
                self.box_wanted.emit()

    def keep_fitting(self) -> None:
        """Fit the view to further results, although a button has moved it."""
        if self._output is not None:
            self._output.keep_fitting()

    def follow(self) -> None:
        """Start computing boxes when the viewer switches to 3-D."""
        if not self._is_following:
            self._viewer.dims.events.ndisplay.connect(self._on_ndisplay)
        self._is_following = True
        self.current.follow()

    def stop(self, *, remove_previews: bool) -> None:
        """Release the viewer, which may be closing.

        Parameters
        ----------
        remove_previews : bool
            If True, remove the previews because the viewer remains open.
        """
        self.preview.stop()
        self.boxes.stop()
        self.current.stop()
        if self._is_following:
            self._viewer.dims.events.ndisplay.disconnect(self._on_ndisplay)
        self._is_following = False
        if remove_previews:
            self.preview.remove()
            self._remove_preview()

    def begin(self, colours: Mapping[int, Any] | None = None, reference: "LabelsLayer | None" = None) -> None:
        """Reserve space for the results of a run.

        Parameters
        ----------
        colours : mapping of int to colour, optional
            Colour of each label; see `OutputLayers`.
        reference : napari.layers.Labels, optional
            Reference of the model.
        """
        self.current.begin(reference, colours)
        self._output = OutputLayers(self._viewer, colours)

    def begin_again(self) -> None:
        """Reserve space for further results in the row of the result."""
        self._output = OutputLayers(self._viewer, self.current.begin_again())

    def begin_from(self, reference: "LabelsLayer", choice: "PhaseChoice") -> Mapping[int, Any]:
        """Reserve space for the results of a run on a reference, and return its colours, which they have too."""
        remember_name(reference)
        colours = read_colours(reference, choice)
        self.begin(colours, reference)
        return colours

    def _remove_preview(self) -> None:
        if self._output is not None:
            self._output.remove_preview()

    def _on_current(self) -> None:
        self.changed.emit()

    def _on_begun(self) -> None:
        self.current.forget_sentence()
        self.preview.stop()
        pause_tiles(self._viewer)
        self.changed.emit()

    def _on_step(self, step: Any) -> None:
        work = self._session.work
        if not isinstance(work, Training) or work.plan is None or self._output is None or not self._session.is_open:
            return
        if step.activity == "training":
            look, shape = Look.of_reference(work.plan.reference), work.request.shape[-step.preview.ndim :]
            self._output.show_preview(step.preview, look, scale=step.scale, shape=shape)

    def _on_trained(self, entry: "ModelEntry") -> None:
        from napari.utils.notifications import show_info

        if not self._session.is_open:
            show_info(f"SWNN reconstruction: the training on “{entry.source}” was stopped, and its model is kept.")

    def _on_made(self, result: "Result") -> None:
        try:
            self._show(result)
        except (OSError, ValueError) as error:
            self._session.report_failure(f"The result could not be opened: {describe_error(error)}")

    def _show(self, result: "Result") -> None:
        if self._output is None:
            return
        layer = _add_layer(self._viewer, result, self._output, self._phases)
        self._session.rename_result(layer.name)
        self.current.note(layer, result)

    def _on_box(self, labels: Any) -> None:
        shown = self.boxes.show(labels)
        if shown is None:
            self.changed.emit()
        else:
            self.current.note_box(*shown)

    def _on_ended(self) -> None:
        self.current.end(self._session.outcome)
        self.boxes.end_run(self.box_wanted.emit)  # this may begin the next run
        if self._session.is_open:
            self._remove_preview()

    def _on_ndisplay(self, _event: Any = None) -> None:
        """Show the newest result in 3-D, where a lazy layer shows only boxes."""
        is_3d = self._viewer.dims.ndisplay == 3
        if is_3d and self.boxes.wanted_in_3d:
            self.boxes.await_box(self.box_wanted.emit)
        elif is_3d and not isinstance(self._session.work, Training):  # otherwise, the user watches its preview
            self.turned.emit()


def _add_layer(
    viewer: "Viewer", result: "Result", output: OutputLayers, phases: Collection[int] | None
) -> "LabelsLayer":
    """Add the layer of a result, in 3-D with the look of those that are shown there, and return it."""
    look = Look.of_model(result.entry.model)
    scale = 1 if result.request is None else result.request.scale
    look = replace(look, voxel=look.voxel.scaled(scale))
    layer = show_volume(viewer, result.data, result.name, look, result.metadata, output)
    if isinstance(result.data, np.ndarray | list):  # 3-D shows boxes of a lazy layer
        add_to_3d(viewer, layer, phases)
    through = result.metadata.get("through")
    if through is not None:
        show_plane(viewer, layer, through["axis"], through["position"])
    select_unless_editing(viewer, layer)
    return layer


def _notify_failure(text: str) -> None:
    from napari.utils.notifications import show_error

    show_error(f"SWNN reconstruction: {text}")
