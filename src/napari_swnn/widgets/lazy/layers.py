"""Lazy layers of volumes, and positions of boxes in them."""

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QMainWindow

from napari_swnn._layer_style import colours_in, name_features
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.viewer_layers import unwrap
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.lazy.block_count import BlockCount
from napari_swnn.widgets.lazy.tiles import Tiles, TileView

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.volume.block_volume import BlockVolume

logger = logging.getLogger(__name__)

_COARSEST = 128
"""Maximum side of the coarsest level, which is drawn in full in 3-D."""
_NOT_COMPUTED = "not computed yet"
"""Text under the cursor where blocks are missing, in place of the name of a phase."""
_ONLY_BOXES = "none (3-D shows only boxes)"
_THE_REST = "the rest"


def get_tiles(layer: Any) -> Tiles | None:
    """Return the tiles of a lazy layer, or None for other layers."""
    data = layer.data[0] if getattr(layer, "multiscale", False) else None
    if not isinstance(data, TileView):
        return None
    tiles: Any = data.tiles
    found: Tiles = unwrap(tiles)
    return found


def look_of_volume(volume: "BlockVolume") -> Look:
    """Return the appearance of a volume that is computed block by block."""
    return Look.of_labels(volume.phase_labels, volume.voxel, colours_in(volume.training))


def open_lazily(
    viewer: "Viewer", volume: "BlockVolume", name: str, metadata: dict[str, Any], output: OutputLayers
) -> "LabelsLayer":
    """Add a volume as a layer that opens immediately and computes only the visible part."""
    outside = [] if volume.outside is None else [volume.outside]
    look = look_of_volume(volume)
    tiles = Tiles(volume, [*volume.phase_labels.phases, look.background, *outside])
    strides = [1, 2]
    while max(volume.shape) // strides[-1] > _COARSEST:
        strides.append(2 * strides[-1])
    levels = [tiles.level(stride) for stride in strides]
    facts = {**metadata, "lazy": True, "pending_label": tiles.pending}
    layer = output.show_levels(levels, name, look, facts, pending=tiles.pending)
    if look.names:
        rest = _ONLY_BOXES if look.phases else _THE_REST  # more than two phases leave the background to 3-D
        layer.features = name_features({look.background: rest, tiles.pending: _NOT_COMPUTED, **look.names})
    BlockCount(viewer, tiles)
    tiles.follow(layer)

    def stop(_event: Any) -> None:
        if layer not in viewer.layers:  # the layer of an event is never the proxy that napari returned to the panel
            tiles.leave()
            viewer.layers.events.removed.disconnect(stop)

    viewer.layers.events.removed.connect(stop)
    window = _find_window(viewer)
    if window is not None:  # the viewer keeps its layers, but nothing can be drawn any more
        window.destroyed.connect(tiles.leave)
    return layer


def _find_window(viewer: "Viewer") -> QMainWindow | None:
    """Return the window of a viewer, which contains its docks; None without docks."""
    docks = getattr(getattr(viewer, "window", None), "dock_widgets", {})
    windows = (panel.window() for panel in docks.values() if hasattr(panel, "window"))
    return next((window for window in windows if isinstance(window, QMainWindow)), None)


def show_volume(
    viewer: "Viewer", data: Any, name: str, look: Look, metadata: dict[str, Any], output: OutputLayers
) -> "LabelsLayer":
    """Add the layer of a result; an error leaves no layer that is half made.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layer.
    data : numpy.ndarray, BlockVolume or list
        Labels in memory, a lazy volume, or the resolution levels of a file, the finest first.
    name : str
        Name of the layer.
    look : Look
        Appearance of a volume that is not lazy.
    metadata : dict
        Origin of the result.
    output : OutputLayers
        Layers of the run.
    """
    before = list(viewer.layers)
    try:
        if isinstance(data, np.ndarray):
            return output.show_result(data, name, look, metadata)
        if isinstance(data, list):
            return output.show_levels(data, name, look, metadata)
        return open_lazily(viewer, data, name, metadata, output)
    except Exception:
        _remove_added(viewer, before)
        raise


def _remove_added(viewer: "Viewer", before: "list[Layer]") -> None:
    """Remove layers that are half made because of an error, which may prevent their removal too."""
    for layer in [each for each in viewer.layers if each not in before]:
        try:
            viewer.layers.remove(layer)
        except Exception:
            logger.exception("A layer could not be removed")


def find_lazy_layer(viewer: "Viewer") -> "LabelsLayer | None":
    """Return the active lazy layer, or else the topmost visible one."""
    active = viewer.layers.selection.active
    if active is not None and get_tiles(active) is not None:
        return active
    found = (layer for layer in reversed(viewer.layers) if layer.visible and get_tiles(layer) is not None)
    return next(found, None)


def pause_tiles(viewer: "Viewer") -> None:
    """Pause the computation of lazy layers until they are next viewed."""
    for tiles in map(get_tiles, viewer.layers):
        if tiles is not None:
            tiles.stop()


def locate_box(viewer: "Viewer", layer: "LabelsLayer", side: int) -> "Window":
    """Return the box at the centre of the view or at the rectangle of the active Shapes layer.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer whose sliders and camera define the centre of the view.
    layer : napari.layers.Labels
        Lazy layer that contains the box.
    side : int
        Number of voxels along each axis, or only along the axis perpendicular to a rectangle.

    Raises
    ------
    BadInputError
        If the rectangle lies outside the layer.
    """
    from napari_swnn.core.grid.windows import Window

    tiles = get_tiles(layer)
    assert tiles is not None
    extents = np.array(tiles.volume.shape)
    point, sides = np.array(viewer.dims.point, float), np.full(len(extents), side)
    displayed = list(viewer.dims.displayed)
    point[displayed[-2:]] = viewer.scene.camera.center[-2:]
    marked = _rectangle(viewer) if viewer.dims.ndisplay == 2 else None
    centre = np.array(layer.world_to_data(point))
    if marked is not None:
        low, high = marked
        ends = []
        for corner in (low, high):
            point[displayed] = corner
            ends.append(np.array(layer.world_to_data(point)))
        shown = [axis - (len(point) - len(extents)) for axis in displayed]
        centre[shown] = (ends[0][shown] + ends[1][shown]) / 2
        sides[shown] = np.maximum(1, np.abs(ends[1][shown] - ends[0][shown]).round().astype(int))
        if np.any(centre[shown] < 0) or np.any(centre[shown] >= extents[shown]):
            raise BadInputError("box", f"The rectangle lies outside “{layer.name}”; draw it on that layer.")
    sides = np.minimum(sides, extents)
    start = np.clip(np.round(centre - sides / 2).astype(int), 0, extents - sides)
    return Window(tuple(map(int, start)), tuple(map(int, start + sides)))


def _rectangle(viewer: "Viewer") -> tuple[np.ndarray, np.ndarray] | None:
    """Return the world coordinates of two corners of the selected shape of the active Shapes layer."""
    from napari.layers import Shapes

    layer = viewer.layers.selection.active
    if not isinstance(layer, Shapes) or len(layer.data) == 0:
        return None
    chosen = sorted(layer.selected_data)[:1] or [len(layer.data) - 1]
    corners = np.array([layer.data_to_world(corner)[-2:] for corner in layer.data[chosen[0]]])
    return corners.min(axis=0), corners.max(axis=0)
