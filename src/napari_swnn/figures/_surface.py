"""Surface of a phase in 3-D, drawn on 2-D axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import BoolArray, FloatArray
from napari_swnn.figures._style import SURFACE_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_surface(axes: Axes, inside: BoolArray) -> None:
    """Draw the surface of a phase in isometric view, or only the bounding box if there is no surface.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        2-D axes. The triangles are projected and drawn from back to front, which is much faster than on the 3-D axes
        of matplotlib.
    inside : numpy.ndarray
        Boolean volume ``(z, y, x)``.
    """
    right, up, towards = camera()
    triangles = _triangles(inside)
    if len(triangles):
        _draw_triangles(axes, triangles, right, up, towards)
    draw_box(axes, inside.shape, right, up)
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.set_axis_off()


def _triangles(inside: BoolArray) -> FloatArray:
    """Return the corners ``(n, 3, 3)`` of the surface triangles as (z, y, x) in voxels."""
    from skimage.measure import marching_cubes

    # Average to the resolution of the picture; zero padding closes the surface at the faces of the volume.
    side = max(1, round(max(inside.shape) / 80))
    sides = [min(side, n) for n in inside.shape]
    averaged = np.pad(_averaged(inside, sides), 1)
    if averaged.max() <= 0.5:
        return np.empty((0, 3, 3))
    vertices, corners, *_ = marching_cubes(averaged, 0.5)
    return np.asarray(((vertices - 0.5) * sides)[corners])


def _draw_triangles(axes: Axes, triangles: FloatArray, right: FloatArray, up: FloatArray, towards: FloatArray) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    outward = np.cross(triangles[:, 2] - triangles[:, 0], triangles[:, 1] - triangles[:, 0])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-9
    facing = outward @ towards
    visible = np.flatnonzero(facing > 0)
    order = visible[np.argsort(triangles[visible].mean(axis=1) @ towards)]
    light = 0.35 + 0.65 * np.clip(outward[order] @ (0.8 * towards + 0.6 * up), 0, 1)
    outline = np.stack([triangles[order] @ right, triangles[order] @ up], axis=-1)
    colours = np.clip(light[:, None] * np.array(to_rgb(SURFACE_COLOUR)) * 1.1, 0, 1)
    faces = PolyCollection(list(outline), facecolors=colours, edgecolors=colours, linewidths=0.2)
    faces.set_rasterized(True)  # thousands of triangles would bloat an SVG file
    axes.add_collection(faces)


def _averaged(inside: BoolArray, sides: Sequence[int]) -> FloatArray:
    """Return the means over boxes of `sides` voxels as ``float32``."""
    whole = inside[tuple(slice(n // side * side) for n, side in zip(inside.shape, sides, strict=True))]
    blocks = whole.reshape([m for n, side in zip(whole.shape, sides, strict=True) for m in (n // side, side)])
    return np.asarray(blocks.mean(axis=(1, 3, 5)), np.float32)


def camera() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the unit vectors of an isometric view as (z, y, x): right, up and towards the viewer; z points down."""
    towards = np.array([-1.0, 1.0, 1.0]) / np.sqrt(3)
    right = np.array([0.0, -1.0, 1.0]) / np.sqrt(2)
    up = np.array([-2.0, -1.0, -1.0]) / np.sqrt(6)
    return right, up, towards


def draw_box(axes: Axes, shape: Sequence[int], right: FloatArray, up: FloatArray) -> None:
    """Draw the edges of a box below everything else."""
    corners = np.array(list(np.ndindex(2, 2, 2))) * np.array(shape)
    for i, a in enumerate(corners):
        for b in corners[i + 1 :]:
            if np.count_nonzero(a != b) == 1:
                ends = np.array([a, b])
                axes.plot(ends @ right, ends @ up, color="#999999", linewidth=0.6, zorder=0)
