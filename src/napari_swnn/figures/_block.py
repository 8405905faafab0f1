"""A block of several phases in isometric view, with the phases on its three visible faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import Labels
from napari_swnn.figures._style import Colours, paint
from napari_swnn.figures._surface import camera, draw_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHADES = {0: 1.0, 1: 0.72, 2: 0.86}
"""Brightness of the faces normal to z, y and x, which shows where the edges are."""


def draw_block(axes: Axes, labels: Labels, colours: Colours) -> None:
    """Draw the faces of a block in isometric view.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        2-D axes.
    labels : numpy.ndarray
        Labels ``(z, y, x)``.
    colours : mapping of int to str
        Colour of each label.
    """
    from matplotlib.transforms import Affine2D

    right, up, _ = camera()
    for axis, end in ((0, 0), (1, -1), (2, -1)):  # the faces towards the viewer
        rows, columns = (a for a in range(3) if a != axis)
        corner = np.zeros(3)
        corner[axis] = 0 if end == 0 else labels.shape[axis]
        picture = paint(np.take(labels, end, axis), colours) * _SHADES[axis]
        # Pixel (i, j) of the picture covers j to j + 1 along the columns and i to i + 1 along the rows.
        matrix = [
            [right[columns], right[rows], corner @ right],
            [up[columns], up[rows], corner @ up],
            [0, 0, 1],
        ]
        height, width = picture.shape[:2]
        image = axes.imshow(picture, extent=(0, width, height, 0), interpolation="nearest", zorder=1)
        image.set_transform(Affine2D(np.array(matrix)) + axes.transData)
    draw_box(axes, labels.shape, right, up)
    corners = np.array(list(np.ndindex(2, 2, 2))) * np.array(labels.shape)
    for values, set_limits in ((corners @ right, axes.set_xlim), (corners @ up, axes.set_ylim)):
        margin = 0.04 * float(np.ptp(values))
        set_limits(values.min() - margin, values.max() + margin)
    axes.set_aspect("equal")
    axes.set_axis_off()
