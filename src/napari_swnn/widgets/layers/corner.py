"""Corner for a new volume beside the layers that are there."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

_GAP = 0.06
"""Gap between adjacent volumes as a fraction of the width of the left one."""


def free_corner(viewer: "Viewer") -> tuple[float, float, float]:
    """Return the corner for a volume to the right of all layers, with aligned top edges."""
    if len(viewer.layers) == 0:
        return (0.0, 0.0, 0.0)
    rightmost = max(viewer.layers, key=lambda layer: float(layer.extent.world[1, -1]))
    return beside(viewer.layers.extent, rightmost)  # of all layers, the gap would grow with each volume


def beside(extent: Any, left: "Layer") -> tuple[float, float, float]:
    """Return the corner to the right of an extent, which napari measures between the centres of voxels."""
    (low, high), side = extent.world, left.extent.step[-1]
    width = left.extent.world[1, -1] - left.extent.world[0, -1] + side
    return (0.0, float(low[-2]), float(high[-1] + side + _GAP * width))
