"""Layers that belong to the panel: preview, scribbles, and the rectangle of the crop."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_swnn._layer_style import read_metadata
from napari_swnn.preparation import Crop, SegmentScribbles
from napari_swnn.widgets.kit.viewer_layers import list_shapes_layers
from napari_swnn.widgets.preparation.crop_layers import CropLayers
from napari_swnn.widgets.preparation.preview_layers import PreviewLayers
from napari_swnn.widgets.preparation.scribble_layers import ScribbleLayers
from napari_swnn.widgets.preparation.strokes import Strokes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.widgets.preparation.draft import Draft
    from napari_swnn.widgets.preparation.images import ImageFollower
    from napari_swnn.widgets.preparation.session import PreparationSession
    from napari_swnn.widgets.preparation.steps import StepsPanel


class Overlays(QObject):
    """Layers of the panel, connected to the draft and to the controls of the steps.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.
    session : PreparationSession
        State of the panel.
    images : ImageFollower
        Selected image.
    steps : StepsPanel
        Controls of the steps.
    """

    def __init__(
        self,
        viewer: "Viewer",
        session: "PreparationSession",
        images: "ImageFollower",
        steps: "StepsPanel",
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.preview = PreviewLayers(viewer)
        self.scribbles = ScribbleLayers(viewer, self)
        self.crop = CropLayers(viewer, self)
        self._viewer = viewer
        self._session = session
        self._images = images
        self._steps = steps
        self._shown_for: Any = None
        self._finished: list[tuple[LabelsLayer, Draft]] = []
        self._connect()

    def _connect(self) -> None:
        phases = self._steps.segmentation.phases
        self._steps.segmentation.scribbles_chosen.connect(self.start_scribbling)
        phases.scribbled.connect(self.start_scribbling)
        phases.selected.connect(self.scribbles.select)
        phases.named.connect(self._on_named)
        phases.uncertainty_shown.connect(self.show_uncertainty)
        self._steps.crop.drawn.connect(self._on_draw)
        self._steps.crop.layer_chosen.connect(self._on_rectangle)
        self.scribbles.painted.connect(self._on_painted)
        self.scribbles.phase_chosen.connect(phases.select)
        self.crop.moved.connect(self._on_crop)

    def offer(self) -> None:
        """Offer the Shapes layers of the viewer."""
        self._steps.crop.set_layers(list_shapes_layers(self._viewer))

    def follow(self) -> None:
        """Follow another image."""
        image, source = self._images.layer, self._images.source
        place = None if source is None else (image, source.sections)
        is_new = place != self._shown_for
        self._shown_for = place
        if is_new:
            self._steps.crop.forget()
        self.scribbles.follow(image, source)
        self.crop.follow(self._steps.crop.layer.value, image, source)
        self._session.set_source(source, self._images.voxel, self._images.problem)
        if is_new:
            self.resume_scribbling()

    def resume_scribbling(self) -> None:
        """Return to the scribbles of an image that was left, in place of the classifier that learned from them."""
        editor = self._session.editor
        strokes = self.scribbles.read()
        if strokes is not None and strokes.used and isinstance(editor.draft.segmentation, SegmentScribbles):
            editor.restart(editor.draft.with_step("segmentation", strokes))

    def put_behind(self, references: "Iterable[LabelsLayer]") -> None:
        """Hide the preview behind finished references, until the draft changes."""
        self.preview.hide()
        self._finished = [(layer, self._session.editor.draft) for layer in references]

    def show_draft(self, draft: "Draft") -> None:
        """Show the scribbles of a draft, and hide the finished references of another one on this image."""
        self._hide_finished(draft)
        self.scribbles.show_phases(len(draft.names))
        self.scribbles.show(on=isinstance(draft.segmentation, Strokes))
        if isinstance(draft.segmentation, Strokes):
            self.scribbles.write(draft.segmentation)

    def _hide_finished(self, draft: "Draft") -> None:
        """Hide references that another segmentation of the image would mix with; the user may show them again."""
        image = self._images.layer
        for layer, its_draft in tuple(self._finished):
            is_here = image is not None and read_metadata(layer).get("image") == image.name
            if is_here and draft != its_draft:
                layer.visible = False
                self._finished.remove((layer, its_draft))

    def show_preview(self, preview: Any) -> None:
        """Show a preview."""
        self.preview.show(preview, self._images.layer)

    def show_uncertainty(self, on: bool) -> None:
        """Show or hide the uncertainty of the segmentation."""
        self.preview.shows_uncertainty = on
        self.show_preview(self._session.live.preview)

    def show_grey(self, on: bool) -> None:
        """Show or hide the grey values before segmentation."""
        self.preview.shows_grey = on
        self.show_preview(self._session.live.preview)

    def start_scribbling(self) -> None:
        """Select the brush on the scribbles of the image."""
        image, source = self._images.layer, self._images.source
        draft = self._session.editor.draft
        if image is None or source is None:
            return
        strokes = draft.segmentation if isinstance(draft.segmentation, Strokes) else None
        self.scribbles.start(image, source, strokes, len(draft.names))
        self.scribbles.select(self._steps.segmentation.phases.phase)
        self._session.editor.set_strokes(self.scribbles.read() or Strokes(source.shape))

    def stop(self, *, remove: bool) -> None:
        """Stop following layers, and remove the preview unless the viewer closes."""
        self.scribbles.stop()
        self.crop.stop()
        if remove:
            self.preview.remove()

    def _on_painted(self, strokes: Strokes) -> None:
        if isinstance(self._session.editor.draft.segmentation, Strokes):
            self._session.editor.set_strokes(strokes)

    def _on_named(self, names: tuple[str, ...]) -> None:
        self._session.editor.rename(names)
        self.scribbles.select(self._steps.segmentation.phases.phase)

    def _on_draw(self) -> None:
        image, source = self._images.layer, self._images.source
        if image is not None and source is not None:
            shapes = self.crop.draw(image, source)
            self._steps.crop.layer.choose(shapes)

    def _on_rectangle(self) -> None:
        self.crop.follow(self._steps.crop.layer.value, self._images.layer, self._images.source)
        self.crop.read()

    def _on_crop(self, crop: Crop) -> None:
        if self._steps.crop.is_on:
            self._session.editor.set_step("crop", crop)
