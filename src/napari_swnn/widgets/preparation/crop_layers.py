"""Shapes layer with the rectangle of the crop."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.preparation.placement import find_layer, place_part, read_rectangle

if TYPE_CHECKING:
    from napari.layers import Image, Shapes
    from napari.viewer import Viewer

    from napari_swnn.widgets.preparation.source import ImageSource

SUFFIX = "crop"
_PATIENCE = 200
"""Milliseconds without a change before the rectangle is read."""
_EDGES_PER_SIDE = 250


class CropLayers(QObject):
    """Rectangle of a Shapes layer, which is followed while the user moves it.

    `moved` carries the rectangle as a `Crop` in pixels of the image.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.
    """

    moved = Signal(object)

    def __init__(self, viewer: "Viewer", parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._shapes: Shapes | None = None
        self._image: Image | None = None
        self._source: ImageSource | None = None
        self._settling = make_debouncer(self, _PATIENCE, self.read)

    def follow(self, shapes: "Shapes | None", image: "Image | None", source: "ImageSource | None") -> None:
        """Follow the rectangle of another layer, or none."""
        if self._shapes is not None:
            self._shapes.events.data.disconnect(self._on_data)
        self._shapes = shapes
        self._image = image
        self._source = source
        if shapes is not None:
            shapes.events.data.connect(self._on_data)

    def draw(self, image: "Image", source: "ImageSource") -> "Shapes":
        """Add a layer on the image, and select the tool that draws a rectangle."""
        side = min(abs(s) * n for s, n in zip(image.scale[-2:], source.shape, strict=True))
        added = self._viewer.add_shapes(
            name=f"{image.name} · {SUFFIX}",
            ndim=2,
            edge_color="#ffd166",
            face_color="transparent",
            edge_width=side / _EDGES_PER_SIDE / abs(image.scale[-1]),
            **place_part(image, source.whole),
        )
        shapes: Shapes = find_layer(self._viewer, added)
        self._viewer.layers.selection.active = shapes
        shapes.mode = "add_rectangle"
        return shapes

    def read(self) -> None:
        """Read the rectangle, and report it if it lies on the image."""
        if self._shapes is None or self._image is None or self._source is None:
            return
        if self._shapes not in self._viewer.layers or self._image not in self._viewer.layers:
            return
        crop = read_rectangle(self._shapes, self._image, self._source.shape)
        if crop is not None:
            self.moved.emit(crop)

    def stop(self) -> None:
        """Stop following the layer."""
        self._settling.cancel()
        self.follow(None, None, None)

    def _on_data(self, _event: Any = None) -> None:
        self._settling.throttle()
