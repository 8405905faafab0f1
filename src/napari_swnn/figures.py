"""Figures of a reconstruction, drawn with matplotlib and without a display."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import BoolArray, FloatArray, Labels, Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_swnn.core.reference import Reference
    from napari_swnn.validation import CurveComparison, ValidationReport

REFERENCE_COLOUR, RESULT_COLOUR, SURFACE_COLOUR = "#222222", "#c8553d", "#d9a441"


def reconstruction_figure(
    volume: Labels, reference: Reference, report: ValidationReport, *, target: float | None = None
) -> Figure:
    """Picture of a reference and one reconstruction of it.

    The reference, three orthogonal sections at the same magnification, the surface of the phase of interest in 3-D,
    and the two-point correlation and lineal path of both.

    Parameters
    ----------
    volume : numpy.ndarray
        Labels ``(z, y, x)``.
    reference : Reference
        What it was made from.
    report : ValidationReport
        Of this volume.
    target : float, optional
        The porosity that was asked for, for the caption.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7.2), layout="constrained")
    grid = figure.add_gridspec(2, 12)
    pictures = [figure.add_subplot(grid[0, 3 * i : 3 * i + 3]) for i in range(4)]
    side = min(volume.shape)
    _show(pictures[0], _central(reference.sections[0].image, side), f"reference, porosity {reference.porosity:.3f}")
    for axis, name in enumerate(("z", "y", "x")):
        section = np.take(volume, volume.shape[axis] // 2, axis) == reference.phase
        _show(pictures[axis + 1], section, f"section normal to {name}")
    surface = figure.add_subplot(grid[1, :4])
    asked = "" if target is None else f" ({target:.3f} asked for)"
    draw_surface(surface, volume == reference.phase)
    surface.set_title(f"porosity {report.porosity:.3f}{asked}", fontsize=10)
    draw_comparison(figure.add_subplot(grid[1, 4:8]), report.two_point, symbol="S₂(r)", argument="r")
    draw_comparison(figure.add_subplot(grid[1, 8:]), report.lineal_path, symbol="L(z)", argument="z")
    return figure


def save_figure(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Write a figure to a file; the ending says the format."""
    figure.savefig(path, dpi=dpi)


def draw_comparison(axes: Axes, comparison: CurveComparison, *, symbol: str, argument: str) -> None:
    """Curves of the realisations, their mean, and the reference, on one pair of axes."""
    distance = comparison.reference.distance
    for curve in comparison.realisations:
        for along in curve.by_axis:
            axes.plot(distance, along, color=RESULT_COLOUR, alpha=0.25, linewidth=0.8)
    axes.plot(distance, comparison.mean, color=RESULT_COLOUR, label="reconstruction (thin: each axis)")
    axes.plot(distance, comparison.reference.values, color=REFERENCE_COLOUR, linestyle="--", label="reference")
    axes.set_xlabel(f"{argument} ({comparison.reference.unit})")
    axes.set_ylabel(symbol)
    axes.set_title(comparison.name, fontsize=10)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.legend(frameon=False, fontsize=8)


def draw_surface(axes: Axes, inside: BoolArray) -> None:
    """Draw the surface of a phase, seen from above one corner.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Plain 2-D axes: triangles are projected here and painted from back to front, which is far quicker than
        matplotlib's own 3-D axes.
    inside : numpy.ndarray
        ``(z, y, x)`` booleans.
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb
    from skimage.measure import marching_cubes

    # Averaged to what the picture can show, with a rim of emptiness that closes the surface at the volume's faces.
    side = max(1, round(max(inside.shape) / 80))
    vertices, faces, *_ = marching_cubes(np.pad(_averaged(inside, side), 1), 0.5)
    triangles = ((vertices - 0.5) * side)[faces]  # (n, 3, 3), (z, y, x)
    outward = np.cross(triangles[:, 2] - triangles[:, 0], triangles[:, 1] - triangles[:, 0])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-9
    right, up, towards = _camera()
    facing = outward @ towards
    visible = np.flatnonzero(facing > 0)
    order = visible[np.argsort(triangles[visible].mean(axis=1) @ towards)]
    light = 0.35 + 0.65 * np.clip(outward[order] @ (0.8 * towards + 0.6 * up), 0, 1)
    outline = np.stack([triangles[order] @ right, triangles[order] @ up], axis=-1)
    colours = np.clip(light[:, None] * np.array(to_rgb(SURFACE_COLOUR)) * 1.1, 0, 1)
    axes.add_collection(PolyCollection(list(outline), facecolors=colours, edgecolors=colours, linewidths=0.2))
    _draw_box(axes, inside.shape, right, up)
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.set_axis_off()


def _averaged(inside: BoolArray, side: int) -> FloatArray:
    """Means over blocks of `side` voxels, ``float32``."""
    whole = inside[tuple(slice(n // side * side) for n in inside.shape)]
    blocks = whole.reshape([m for n in whole.shape for m in (n // side, side)])
    return np.asarray(blocks.mean(axis=(1, 3, 5)), np.float32)


def _camera() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Unit vectors ``(z, y, x)`` of an isometric view: to the right, upwards, towards the eye; z points down."""
    towards = np.array([-1.0, 1.0, 1.0]) / np.sqrt(3)
    right = np.array([0.0, -1.0, 1.0]) / np.sqrt(2)
    up = np.array([-2.0, -1.0, -1.0]) / np.sqrt(6)
    return right, up, towards


def _draw_box(axes: Axes, shape: Sequence[int], right: FloatArray, up: FloatArray) -> None:
    corners = np.array(list(np.ndindex(2, 2, 2))) * np.array(shape)
    for i, a in enumerate(corners):
        for b in corners[i + 1 :]:
            if np.count_nonzero(a != b) == 1:
                ends = np.array([a, b])
                axes.plot(ends @ right, ends @ up, color="#999999", linewidth=0.6, zorder=0)


def _central(image: BoolArray, side: int) -> BoolArray:
    starts = [max(0, (extent - side) // 2) for extent in image.shape]
    return image[tuple(slice(start, start + side) for start in starts)]


def _show(axes: Axes, image: Any, title: str) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()
