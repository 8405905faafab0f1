"""Region of interest marked by a Labels or Shapes layer, matched with the reference by its place in the viewer."""

from typing import TYPE_CHECKING

import numpy as np

from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.grid import Grid, read_grid
from napari_swnn.widgets.layers.reading import copy_values

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Shapes as ShapesLayer

    from napari_swnn._types import BoolArray, FloatArray, Shape

_AREAS = ("rectangle", "polygon", "ellipse")
"""Types of shapes that enclose an area."""
_CORNERS = 256
"""Number of corners of the polygon that stands for an ellipse."""


def read_region(layer: "LabelsLayer | ShapesLayer", grid: Grid, shape: "Shape", control: str) -> "BoolArray":
    """Return the part of a reference that a layer marks.

    Parameters
    ----------
    layer : napari.layers.Labels or napari.layers.Shapes
        Labels other than 0, or areas of shapes, mark the region. It may have pixels of another size; the nearest one
        decides. Shapes and 2-D labels apply to every plane of a volume.
    grid : Grid
        Positions of the pixels of the reference.
    shape : tuple of int
        Shape of the reference.
    control : str
        Key of the control that a problem belongs to.

    Returns
    -------
    numpy.ndarray
        Booleans with the shape of the reference.

    Raises
    ------
    BadInputError
        If the region is empty or lies beside the reference.
    """
    from napari.layers import Shapes

    inside = (_read_shapes if isinstance(layer, Shapes) else _read_labels)(layer, grid, shape, control)
    if not inside.any():
        text = f"“{layer.name}” marks no pixel of “{grid.name}”: it lies beside it; move it, or draw it on the image."
        raise BadInputError(control, text)
    return np.broadcast_to(inside, shape).copy() if inside.ndim < len(shape) else inside


def _read_labels(layer: "LabelsLayer", grid: Grid, shape: "Shape", control: str) -> "BoolArray":
    marked = copy_values(layer, control) != 0
    if not marked.any():
        raise BadInputError(control, "The region of interest is empty; paint where the material is.")
    if marked.ndim > len(shape):
        raise BadInputError(
            control, f"“{layer.name}” is a volume, but “{grid.name}” a section; mark the region in the same plane."
        )
    n = marked.ndim
    matrix, offset = grid.of_last_axes(n, control).index_in(read_grid(layer, n, control))
    return resample_nearest(marked, matrix, offset, shape[-n:])


def resample_nearest(values: np.ndarray, matrix: "FloatArray", offset: "FloatArray", shape: "Shape") -> np.ndarray:
    """Return the values at the indices ``matrix @ i + offset``, taken from the nearest pixel; 0 outside.

    Parameters
    ----------
    values : numpy.ndarray
        Labels or booleans.
    matrix, offset : numpy.ndarray
        ``(n, n)`` and ``(n,)``.
    shape : tuple of int
        Shape of the result.
    """
    from scipy.ndimage import affine_transform

    is_same = np.allclose(matrix, np.eye(len(shape)), atol=1e-6) and np.abs(offset).max() < 1e-3
    if is_same and values.shape == tuple(shape):
        return values
    padded = np.pad(values.view(np.uint8) if values.dtype == bool else values, 1)  # pixels reach beyond their centres
    is_diagonal = np.allclose(matrix, np.diag(np.diagonal(matrix)), atol=1e-9)
    found = affine_transform(
        padded,
        np.diagonal(matrix).copy() if is_diagonal else matrix,
        offset + 1,
        output_shape=tuple(shape),
        order=0,
        prefilter=False,
    )
    return found.astype(bool) if values.dtype == bool else found


def _read_shapes(layer: "ShapesLayer", grid: Grid, shape: "Shape", control: str) -> "BoolArray":
    from skimage.draw import polygon

    pairs = zip(layer.data, layer.shape_type, strict=True)
    areas = [_outline(np.asarray(corners, float)[:, -2:], kind) for corners, kind in pairs if kind in _AREAS]
    if not areas:
        text = f"“{layer.name}” encloses no area; draw a rectangle, a polygon or an ellipse."
        raise BadInputError(control, text)
    matrix, offset = read_grid(layer, 2, control).index_in(grid.of_last_axes(2, control))
    inside = np.zeros(shape[-2:], bool)
    for corners in areas:
        rows, columns = (corners @ matrix.T + offset).T
        inside[polygon(rows, columns, inside.shape)] = True
    return inside


def _outline(corners: "FloatArray", kind: str) -> "FloatArray":
    """Return the corners of a shape; an ellipse is given by those of the rectangle around it."""
    if kind != "ellipse":
        return corners
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)[:, None]
    middle = corners.mean(axis=0)
    first, second = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    outline: FloatArray = middle + np.cos(angle) * first + np.sin(angle) * second
    return outline
