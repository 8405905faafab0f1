"""Positions of layers relative to the image: pixels of the image, rectangles, and parts of it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import AXES
from napari_swnn.preparation import Crop
from napari_swnn.widgets.layers.corner import free_corner
from napari_swnn.widgets.layers.reading import read_placement

if TYPE_CHECKING:
    from napari.layers import Image, Shapes
    from napari.viewer import Viewer


def find_layer(viewer: "Viewer", layer: Any) -> Any:
    """Return the layer itself, as the viewer lists it; the viewer that napari hands to a panel wraps new layers."""
    return next(each for each in viewer.layers if each == layer)


def place_part(layer: "Image", part: Crop) -> dict[str, Any]:
    """Return arguments that place a new 2-D layer on a part of an image."""
    place = read_placement(layer, 2)
    offset = np.array(layer.scale[-2:]) * (part.top, part.left)
    rotate = np.asarray(place.get("rotate", np.eye(2)))
    place["translate"] = tuple(np.array(layer.translate[-2:]) + rotate @ offset)
    return place


def place_stack(layer: "Image", place: dict[str, Any], first: int) -> dict[str, Any]:
    """Return arguments that place a new 3-D layer of sections of a stack.

    Parameters
    ----------
    layer : napari.layers.Image
        Stack.
    place : dict
        Arguments that place one section; see `place_part`.
    first : int
        Position of the first section in the stack.
    """
    step = float(layer.scale[-3])
    return {
        "scale": (step, *place["scale"]),
        "translate": (float(layer.translate[-3]) + first * step, *place["translate"]),
        "units": tuple(layer.units[-3:]),
        "axis_labels": AXES,
    }


def place_beside(viewer: "Viewer", place: dict[str, Any]) -> dict[str, Any]:
    """Return arguments that place a new 2-D layer to the right of all layers, with the pixels of another place."""
    kept = {name: place[name] for name in ("scale", "units", "axis_labels")}
    return {**kept, "translate": free_corner(viewer)[-2:]}


def is_covered(layer: "Image", others: Iterable["Image"]) -> bool:
    """Return True if another image lies at the same place, so that both cannot be seen."""
    low, high = layer.extent.world[:, -2:]
    extents = (other.extent.world[:, -2:] for other in others if other != layer)
    return any(bool((low < end).all() and (start < high).all()) for start, end in extents)


def to_pixel(layer: "Image", world: Any) -> tuple[float, float]:
    """Return the pixel of an image, ``(row, column)``, at a position in the world."""
    at = np.asarray(world, float)[-layer.ndim :]
    full = np.concatenate([np.zeros(max(0, layer.ndim - at.size)), at])
    row, column = layer.world_to_data(full)[-2:]
    return float(row), float(column)


def read_rectangle(shapes: "Shapes", layer: "Image", size: tuple[int, int]) -> Crop | None:
    """Return the bounding box of a shape in pixels of an image.

    Parameters
    ----------
    shapes : napari.layers.Shapes
        Layer with the shape: the selected one, otherwise the last one.
    layer : napari.layers.Image
        Image.
    size : tuple of int
        Size of the image in pixels, ``(height, width)``.

    Returns
    -------
    Crop or None
        Part of the box that lies within the image; None if there is none.
    """
    if shapes.nshapes == 0:
        return None
    index = max(shapes.selected_data) if shapes.selected_data else shapes.nshapes - 1
    corners = np.array([to_pixel(layer, shapes.data_to_world(corner)) for corner in shapes.data[index]])
    low = np.clip(np.floor(corners.min(axis=0) + 0.5), 0, size).astype(int)  # pixel k covers k - 1/2 to k + 1/2
    high = np.clip(np.floor(corners.max(axis=0) + 0.5), 0, size).astype(int)
    if (high - low).min() < 2:
        return None
    return Crop(int(low[0]), int(low[1]), *(int(n) for n in high - low))
