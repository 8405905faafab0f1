"""Table of the numbers of a comparison."""

from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import AXES
from napari_swnn.widgets.kit.number_table import Head, NumberTable, Row

if TYPE_CHECKING:
    from napari_swnn.validation import Connectivity, Quantity, QuantityComparison, ValidationReport
    from napari_swnn.widgets.comparison.work import Comparison

_NOT_IN_SECTION = "Not measurable on a section."


class ComparisonTable(NumberTable):
    """Table with a row for each quantity, and a column each for the reference and every volume."""

    def show_comparison(self, comparison: "Comparison") -> None:
        """Show all numbers; volumes are numbered as in saved files, since their names are too long for a column."""
        volumes = zip(comparison.names, comparison.colours, strict=True)
        heads = [Head(str(i), name, colour) for i, (name, colour) in enumerate(volumes, 1)]
        self.show_numbers([Head("reference", comparison.reference), *heads], make_rows(comparison.report))


def make_rows(report: "ValidationReport") -> list[Row]:
    """Return the numbers of a report with their uncertainties, where known."""
    widths = {"porosity": [interval.half_width for interval in report.intervals]}
    rows = [
        _make_row(quantity, widths.get(key, [np.nan] * report.n_volumes)) for key, quantity in report.quantities.items()
    ]
    if report.connectivity:
        cells = tuple(_name_percolating_axes(c) for c in report.connectivity)
        tip = "Axes along which a cluster of face-connected voxels percolates."
        rows.append(Row("percolates along (3-D)", ("–", *cells), (_NOT_IN_SECTION, *[tip] * len(cells))))
    return rows


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
    unit = f" ({quantity.unit})" if quantity.unit else ""
    return Row(quantity.name + unit, (reference, *cells), (first, *tips))


def _describe_axes(comparison: "QuantityComparison", quantity: "Quantity") -> str:
    from napari_swnn.validation import format_with_error

    pairs = zip(comparison.axes_of(quantity), quantity.by_axis, strict=True)
    return ", ".join(f"{axis}: {format_with_error(value, np.nan)}" for axis, value in pairs)


def _name_percolating_axes(connectivity: "Connectivity") -> str:
    axes = [axis for axis, yes in zip(AXES, connectivity.percolates, strict=True) if yes]
    return ", ".join(axes) if axes else "none"
