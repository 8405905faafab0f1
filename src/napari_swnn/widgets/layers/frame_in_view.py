"""View of a whole volume in 3-D."""

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

_PERSPECTIVE = 1.1
"""Factor by which near corners lie further out than without perspective."""
_MARGIN = 0.3
"""Margin as a fraction of the canvas; the view is fitted to the faces, and corners extend further."""


def bring_into_view(viewer: "Viewer", layer: "Layer") -> None:
    """Fit the view in 3-D to a volume unless all its corners are in view; the direction of the view stays."""
    if viewer.dims.ndisplay == 3 and layer.ndim >= 3 and not _is_wholly_in_view(viewer, layer):
        viewer.fit_to_view(layers=[layer], margin=_MARGIN)


def _is_wholly_in_view(viewer: "Viewer", layer: "Layer") -> bool:
    camera = viewer.scene.camera
    low, high = np.asarray(layer.extent.world)[:, -3:]
    up = np.array(camera.up_direction)
    across = np.cross(camera.view_direction, up)
    corners = np.array(list(product(*zip(low, high, strict=True)))) - camera.center
    places = _PERSPECTIVE * camera.zoom * corners @ np.stack([up, across], axis=1)
    height, width = viewer.canvas.size
    return bool((np.abs(places) <= (height / 2, width / 2)).all())
