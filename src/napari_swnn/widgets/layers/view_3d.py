"""View of one volume in 3-D."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer
    from napari.viewer import Viewer

_FRAME = (0.5, 0.5, 0.5, 1.0)
"""Colour that is legible on dark and light backgrounds."""


def show_in_3d(viewer: "Viewer", layer: "LabelsLayer") -> None:
    """Switch the viewer to 3-D and show one volume in a frame, from a corner.

    Layers that lie beside it are hidden until the viewer returns to 2-D: in 3-D, they would stand in front of it.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that contains the layer.
    layer : napari.layers.Labels
        Layer of the volume; layers at the same place stay as they are.
    """
    hidden = [other for other in viewer.layers if other.visible and _lies_beside(other, layer)]
    for other in hidden:
        other.visible = False
    layer.visible = True
    frame = layer.bounding_box
    frame.points, frame.line_color, frame.visible = False, _FRAME, True
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (-25.0, 35.0, 12.0)
    viewer.fit_to_view(layers=[layer], margin=0.3)  # the view is fitted to the faces, and corners extend further

    def restore(_event: Any = None) -> None:
        if viewer.dims.ndisplay == 2:
            viewer.dims.events.ndisplay.disconnect(restore)
            frame.visible = False
            for other in hidden:
                other.visible = True

    viewer.dims.events.ndisplay.connect(restore)


def _lies_beside(other: "Layer", layer: "Layer") -> bool:
    """Return True if two layers share no area of the plane."""
    (low, high), (other_low, other_high) = (np.asarray(each.extent.world)[:, -2:] for each in (layer, other))
    return bool((other_low > high).any() or (other_high < low).any())
