"""Picture of the view, at a higher resolution than that of the screen."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.viewer import Viewer

_ENLARGEMENT = 2
"""Side of a pixel of the screen in pixels of a saved picture."""


def save_picture(viewer: "Viewer", path: Path) -> None:
    """Save the view as a PNG file."""
    camera = viewer.scene.camera
    zoom = camera.zoom
    camera.zoom = zoom * _ENLARGEMENT  # napari enlarges the canvas alone
    try:
        viewer.screenshot(str(path), scale=_ENLARGEMENT, canvas_only=True, flash=False)
    finally:
        camera.zoom = zoom
