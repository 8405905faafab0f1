"""Image layers of the viewer, and the selected section with its pixel size."""

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.viewer_layers import list_image_layers
from napari_swnn.widgets.layers.grid import read_voxel_size
from napari_swnn.widgets.layers.pixel_size import notify_resized, read_stored_size, write_pixel_size
from napari_swnn.widgets.layers.provenance import is_field
from napari_swnn.widgets.preparation.image_choice import ImageChoice
from napari_swnn.widgets.preparation.placement import to_pixel
from napari_swnn.widgets.preparation.recipe_bar import ApplyDialog
from napari_swnn.widgets.preparation.session import NO_IMAGE
from napari_swnn.widgets.preparation.source import ImageSource, count_sections

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer

_PATIENCE = 200
"""Milliseconds without a change before the section or the view is read."""
_WATCHED = ("data", "scale", "units", "name")


class ImageFollower(QObject):
    """Selected section, which follows the layer and the viewer.

    `changed` is emitted when another section, or a changed layer, has to be prepared, and `moved` carries the pixel in
    the middle of the view, ``(row, column)``.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer with the images.
    choice : ImageChoice
        Controls for the image.

    Attributes
    ----------
    source : ImageSource or None
        Selected section.
    voxel : VoxelSize or None
        Its pixel size.
    problem : BadInputError or None
        Reason that the layer cannot be used.
    """

    changed = Signal()
    moved = Signal(tuple)

    def __init__(self, viewer: "Viewer", choice: ImageChoice, parent: QObject) -> None:
        super().__init__(parent)
        self.source: ImageSource | None = None
        self.voxel: VoxelSize | None = None
        self.problem: BadInputError | None = None
        self._viewer = viewer
        self._choice = choice
        self._watched: Image | None = None
        self._settling = make_debouncer(self, _PATIENCE, self.read)
        self._viewing = make_debouncer(self, _PATIENCE, self._report_view)
        choice.chosen.connect(self.read)
        choice.section_chosen.connect(self.read)
        choice.size_written.connect(self._write_size)

    @property
    def layer(self) -> "Image | None":
        """Selected layer."""
        return self._choice.image.value

    @property
    def all(self) -> "list[Image]":
        """Image layers of the viewer, except previews."""
        return list_image_layers(self._viewer)

    def offer(self) -> None:
        """Offer the Image layers of the viewer; computed fields come last and are never selected automatically."""
        fields = [layer for layer in self.all if is_field(layer)]
        self._choice.set_layers([layer for layer in self.all if not is_field(layer)], last=fields)

    def start(self) -> None:
        """Follow the viewer."""
        self._viewer.dims.events.current_step.connect(self._on_step)
        self._viewer.scene.camera.events.connect(self._on_camera)
        self.read()

    def stop(self) -> None:
        """Stop following the viewer and the layer."""
        self._settling.cancel()
        self._viewing.cancel()
        self._viewer.dims.events.current_step.disconnect(self._on_step)
        self._viewer.scene.camera.events.disconnect(self._on_camera)
        self._watch(None)

    def read(self) -> None:
        """Read the selected section."""
        layer = self.layer
        self._watch(layer)
        self.source = self.voxel = self.problem = None
        self._choice.set_usable(layer is not None)
        if layer is None:
            self._choice.note.show_text(NO_IMAGE)
        else:
            try:
                self.source = ImageSource.take(layer, self._sections(layer))
                self.voxel = read_voxel_size(layer, 2, "pixel_size")
            except BadInputError as problem:
                self.problem = problem
            self._show(layer)
        self.changed.emit()

    def _show(self, layer: "Image") -> None:
        stored = read_stored_size(layer)
        self._choice.show_voxel(stored or self.voxel or VoxelSize(abs(float(layer.scale[-1]))))
        source = self.source
        if source is None:
            self._choice.note.show_text("")
            return
        height, width = source.shape
        kind = "colour" if layer.rgb else str(layer.dtype)
        said = "" if stored is None else f"; the file states a pixel size of {stored}: click Set to use it"
        self._choice.note.show_text(f"{height} × {width} px, {kind}{said}")
        self._choice.show_sections(count_sections(layer), source.sections)

    def _sections(self, layer: "Image") -> tuple[int, ...]:
        n_leading = max(layer.ndim - 2, 0)
        if n_leading == 0:
            return ()
        point = np.asarray(self._viewer.dims.point, float)
        at = layer.world_to_data(np.concatenate([np.zeros(max(0, layer.ndim - point.size)), point[-layer.ndim :]]))
        sections = tuple(round(float(value)) for value in at[:n_leading])
        return sections if self._choice.follows.isChecked() else (*sections[:-1], self._choice.section.value())

    # -- further images

    @property
    def has_further(self) -> bool:
        """True if there are further images that a recipe can be applied to."""
        layer = self.layer
        return layer is not None and (layer.ndim > 2 or len(self.all) > 1)

    @property
    def further(self) -> list[tuple[str, tuple[ImageSource, ...]]]:
        """Further images that a recipe can be applied to, by description."""
        layer = self.layer
        choices = []
        if layer is not None and self.source is not None and layer.ndim > 2:
            first = self.source.sections[:-1]
            n_sections = count_sections(layer)[-1]
            stack = tuple(ImageSource.take(layer, (*first, k)) for k in range(n_sections))
            choices.append((f"All {n_sections} sections of {layer.name}", stack))
        for other in self.all:
            if other is not layer and other.ndim >= 2:
                source = ImageSource.take(other, self._sections_in(other))
                choices.append((source.title, (source,)))
        return choices

    def _sections_in(self, layer: "Image") -> tuple[int, ...]:
        return tuple(int(n) // 2 for n in count_sections(layer))

    def ask_further(self, parent: QWidget) -> tuple[ImageSource, ...]:
        """Prompt for further images; return none if the dialog is cancelled."""
        dialog = ApplyDialog(self.further, parent)
        accepted = bool(dialog.exec())
        chosen = dialog.chosen
        dialog.deleteLater()
        return tuple(source for sources in chosen for source in sources) if accepted else ()

    # -- events

    def _watch(self, layer: "Image | None") -> None:
        for each, connect in ((self._watched, False), (layer, True)):
            events = None if each is None else each.events
            for name in () if events is None else _WATCHED:
                emitter = getattr(events, name)
                (emitter.connect if connect else emitter.disconnect)(self._on_layer)
        self._watched = layer

    def _on_layer(self, _event: Any = None) -> None:
        self._settling.throttle()

    def _on_step(self, _event: Any = None) -> None:
        layer = self.layer
        follows = layer is not None and layer.ndim > 2 and self._choice.follows.isChecked()
        if layer is not None and follows and self.source is not None and self._sections(layer) != self.source.sections:
            self._settling.throttle()

    def _on_camera(self, _event: Any = None) -> None:
        self._viewing.throttle()

    def _report_view(self) -> None:
        layer = self.layer
        if layer is not None and layer in self._viewer.layers and self._viewer.dims.ndisplay == 2:
            self.moved.emit(to_pixel(layer, np.asarray(self._viewer.scene.camera.center)[-2:]))

    def _write_size(self, voxel: VoxelSize) -> None:
        layer = self.layer
        if layer is None:
            return
        self._choice.refusal.show_text("")
        try:
            changed = write_pixel_size(layer, voxel, self._viewer.layers)
        except BadInputError as problem:
            self._show(layer)
            self._choice.refusal.show_text(str(problem))
        else:
            notify_resized(changed, voxel)
            self._viewer.fit_to_view()  # the image may have left the view
