"""Figures of statistics that depend on distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._voxel_size import format_units
from napari_swnn.figures._style import REFERENCE_COLOUR, RESULT_COLOUR, TEXT, TITLE, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from napari_swnn.validation import CurveComparison, ValidationReport

ORIGIN = 8
"""Longest distance in the enlarged view near the origin, in voxels."""


def draw_comparison(axes: Axes, comparison: CurveComparison, *, longest: int | None = None) -> None:
    """Draw the realisations, their mean, and the reference with its 95 % confidence interval.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes to draw on.
    comparison : CurveComparison
        Statistic to draw.
    longest : int, optional
        Number of distances to show from the origin, with markers; by default all distances, without markers.
    """
    part = slice(longest)
    mark, distance = None if longest is None else ".", comparison.distance[part]
    for curve in comparison.realisations:
        for along in curve.by_axis:
            axes.plot(distance, along[part], color=RESULT_COLOUR, alpha=0.25, linewidth=0.8)
    mean, reference = comparison.mean[part], comparison.reference.values[part]
    label = "mean of realisations (thin: individual axes)"
    axes.plot(distance, mean, color=RESULT_COLOUR, marker=mark, label=label)
    axes.plot(distance, reference, color=REFERENCE_COLOUR, linestyle="--", marker=mark, label="reference")
    _draw_interval(axes, comparison, part)
    axes.set_xlabel(format_units(f"{comparison.argument} ({comparison.reference.unit})"), fontsize=TEXT + 1)
    axes.set_ylabel(_labelled(comparison), fontsize=TEXT + 1)
    axes.set_title(comparison.name + (": origin" if longest else ""), fontsize=TITLE)
    axes.margins(x=0)
    tidy(axes)


def correlation_figure(report: ValidationReport) -> Figure:
    """Draw the two-point correlation and the lineal path, in full and enlarged near the origin."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 7), layout="constrained")
    panels = figure.subplots(2, 2)
    for (whole, origin), comparison in zip(panels, (report.two_point, report.lineal_path), strict=True):
        draw_comparison(whole, comparison)
        draw_comparison(origin, comparison, longest=ORIGIN + 1)
        whole.set_ylim(bottom=0)
    _draw_limit(panels[0, 0], report.reference_porosity**2)
    add_legend(figure, panels[0, 0])
    return figure


def distribution_figure(report: ValidationReport) -> Figure:
    """Draw the normalised autocovariance, chord lengths, two-point cluster function and pore sizes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 7), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    names = ("autocovariance", "chord_lengths", "two_point_cluster", "pore_sizes")
    for axes, name in zip(panels, names, strict=True):
        draw_comparison(axes, report.curves[name])
        if name != "autocovariance":
            axes.set_ylim(bottom=0)
            axes.set_xlim(0, find_end(report.curves[name]))
    panels[0].axhline(0, color="#999999", linewidth=0.6)
    add_legend(figure, panels[0])
    return figure


def _draw_interval(axes: Axes, comparison: CurveComparison, part: slice) -> None:
    middle, half = comparison.reference.values[part], comparison.half_width[part]
    if not np.isfinite(half).any():
        return
    low = middle - half if (comparison.reference.values < 0).any() else np.maximum(0, middle - half)
    axes.fill_between(
        comparison.distance[part],
        low,
        middle + half,
        color=REFERENCE_COLOUR,
        alpha=0.1,
        linewidth=0,
        label="95 % interval of the reference",
    )


def _draw_limit(axes: Axes, value: float) -> None:
    """Mark the limit of S₂ at long distances, with a label next to the axes."""
    axes.axhline(value, color="#999999", linewidth=0.8, linestyle=":")
    place = axes.get_yaxis_transform()
    axes.text(1.01, value, "φ²", transform=place, va="center", fontsize=TEXT, color="#666666")


def add_legend(figure: Figure, axes: Axes) -> None:
    """Add the legend of one panel below all panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=TEXT + 1)


def _labelled(comparison: CurveComparison) -> str:
    return format_units(f"{comparison.symbol} ({comparison.unit})") if comparison.unit else comparison.symbol


def find_end(comparison: CurveComparison) -> float:
    """Return a distance slightly beyond the point where the curves fall below 1 % of their maximum."""
    values = np.nan_to_num(np.array([comparison.mean, comparison.reference.values]))
    seen = np.flatnonzero((values > 0.01 * values.max()).any(axis=0))
    last = min(len(comparison.distance) - 1, int(1.1 * seen[-1]) + 1)
    return float(comparison.distance[last])
