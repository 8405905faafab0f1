"""Figures of sections of the reference and of the realisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import AXES, Labels, Shape
from napari_swnn._voxel_size import VoxelSize, format_lengths
from napari_swnn.figures._block import draw_block
from napari_swnn.figures._curves import draw_comparison
from napari_swnn.figures._style import TEXT, TITLE, Colours, colour_phases, paint
from napari_swnn.figures._surface import draw_surface

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import ValidationReport

MOST_REALISATIONS = 3
"""Largest number of realisations in a figure."""


def reconstruction_figure(
    volume: Labels,
    reference: Reference,
    report: ValidationReport,
    *,
    target: float | None = None,
    colours: Colours | None = None,
) -> Figure:
    """Draw a reference and one reconstruction.

    The figure shows the reference, three orthogonal sections at the same magnification, the surface of the phase of
    interest in 3-D, or with more than two phases the faces of the volume, and the two-point correlation and lineal path
    of the phase of interest of both. A 2-D reconstruction is shown in full.

    Parameters
    ----------
    volume : numpy.ndarray
        Labels ``(z, y, x)`` or ``(y, x)``.
    reference : Reference
        Reference that the volume was generated from.
    report : ValidationReport
        Report on this volume.
    target : float, optional
        Target porosity to show in the titles.
    colours : mapping of int to str, optional
        Colour of each label, used for more than two phases.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7.2), layout="constrained")
    grid = figure.add_gridspec(2, 12)
    is_several = report.n_phases > 2
    shown = volume if is_several else volume == reference.phase
    name = f"{report.names[report.phase]} " if is_several else "porosity "
    fraction = float((volume == reference.phase).mean())
    porosity = f"{name}{fraction:.3f}" + ("" if target is None else f" (target {target:.3f})")
    own = central(report.reference_sections[0], _magnified(shown.shape))
    pictures = [(own, f"reference, {name}{reference.porosity:.3f}"), *_titled_sections(shown, porosity)]
    width = 12 // len(pictures)
    painted = colour_phases(report.names, colours)
    for i, (image, title) in enumerate(pictures):
        _show(figure.add_subplot(grid[0, width * i : width * (i + 1)]), image, title, painted)
    first = 0
    if shown.ndim == 3:
        first, surface = 4, figure.add_subplot(grid[1, :4])
        _draw_in_3d(surface, shown, painted)
        surface.set_title(porosity, fontsize=TITLE)
    if is_several:
        _add_phase_legend(figure, report, painted)
    middle = (first + 12) // 2
    for columns, comparison in ((slice(first, middle), report.two_point), (slice(middle, 12), report.lineal_path)):
        axes = figure.add_subplot(grid[1, columns])
        draw_comparison(axes, comparison)
        if is_several:
            axes.set_title(f"{comparison.name} of {report.names[report.phase]}", fontsize=TITLE)
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, fontsize=TEXT)
    return figure


def _titled_sections(shown: Labels, porosity: str) -> list[tuple[Labels, str]]:
    if shown.ndim == 2:
        return [(shown, porosity)]
    middle = [np.take(shown, n // 2, axis) for axis, n in enumerate(shown.shape)]
    return [(section, f"section normal to {name}") for section, name in zip(middle, AXES, strict=True)]


def sections_figure(report: ValidationReport, colours: Colours | None = None) -> Figure:
    """Draw sections of the reference and, below, of up to three realisations, all at the same magnification.

    Next to a single section of the reference, a volume is drawn in 3-D: the surface of the phase of interest, or with
    more than two phases the faces of the volume.

    Parameters
    ----------
    report : ValidationReport
        Report to draw.
    colours : mapping of int to str, optional
        Colour of each label, used for more than two phases.
    """
    from matplotlib.figure import Figure

    painted = colour_phases(report.names, colours)
    shown_volumes = report.volume_sections[:MOST_REALISATIONS]
    rows = [report.reference_sections, *shown_volumes]
    side = min(
        *(n for image in report.reference_sections for n in image.shape),
        *(_magnified(shape) for shape in report.shapes[:MOST_REALISATIONS]),
    )
    n_columns = max(map(len, rows))
    figure = Figure(figsize=(2.9 * n_columns, 3.1 * len(rows)), layout="constrained")
    grid = figure.add_gridspec(len(rows), n_columns)
    for i, images in enumerate(rows):
        for j, (image, name) in enumerate(zip(images, _names(report, i), strict=False)):
            axes = figure.add_subplot(grid[i, j])
            _show(axes, central(image, side), name, painted)
            if i == j == 0:
                _draw_scale_bar(axes, side, report.voxel)
    if len(report.reference_sections) == 1 and report.block.ndim == 3:
        surface = figure.add_subplot(grid[0, 1:])
        _draw_in_3d(surface, report.block, painted)
        surface.set_title("realisation 1: " + " × ".join(map(str, report.block.shape)) + " voxels", fontsize=TITLE - 1)
    if report.n_phases > 2:
        _add_phase_legend(figure, report, painted)
    return figure


def _draw_in_3d(axes: Axes, volume: Labels, colours: Colours) -> None:
    """Draw the surface of a phase, given as booleans, or the faces of a volume of labels."""
    if volume.dtype == bool:
        draw_surface(axes, volume.astype(bool, copy=False))
    else:
        draw_block(axes, volume, colours)


def _add_phase_legend(figure: Figure, report: ValidationReport, colours: Colours) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=colours[label], edgecolor="#666666", linewidth=0.5, label=name)
        for label, name in report.names.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=TEXT + 1)


def _magnified(shape: Shape) -> int:
    """Return the side of the largest square in a section, so that thin volumes do not limit the view of the others."""
    return sorted(shape)[len(shape) - 2]


def central(image: Labels, side: int) -> Labels:
    """Return the central part of an image, at most `side` pixels wide and high."""
    starts = [max(0, (extent - side) // 2) for extent in image.shape]
    return image[tuple(slice(start, start + side) for start in starts)]


def _names(report: ValidationReport, row: int) -> list[str]:
    if row == 0:
        n = len(report.reference_sections)
        return ["reference"] if n == 1 else [f"reference, section {i + 1}" for i in range(n)]
    name = f"realisation {row}"
    return [name] if report.block.ndim == 2 else [f"{name}, normal to {axis}" for axis in AXES]


def _draw_scale_bar(axes: Axes, side: int, voxel: VoxelSize) -> None:
    """Draw a scale bar in the corner, with a round length of at most a quarter of the image width."""
    from matplotlib.font_manager import FontProperties
    from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

    wanted = side * voxel.value / 4
    power = 10.0 ** np.floor(np.log10(wanted))
    length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    bar = AnchoredSizeBar(
        axes.transData,
        length / voxel.value,
        format_lengths((length,), voxel.unit),
        "lower left",
        size_vertical=side / 60,
        fill_bar=True,
        pad=0.5,
        sep=4,
        borderpad=0.4,
        fontproperties=FontProperties(size=TEXT),
    )
    bar.patch.set_linewidth(0)
    axes.add_artist(bar)


def _show(axes: Axes, image: Labels, title: str, colours: Colours) -> None:
    """Show a section: the phase of interest, given as booleans, in white, or labels in their colours."""
    picture = image if image.dtype == bool else paint(image, colours)
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_title(title, fontsize=TITLE - 1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color="#888888", linewidth=0.6)  # outlines white phases on white paper
