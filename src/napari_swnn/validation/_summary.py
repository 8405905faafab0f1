"""A validation report as a short table of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import AXES
from napari_swnn._voxel_size import format_units
from napari_swnn.physics import Bounds
from napari_swnn.validation._comparison import CurveComparison, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._formatting import format_bounds, format_with_error
from napari_swnn.validation._groups import PhaseGroup

if TYPE_CHECKING:
    from napari_swnn.validation._report import ValidationReport

_SHOWN_CURVES = ("two_point_correlation", "lineal_path")

Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Block:
    """Heading, which is empty for two phases, rows of numbers, and further lines as name and text."""

    heading: str
    rows: list[Row]
    lines: list[tuple[str, str]]


def summarise(report: ValidationReport) -> str:
    """Return the numbers of a report beside each other.

    With more than two phases, there is a block for each phase, for each statistic of pairs and triples, and for all
    phases together.
    """
    blocks = [_describe_phase(group, report) for group in report.phases]
    if report.n_phases > 2:
        blocks += [*_list_pairs(report.pairs), _describe_phase(report.whole, report), *_list_pairs(report.triples)]
    head = ("", "reference", "1 volume" if report.n_volumes == 1 else f"{report.n_volumes} volumes", "")
    rows = [head, *(row for block in blocks for row in block.rows)]
    wide, left, right = (max(len(row[i]) for row in rows) for i in range(3))

    def line(row: Row) -> str:
        name, reference, volumes, unit = row
        return f"{name:{wide}s}  {reference:>{left}s}  {volumes:>{right}s}  {unit}".rstrip()

    lines = [line(head)]
    for block in blocks:
        lines += [block.heading] if block.heading else []
        lines += [line(row) for row in block.rows]
        lines += [f"{name:{wide}s}  {text}" for name, text in block.lines]
    return "\n".join([*lines, *(f"Note: {note}" for note in report.notes)])


def _describe_phase(group: PhaseGroup, report: ValidationReport) -> _Block:
    """Return the block of one phase, or of all phases together."""
    margin = _margin(report)
    rows = []
    for key, quantity in group.quantities.items():
        rows.append(_make_row(margin + quantity.name, quantity))
        if key == "conductivity":
            rows += [
                (f"{margin}  {name}", "", format_bounds(limits), quantity.unit)
                for name, limits in _widest_bounds(report)
            ]
    curves = (group.curves[key] for key in _SHOWN_CURVES if key in group.curves)
    lines = [(margin + curve.name, _describe_curve(curve)) for curve in curves]
    if group.connectivity:
        lines.append((f"{margin}volumes that percolate", _count_percolating(group.connectivity)))
    return _Block(group.name if margin else "", rows, lines)


def _list_pairs(groups: Sequence[PhaseGroup]) -> Iterator[_Block]:
    """Yield a block for each statistic of pairs or triples, with one line for each of them."""
    if not groups:
        return
    for key, quantity in groups[0].quantities.items():
        yield _Block(quantity.name, [_make_row(f"  {group.name}", group.quantities[key]) for group in groups], [])
    for key, curve in groups[0].curves.items():
        lines = [(f"  {group.name}", _describe_curve(group.curves[key])) for group in groups]
        yield _Block(curve.name, [], lines)


def _make_row(name: str, quantity: QuantityComparison) -> Row:
    known = quantity.reference
    reference = "–" if known is None else format_with_error(known.value, quantity.half_width)
    return name, reference, format_with_error(quantity.mean, quantity.spread), format_units(quantity.unit)


def _describe_curve(curve: CurveComparison) -> str:
    return (
        f"mean difference {curve.mean_error:.4f}, largest {curve.largest_error:.4f}, "
        f"between axes {curve.anisotropy:.4f}"
    )


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
