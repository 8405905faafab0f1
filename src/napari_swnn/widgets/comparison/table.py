"""Table of the numbers of a comparison."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import AXES
from napari_swnn._voxel_size import format_units
from napari_swnn.widgets.kit.number_table import Head, NumberTable, Row

if TYPE_CHECKING:
    from napari_swnn.validation import Connectivity, PhaseGroup, Quantity, QuantityComparison, ValidationReport
    from napari_swnn.widgets.comparison.work import Comparison

_NOT_IN_SECTION = "Not measurable on a section."


_OVERVIEW = (
    "volume_fraction",
    "specific_surface",
    "correlation_length",
    "mean_pore_size",
    "connected_fraction",
    "tortuosity_factor",
)
"""Numbers of each phase that are shown beside each other."""


class ComparisonTable(NumberTable):
    """Table with a row for each quantity, and a column each for the reference and every volume."""

    def show_groups(self, comparison: "Comparison", groups: "Sequence[PhaseGroup]") -> None:
        """Show all numbers of one group of phases, or the most important ones of all phases beside each other.

        Volumes are numbered as in saved files, since their names are too long for a column.
        """
        volumes = zip(comparison.names, comparison.colours, strict=True)
        heads = [Head(str(i), name, colour) for i, (name, colour) in enumerate(volumes, 1)]
        report = comparison.report
        rows = list_overview(comparison) if len(groups) > 1 else make_rows(report, groups[0])
        self.show_numbers([Head("reference", comparison.reference), *heads], rows)


def make_rows(report: "ValidationReport", group: "PhaseGroup") -> list[Row]:
    """Return the numbers of a group of phases with their uncertainties, where known."""
    rows = [_make_row(quantity, _widths(report, group, key)) for key, quantity in group.quantities.items()]
    return [*rows, *_percolation_rows(group, "percolates along (3-D)")]


def list_overview(comparison: "Comparison") -> list[Row]:
    """Return the most important numbers of all phases, pairs and triple lines, under the name of each quantity."""
    report, colours = comparison.report, comparison.phase_colours
    rows: list[Row] = []
    for key in (*_OVERVIEW, "interface_area"):
        groups = [group for group in (*report.phases, *report.pairs) if key in group.quantities]
        if groups:
            rows.append(Row(_title(groups[0].quantities[key]), is_heading=True))
        for group in groups:
            row = _make_row(group.quantities[key], _widths(report, group, key))
            rows.append(replace(row, name=group.name, colours=tuple(colours[label] for label in group.labels)))
    if report.connectivity:
        rows.append(Row("percolates along (3-D)", is_heading=True))
    for group in report.phases:
        rows += [replace(row, colours=(colours[group.labels[0]],)) for row in _percolation_rows(group, group.name)]
    rows.append(Row("all phases", is_heading=True))
    unknown = [np.nan] * report.n_volumes
    rows += [_make_row(quantity, unknown) for quantity in report.whole.quantities.values()]
    of_interest = report.phases[0]
    for key in ("permeability", "permeability_in_m2"):
        if key in of_interest.quantities:
            row = _make_row(of_interest.quantities[key], unknown)
            rows.append(replace(row, name=row.name.replace("permeability", f"permeability of {of_interest.name}", 1)))
    return rows


def _widths(report: "ValidationReport", group: "PhaseGroup", key: str) -> list[float]:
    """Return the half-widths of the intervals of the volumes: known for the fraction of the phase of interest."""
    if group is report.phases[0] and key in ("porosity", "volume_fraction"):
        return [interval.half_width for interval in report.intervals]
    return [np.nan] * report.n_volumes


def _percolation_rows(group: "PhaseGroup", name: str) -> list[Row]:
    if not group.connectivity:
        return []
    cells = tuple(_name_percolating_axes(c) for c in group.connectivity)
    tip = "Axes along which a cluster of face-connected voxels percolates."
    return [Row(name, ("–", *cells), (_NOT_IN_SECTION, *[tip] * len(cells)))]


def _title(quantity: "QuantityComparison") -> str:
    return format_units(f"{quantity.name} ({quantity.unit})") if quantity.unit else quantity.name


def _make_row(quantity: "QuantityComparison", widths: list[float]) -> Row:
    from napari_swnn.validation import format_with_error

    known = quantity.reference
    reference = "–" if known is None else format_with_error(known.value, quantity.half_width)
    cells = [format_with_error(q.value, width) for q, width in zip(quantity.realisations, widths, strict=True)]
    tips = [_describe_axes(quantity, q) for q in quantity.realisations]
    first = (
        _NOT_IN_SECTION
        if known is None
        else "± half-width of the 95 % confidence interval of the reference, where known."
    )
    return Row(_title(quantity), (reference, *cells), (first, *tips))


def _describe_axes(comparison: "QuantityComparison", quantity: "Quantity") -> str:
    from napari_swnn.validation import format_with_error

    pairs = zip(comparison.axes_of(quantity), quantity.by_axis, strict=True)
    return ", ".join(f"{axis}: {format_with_error(value, np.nan)}" for axis, value in pairs)


def _name_percolating_axes(connectivity: "Connectivity") -> str:
    axes = [axis for axis, yes in zip(AXES, connectivity.percolates, strict=True) if yes]
    return ", ".join(axes) if axes else "none"
