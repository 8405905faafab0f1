"""Layers that show the preview over the image."""

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import PREVIEW_NAME
from napari_swnn.widgets.layers.placement_change import change_together
from napari_swnn.widgets.preparation.colours import make_colormap
from napari_swnn.widgets.preparation.placement import find_layer, place_part

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from napari.viewer import Viewer

    from napari_swnn.preparation import Crop
    from napari_swnn.widgets.preparation.preview import Preview

LABELS = f"{PREVIEW_NAME} · segmentation"
UNCERTAINTY = f"{PREVIEW_NAME} · uncertainty"
GREY = f"{PREVIEW_NAME} · grey values"
_ORDER = {GREY: 0, LABELS: 1, UNCERTAINTY: 2}
"""Number of layers of the preview that lie below each one."""
_OPACITY = 0.45
_PLACE = ("scale", "translate", "units")
"""Properties of the image that its preview follows."""


class PreviewLayers:
    """Preview of a draft as layers directly above the image; no other layers are changed.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.

    Attributes
    ----------
    shows_uncertainty, shows_grey : bool
        True if the layers of the uncertainty and of the grey values are wanted.
    """

    def __init__(self, viewer: "Viewer") -> None:
        self.shows_uncertainty = False
        self.shows_grey = False
        self._viewer = viewer
        self._layers: dict[str, Layer] = {}
        self._shown: tuple[Any, ...] = ()
        self._seen: tuple[Any, ...] = ()
        self._image: Image | None = None
        self._window: Crop | None = None

    def show(self, preview: "Preview | None", image: "Image | None") -> None:
        """Show a preview of an image, or remove all layers if there is none."""
        if preview is None or image is None or image not in self._viewer.layers:
            self.remove()
            return
        wanted = (preview, image, self.shows_uncertainty, self.shows_grey)
        if wanted == self._shown:
            return
        self._shown = wanted
        segmented = preview.segmented
        uncertainty = None if segmented is None else segmented.uncertainty
        window = preview.job.window
        self._follow(image, window)
        self._set(GREY, preview.grey if self.shows_grey else None, image, window)
        self._set(LABELS, preview.labels, image, window)
        self._set(UNCERTAINTY, uncertainty if self.shows_uncertainty else None, image, window)
        layer = self._find(LABELS)
        if layer is not None:
            layer.colormap = make_colormap(tuple(preview.job.draft.labels), preview.job.draft.label)
            seen = (image, preview.job.source.sections, preview.job.draft, self.shows_uncertainty, self.shows_grey)
            layer.visible = layer.visible or seen != self._seen  # a new pixel size does not show a hidden preview
            self._seen = seen

    def hide(self) -> None:
        """Hide the segmentation, for example behind the finished reference."""
        layer = self._find(LABELS)
        if layer is not None:
            layer.visible = False

    def remove(self) -> None:
        """Remove all layers of the preview."""
        self._shown = ()
        self._follow(None, None)
        for name in tuple(self._layers):
            self._discard(name)

    def _follow(self, image: "Image | None", window: "Crop | None") -> None:
        """Follow the pixel size and the position of an image, whichever panel changes them."""
        self._window = window
        if image is self._image:
            return
        for each, connect in ((self._image, False), (image, True)):
            events = None if each is None else each.events
            for name in () if events is None else _PLACE:
                emitter = getattr(events, name)
                (emitter.connect if connect else emitter.disconnect)(self._on_place)
        self._image = image

    def _on_place(self, _event: Any = None) -> None:
        if self._image is None or self._window is None:
            return
        place = place_part(self._image, self._window)
        layers = [layer for layer in map(self._find, tuple(self._layers)) if layer is not None]
        with change_together(layers):
            for layer in layers:
                _put(layer, place)

    def _find(self, name: str) -> Any:
        layer = self._layers.get(name)
        if layer is not None and layer not in self._viewer.layers:  # the user removed it
            del self._layers[name]
            return None
        return layer

    def _discard(self, name: str) -> None:
        layer = self._find(name)
        if layer is not None:
            self._viewer.layers.remove(layer)
            self._layers.pop(name, None)

    def _set(self, name: str, values: np.ndarray | None, image: "Image", window: "Crop") -> None:
        if values is None:
            self._discard(name)
            return
        place = place_part(image, window)
        layer = self._find(name)
        if layer is None:
            self._layers[name] = self._add(name, values, image, place)
            return
        layer.data = values
        _put(layer, place)
        if name == GREY:
            layer.contrast_limits = _limits(values)

    def _add(self, name: str, values: np.ndarray, image: "Image", place: dict[str, Any]) -> "Layer":
        viewer = self._viewer
        chosen = viewer.layers.selection.active
        layer: Layer
        if name == LABELS:
            layer = viewer.add_labels(values, name=name, opacity=_OPACITY, **place)
        elif name == UNCERTAINTY:
            layer = viewer.add_image(
                values,
                name=name,
                colormap="inferno",
                blending="additive",
                contrast_limits=(0, 1),
                opacity=0.8,
                **place,
            )
        else:
            layer = viewer.add_image(values, name=name, colormap="gray", contrast_limits=_limits(values), **place)
        order = (image, *(self._find(each) for each in (GREY, LABELS, UNCERTAINTY)[: _ORDER[name]]))
        below = next(each for each in reversed(order) if each is not None)
        layer = find_layer(viewer, layer)
        viewer.layers.move(viewer.layers.index(layer), viewer.layers.index(below) + 1)
        if chosen is not None:  # the user may be painting
            viewer.layers.selection.active = chosen
        return layer


def _put(layer: "Layer", place: dict[str, Any]) -> None:
    for name in _PLACE:
        setattr(layer, name, place[name])


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return low, max(high, low + 1e-6)
