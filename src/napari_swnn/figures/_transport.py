"""Figures of conductivity, permeability, and sections of the temperature and velocity fields."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn.figures._sections import MOST_REALISATIONS
from napari_swnn.figures._style import (
    MARKERS,
    RESULT_COLOUR,
    SOLID_COLOUR,
    TEXT,
    TITLE,
    Colours,
    colour_phases,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from napari_swnn.validation import FieldSection, QuantityComparison, ValidationReport


def transport_figure(report: ValidationReport, colours: Colours | None = None) -> Figure:
    """Draw conductivity and permeability, with one marker for each realisation and axis.

    With more than two phases, the tortuosity factors are drawn too, and the conductivity only if it was computed.

    Raises
    ------
    ValueError
        If the report contains no physics.
    """
    from matplotlib.figure import Figure

    _check_physics(report)
    n_panels = bool(report.conductivities) + (report.n_phases > 2) + 1
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    panels = iter(figure.subplots(1, n_panels))
    if report.conductivities:
        left = next(panels)
        _draw_dots(left, report.quantities["conductivity"])
        _draw_bounds(left, report)
        left.set_ylabel(f"conductivity ({report.quantities['conductivity'].unit})", fontsize=TEXT + 1)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=2, frameon=False, fontsize=TEXT)
    if report.n_phases > 2:
        _draw_tortuosity(next(panels), report, colours)
    right = next(panels)
    permeability = report.quantities.get("permeability_in_m2", report.quantities["permeability"])
    _draw_dots(right, permeability)
    right.set_ylabel(f"permeability ({permeability.unit})", fontsize=TEXT + 1)
    if report.n_phases > 2:
        right.set_title(f"permeability of {report.names[report.phase]}", fontsize=TITLE)
    _mark_blocked(right, report)
    return figure


def field_figure(report: ValidationReport) -> Figure:
    """Draw temperature and velocity in the middle sections of up to three realisations.

    Without a conductivity, only the velocity is drawn.

    Raises
    ------
    ValueError
        If the report contains no physics.
    """
    from matplotlib.figure import Figure

    _check_physics(report)
    shown = report.transport[:MOST_REALISATIONS]
    figure = Figure(figsize=(9.5, 4.3 * len(shown)), layout="constrained")
    panels = figure.subplots(len(shown), 2, squeeze=False)
    for i, ((left, right), transport) in enumerate(zip(panels, shown, strict=True), 1):
        if transport.temperature is None:
            left, right = right, left
            right.set_anchor("W")
            left.set_axis_off()
        else:
            _draw_field(left, transport.temperature, f"realisation {i}: temperature", _draw_temperature)
        if transport.speed is None:
            right.text(0.5, 0.5, "no flow: the phase does not percolate\nalong any axis", ha="center", fontsize=TITLE)
            right.set_axis_off()
        else:
            _draw_field(right, transport.speed, f"realisation {i}: velocity", _draw_speed)
    return figure


def _check_physics(report: ValidationReport) -> None:
    if not report.transport:
        raise ValueError("report must contain physics, got none; use validate(..., physics=True)")


def _draw_dots(axes: Axes, comparison: QuantityComparison) -> None:
    """Draw one column for each axis and one for the mean, with the realisations side by side."""
    n = len(comparison.realisations)
    offsets = np.linspace(-0.2, 0.2, n) if n > 1 else np.zeros(1)
    for i, (quantity, offset) in enumerate(zip(comparison.realisations, offsets, strict=True)):
        values = [*quantity.by_axis, quantity.value]
        places = np.arange(len(values)) + offset
        marker = MARKERS[i % len(MARKERS)]
        axes.plot(places[:-1], values[:-1], marker, color=RESULT_COLOUR, alpha=0.75, markersize=5, clip_on=False)
        axes.plot(places[-1:], values[-1:], marker, color="black", markersize=5, clip_on=False)
    axes.axvline(2.5, color="#cccccc", linewidth=0.8)
    axes.set_xticks(range(4), ["along z", "along y", "along x", "mean"])
    axes.set_xlim(-0.5, 3.5)
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", useMathText=True)
    axes.yaxis.get_offset_text().set_fontsize(TEXT)
    axes.set_title(comparison.name.removesuffix(" (3-D)"), fontsize=TITLE)
    tidy(axes)


def _draw_tortuosity(axes: Axes, report: ValidationReport, colours: Colours | None) -> None:
    """Draw the tortuosity factors of each phase: the axes in its colour, and the value of the mean diffusivity."""
    painted = colour_phases(report.names, colours)
    n = report.n_volumes
    for place, group in enumerate(report.phases):
        colour = painted[group.labels[0]]
        for i, quantity in enumerate(group.quantities["tortuosity_factor"].realisations):
            x = place + (0.4 * i / (n - 1) - 0.2 if n > 1 else 0)
            marker = MARKERS[i % len(MARKERS)]
            along = quantity.by_axis[np.isfinite(quantity.by_axis)]
            axes.plot([x] * len(along), along, marker, color=colour, markeredgecolor="#666666", markeredgewidth=0.4)
            axes.plot([x], [quantity.value], marker, color="black", markersize=5)
        along_all = [np.isfinite(q.by_axis).all() for q in group.quantities["tortuosity_factor"].realisations]
        count = len(along_all) - sum(along_all)
        if count:
            text = f"{count} of {n} not\npercolating\nalong all axes"
            axes.text(place, 0.99, text, transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=TEXT)
    axes.axhline(1, color="#cccccc", linewidth=0.8)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))  # room for remarks at the top
    axes.set_xticks(range(len(report.phases)), [fill(group.name, 12) for group in report.phases])
    axes.set_xlim(-0.6, len(report.phases) - 0.4)
    axes.set_ylabel("tortuosity factor", fontsize=TEXT + 1)
    axes.set_title("tortuosity factor", fontsize=TITLE)
    tidy(axes)


def _draw_bounds(axes: Axes, report: ValidationReport) -> None:
    """Draw the widest bounds over all realisations: Hashin–Shtrikman as a band, Wiener as two lines."""
    bounds = [t.bounds for t in report.transport if t.bounds is not None]
    inner = np.array([each.hashin_shtrikman for each in bounds])
    outer = np.array([each.wiener for each in bounds])
    axes.axhspan(
        inner[:, 0].min(),
        inner[:, 1].max(),
        color="#4477aa",
        alpha=0.12,
        linewidth=0,
        zorder=0,
        label="Hashin–Shtrikman bounds",
    )
    for value, label in ((outer[:, 0].min(), "Wiener bounds"), (outer[:, 1].max(), None)):
        axes.axhline(value, color="#4477aa", linewidth=0.8, linestyle=":", zorder=0, label=label)
    axes.set_ylim(0, 1.12 * outer[:, 1].max())


def _mark_blocked(axes: Axes, report: ValidationReport) -> None:
    """Annotate each axis with the number of realisations that do not percolate, whose markers lie at 0."""
    for axis in range(3):
        blocked = sum(t.permeability[axis].outcome.name == "NOT_PERCOLATING" for t in report.transport)
        if blocked:
            text = f"{blocked} of {len(report.transport)}\nnot percolating"
            axes.annotate(text, (axis, 0), (0, 8), textcoords="offset points", ha="center", fontsize=TEXT)


def _draw_field(axes: Axes, field: FieldSection, title: str, draw: Callable[[Axes, FieldSection], None]) -> None:
    axes.set_facecolor(SOLID_COLOUR)
    draw(axes, field)
    axes.set_title(f"{title}, gradient along {field.driven}", fontsize=TITLE)
    axes.set_ylabel(field.axes[0], fontsize=TEXT + 1)
    axes.set_xlabel(field.axes[1], fontsize=TEXT + 1)
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_temperature(axes: Axes, field: FieldSection) -> None:
    image = axes.imshow(field.values, cmap="inferno", vmin=0, vmax=1)
    axes.contour(field.values, np.linspace(0.1, 0.9, 9), colors="white", linewidths=0.5, alpha=0.7)
    _add_bar(axes, image, "temperature, from 1 to 0", "neither")


def _draw_speed(axes: Axes, field: FieldSection) -> None:
    known = field.values[np.isfinite(field.values)]
    top = float(np.quantile(known, 0.99)) if known.size else 1.0
    image = axes.imshow(field.values, cmap="viridis", vmin=0, vmax=top)
    _add_bar(axes, image, "speed / Darcy velocity", "max")


def _add_bar(axes: Axes, image: AxesImage, label: str, extend: str) -> None:
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.8, extend=extend)
    bar.set_label(label, fontsize=TEXT)
    bar.ax.tick_params(labelsize=TEXT)
