"""A validation report as a short table of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import AXES
from napari_swnn.physics import Bounds
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._formatting import format_bounds, format_with_error
from napari_swnn.validation._groups import PhaseGroup

if TYPE_CHECKING:
    from napari_swnn.validation._report import ValidationReport

_SHOWN_CURVES = ("two_point_correlation", "lineal_path", "cross_correlation")

Row = tuple[str, str, str, str]


def summarise(report: ValidationReport) -> str:
    """Return the numbers of a report beside each other; with more than two phases, in one block for each group."""
    blocks = [list(_number_rows(group, report)) for group in report.groups]
    head = ("", "reference", "1 volume" if report.n_volumes == 1 else f"{report.n_volumes} volumes", "")
    rows = [head, *(row for block in blocks for row in block)]
    wide, left, right = (max(len(row[i]) for row in rows) for i in range(3))

    def line(row: Row) -> str:
        name, reference, volumes, unit = row
        return f"{name:{wide}s}  {reference:>{left}s}  {volumes:>{right}s}  {unit}".rstrip()

    lines = [line(head)]
    for group, block in zip(report.groups, blocks, strict=True):
        if report.n_phases > 2:
            lines.append(group.name)
        lines += [line(row) for row in block]
        lines += [f"{name:{wide}s}  {text}" for name, text in _further_lines(group, report)]
    return "\n".join([*lines, *(f"Note: {note}" for note in report.notes)])


def _number_rows(group: PhaseGroup, report: ValidationReport) -> Iterator[Row]:
    margin = _margin(report)
    for key, quantity in group.quantities.items():
        known = quantity.reference
        reference = "–" if known is None else format_with_error(known.value, quantity.half_width)
        yield margin + quantity.name, reference, format_with_error(quantity.mean, quantity.spread), quantity.unit
        if key == "conductivity":
            for name, limits in _widest_bounds(report):
                yield f"{margin}  {name}", "", format_bounds(limits), quantity.unit


def _further_lines(group: PhaseGroup, report: ValidationReport) -> Iterator[tuple[str, str]]:
    margin = _margin(report)
    for curve in (group.curves[key] for key in _SHOWN_CURVES if key in group.curves):
        yield (
            margin + curve.name,
            f"mean difference {curve.mean_error:.4f}, largest {curve.largest_error:.4f}, "
            f"between axes {curve.anisotropy:.4f}",
        )
    if group.connectivity:
        yield f"{margin}volumes that percolate", _count_percolating(group.connectivity)


def _margin(report: ValidationReport) -> str:
    return "  " if report.n_phases > 2 else ""


def _widest_bounds(report: ValidationReport) -> list[tuple[str, Bounds]]:
    """Return the bounds of the conductivity: the lowest and the highest over all volumes."""
    kinds = zip(*(transport.bounds for transport in report.transport if transport.bounds is not None), strict=True)
    limits = [Bounds(min(b.lower for b in kind), max(b.upper for b in kind)) for kind in kinds]
    return list(zip(("Wiener bounds", "Hashin–Shtrikman bounds"), limits, strict=True))


def _count_percolating(connectivity: tuple[Connectivity, ...]) -> str:
    """Return the number of volumes that percolate along each axis, as text."""
    counts = np.sum([c.percolates for c in connectivity], axis=0)
    return ", ".join(f"{count} of {len(connectivity)} along {axis}" for count, axis in zip(counts, AXES, strict=True))
