"""Figures of curves of more than two phases: one panel for each phase, or pair of phases, and statistic."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from napari_swnn.figures._curves import ORIGIN, add_legend, draw_comparison, find_end
from napari_swnn.figures._style import TITLE, Colours, colour_phases

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_swnn.validation import PhaseGroup, ValidationReport

MOST_COLUMNS = 4
"""Largest number of panels beside each other."""

_TITLE_WIDTH = 26
"""Largest number of characters in a line of the title of a panel."""

_SIGNED = ("autocovariance",)
_DISTRIBUTIONS = ("chord_lengths", "pore_sizes")


def phase_correlation_figure(report: ValidationReport, colours: Colours | None = None) -> Figure:
    """Draw S₂ of each phase, in full and enlarged near the origin, and the lineal path."""
    rows = [("two_point_correlation", None), ("two_point_correlation", ORIGIN + 1), ("lineal_path", None)]
    return _draw_rows(report, rows, report.phases, colours)


def phase_distribution_figure(report: ValidationReport, colours: Colours | None = None) -> Figure:
    """Draw the normalised autocovariance, chord lengths and feature sizes of each phase."""
    rows = [("autocovariance", None), *((key, None) for key in _DISTRIBUTIONS)]
    return _draw_rows(report, rows, report.phases, colours)


def pair_figure(report: ValidationReport, colours: Colours | None = None) -> Figure:
    """Draw the cross-correlation of each pair of phases.

    Raises
    ------
    ValueError
        If the report is about two phases.
    """
    if not report.pairs:
        raise ValueError("report must be about more than two phases, got two, which have one interface")
    return _draw_rows(report, [("cross_correlation", None)], report.pairs, colours)


def _draw_rows(
    report: ValidationReport,
    rows: Sequence[tuple[str, int | None]],
    groups: Sequence[PhaseGroup],
    colours: Colours | None,
) -> Figure:
    """Draw a panel for each statistic, below each other, and group, beside each other."""
    from matplotlib.figure import Figure

    n_columns = min(MOST_COLUMNS, len(groups))
    n_lines = -(-len(groups) // n_columns)
    figure = Figure(figsize=(9.5, 0.5 + 2.3 * len(rows) * n_lines), layout="constrained")
    panels = figure.subplots(len(rows) * n_lines, n_columns, squeeze=False)
    painted = colour_phases(report.names, colours)
    for i, (key, longest) in enumerate(rows):
        block = panels[i * n_lines : (i + 1) * n_lines].ravel()
        for axes in block[len(groups) :]:
            axes.set_axis_off()
        for axes, group in zip(block, groups, strict=False):
            _draw_panel(axes, group, key, longest)
            _write_title(axes, group.name + (": origin" if longest else ""), [painted[label] for label in group.labels])
    add_legend(figure, panels[0, 0])
    return figure


def _draw_panel(axes: Axes, group: PhaseGroup, key: str, longest: int | None) -> None:
    curve = group.curves[key]
    draw_comparison(axes, curve, longest=longest)
    if key in _SIGNED:
        axes.axhline(0, color="#999999", linewidth=0.6)
    elif longest is None:
        axes.set_ylim(bottom=0)
    if key in _DISTRIBUTIONS:
        axes.set_xlim(0, find_end(curve))


def _write_title(axes: Axes, name: str, colours: Sequence[str]) -> None:
    """Write the name of a phase or pair above the panel, with swatches; the statistic is named on the axis."""
    from matplotlib.patches import Rectangle

    axes.set_title("")
    axes.set_title(fill(name, _TITLE_WIDTH), loc="left", x=0.07 * len(colours) + 0.02, fontsize=TITLE - 1)
    for i, colour in enumerate(colours):
        swatch = Rectangle((0.07 * i, 1.04), 0.055, 0.06, transform=axes.transAxes, clip_on=False)
        swatch.set(facecolor=colour, edgecolor="#666666", linewidth=0.5)
        axes.add_patch(swatch)
