"""The numbers of a comparison, the reference beside every volume."""

from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import AXES
from napari_swnn.widgets.kit.number_table import Head, NumberTable, Row

if TYPE_CHECKING:
    from napari_swnn.validation import Connectivity, Quantity, QuantityComparison, ValidationReport
    from napari_swnn.widgets.comparison.work import Comparison

_UNSEEN = "A section cannot show this."


class ComparisonTable(NumberTable):
    """A row for each number; columns for the reference and every volume."""

    def show_comparison(self, comparison: "Comparison") -> None:
        """Show all numbers; volumes go by their numbers in the files, for their names are too long for a column."""
        volumes = zip(comparison.names, comparison.colours, strict=True)
        heads = [Head(str(i), name, colour) for i, (name, colour) in enumerate(volumes, 1)]
        self.show_numbers([Head("reference", comparison.reference), *heads], rows_of(comparison.report))


def rows_of(report: "ValidationReport") -> list[Row]:
    """The numbers of a report, with the uncertainty of each where it is known."""
    widths = {"porosity": [interval.half_width for interval in report.intervals]}
    rows = [_row(quantity, widths.get(key, [np.nan] * report.n_volumes)) for key, quantity in report.quantities.items()]
    if report.connectivity:
        cells = tuple(_percolates(c) for c in report.connectivity)
        tip = "Directions in which one cluster of voxels, joined by their faces, leads from face to face."
        rows.append(Row("percolates along (3-D)", ("–", *cells), (_UNSEEN, *[tip] * len(cells))))
    return rows


def _row(quantity: "QuantityComparison", widths: list[float]) -> Row:
    from napari_swnn.validation import format_with_error

    known = quantity.reference
    reference = "–" if known is None else format_with_error(known.value, quantity.half_width)
    cells = [format_with_error(q.value, width) for q, width in zip(quantity.realisations, widths, strict=True)]
    tips = [_along_axes(quantity, q) for q in quantity.realisations]
    first = _UNSEEN if known is None else "± half of the reference's own 95 % interval, where it is known."
    unit = f" ({quantity.unit})" if quantity.unit else ""
    return Row(quantity.name + unit, (reference, *cells), (first, *tips))


def _along_axes(comparison: "QuantityComparison", quantity: "Quantity") -> str:
    from napari_swnn.validation import format_with_error

    pairs = zip(comparison.axes_of(quantity), quantity.by_axis, strict=True)
    return ", ".join(f"{axis}: {format_with_error(value, np.nan)}" for axis, value in pairs)


def _percolates(connectivity: "Connectivity") -> str:
    axes = [axis for axis, yes in zip(AXES, connectivity.percolates, strict=True) if yes]
    return ", ".join(axes) if axes else "none"
