"""Picture of what the view shows, at a higher resolution than that of the screen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

_ENLARGEMENT = 2
"""Side of a pixel of the screen in pixels of a saved picture."""
_MARGIN = 16
"""Width of the empty margin of a picture, in pixels of the screen."""
_FOOT = 56
"""Height of the axes and of the scale bar, in pixels of the screen."""


def save_picture(viewer: "Viewer", path: Path) -> None:
    """Save what the view shows as a PNG file, with a small margin; its scale bar has the unit of the shown layers."""
    camera = viewer.scene.camera
    size = _measure(viewer)
    zoom = camera.zoom
    camera.zoom = zoom * _ENLARGEMENT  # napari enlarges the canvas alone
    try:
        with _one_unit(viewer):
            viewer.screenshot(str(path), size=size, scale=_ENLARGEMENT, canvas_only=True, flash=False)
    finally:
        camera.zoom = zoom


def _measure(viewer: "Viewer") -> tuple[int, int]:
    """Return the height and width of a canvas about the middle of the view that holds what the layers show."""
    overlays = (viewer.canvas.overlays.scale_bar, viewer.canvas.overlays.axes)
    margins = [_MARGIN + (_FOOT if any(overlay.visible for overlay in overlays) else 0), _MARGIN]
    with _hidden(overlays):
        picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    empty = np.rint(255 * np.array(viewer.canvas.background_color)[:3])
    is_filled = (abs(picture - empty) > 2).any(-1)
    sizes = []
    for axis, (whole, margin) in enumerate(zip(viewer.canvas.size, margins, strict=True)):
        filled = np.flatnonzero(is_filled.any(1 - axis))
        middle = (is_filled.shape[axis] - 1) / 2
        half = max(abs(filled - middle), default=middle) / (2 * middle) * whole
        sizes.append(min(whole, round(2 * (half + margin))))
    return sizes[0], sizes[1]


@contextmanager
def _one_unit(viewer: "Viewer") -> Iterator[None]:
    """Give hidden layers the units of those that are shown; otherwise one without a pixel size takes them from all.

    Only the view follows, and not the panels: the layers have their own units again before anything reads them.
    """
    shown = [layer for layer in viewer.layers if layer.visible]
    if viewer.layers.units is not None or not shown:
        yield
        return
    units = max(shown, key=lambda layer: layer.ndim).units
    before = [(layer, layer.units) for layer in viewer.layers if not layer.visible]
    try:
        for layer, own in before:
            _set_quietly(layer, (*own[: max(0, layer.ndim - len(units))], *units[-layer.ndim :]))
        viewer.layers.units = None  # the view follows
        yield
    finally:
        for layer, own in before:
            _set_quietly(layer, own)
        viewer.layers.units = None


def _set_quietly(layer: "Layer", units: Any) -> None:
    with layer.events.units.blocker():
        layer.units = units


@contextmanager
def _hidden(overlays: Sequence[Any]) -> Iterator[None]:
    before = [overlay.visible for overlay in overlays]
    for overlay in overlays:
        overlay.visible = False
    try:
        yield
    finally:
        for overlay, visible in zip(overlays, before, strict=True):
            overlay.visible = visible
