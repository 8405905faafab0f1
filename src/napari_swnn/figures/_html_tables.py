"""Tables of the HTML report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_swnn._types import AXES
from napari_swnn._voxel_size import format_units
from napari_swnn.figures._style import Colours
from napari_swnn.validation import format_bounds, format_with_error

if TYPE_CHECKING:
    from napari_swnn.validation import CurveComparison, PhaseGroup, Property, QuantityComparison, ValidationReport

_UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Heading:
    """Row of a table that names the rows below it, as HTML."""

    name: str


Cells: TypeAlias = Sequence[str]
"""Cells of a row: the name of the row as HTML, the others as text."""


def phases_table(report: ValidationReport, colours: Colours) -> str:
    """Return an overview with one row for each of more than two phases."""
    rows: list[Cells | Heading] = []
    for group in report.phases:
        fraction = group.quantities["volume_fraction"]
        shifts = [_difference(group.quantities[key]) for key in ("specific_surface", "mean_pore_size")]
        rows.append(
            (
                _name(group, colours),
                str(group.labels[0]),
                *_compare(fraction)[:2],
                _within(fraction),
                *shifts,
                _percolating(group),
            )
        )
    head = ("", "label", "fraction ± 95 %", "volumes", "within", "surface", "feature size", "percolates along")
    caption = "Phases: volume fraction; difference of specific surface and feature size; axes along which all "
    return _table(caption + "realisations percolate.", head, rows)


def quantities_table(report: ValidationReport, colours: Colours) -> str:
    """Return the numbers of the reference and the volumes."""
    rows: list[Cells | Heading] = []
    for group, heading in _list_phases(report, colours):
        rows += heading
        rows += [_quantity_row(escape(quantity.name), quantity) for quantity in group.quantities.values()]
    for groups in (report.pairs, report.triples):
        for key, first in groups[0].quantities.items() if groups else ():
            rows.append(Heading(escape(first.name)))
            rows += [_quantity_row(_name(group, colours), group.quantities[key]) for group in groups]
    head = ("", "unit", "reference ± 95 %", "volumes ± std. dev.", "difference", "within")
    return _table("Numbers, averaged over the axes.", head, rows)


def curves_table(report: ValidationReport, colours: Colours) -> str:
    """Return the differences of the curves."""
    rows: list[Cells | Heading] = []
    for group, heading in _list_phases(report, colours):
        rows += heading if group.curves else []
        rows += [_curve_row(escape(curve.name), curve) for curve in group.curves.values()]
    for key, first in report.pairs[0].curves.items() if report.pairs else ():
        rows.append(Heading(escape(first.name)))
        rows += [_curve_row(_name(group, colours), group.curves[key]) for group in report.pairs]
    head = ("", "mean difference", "largest difference", "largest between axes")
    caption = "Curves: absolute difference between the mean of the realisations and the reference, over all distances."
    return _table(caption, head, rows)


def connectivity_table(report: ValidationReport, colours: Colours) -> str:
    """Return the connectivity of each volume."""
    rows: list[Cells | Heading] = []
    for group, heading in _list_phases(report, colours):
        rows += heading if group.connectivity else []
        rows += [
            (
                escape(_name_volume(report, i)),
                *(
                    f"{'yes' if spans else 'no'} ({share:.3f})"
                    for spans, share in zip(c.percolates, c.connected_by_axis, strict=True)
                ),
                f"{c.largest_fraction:.3f}",
                str(c.n_clusters),
                _number(c.euler_density),
            )
            for i, c in enumerate(group.connectivity, 1)
        ]
    head = (
        "",
        "percolates along z",
        "along y",
        "along x",
        "in largest cluster",
        "clusters",
        f"Euler number (1/{report.voxel.unit}³)",
    )
    return _table("In brackets: fraction of the phase that is connected to both opposite faces.", head, rows)


def transport_table(report: ValidationReport) -> str:
    """Return the transport properties of each volume along each axis."""
    permeability = report.quantities.get("permeability_in_m2", report.quantities["permeability"])
    of_phase = "" if report.n_phases == 2 else f" of {escape(report.names[report.phase])}"
    no_bounds = (_UNKNOWN, _UNKNOWN) if report.conductivities else ()
    rows: list[Cells | Heading] = []
    for i, transport in enumerate(report.transport):
        name = escape(_name_volume(report, i + 1))
        if transport.bounds is not None:
            bounds = [format_bounds(limits) for limits in transport.bounds]
            k = [_solved(p, p.value) for p in transport.conductivity]
            rows.append((f"{name}: conductivity, W/(m·K)", *k, *bounds))
        for label, factors in transport.tortuosity.items():
            tau = [_solved(p, p.value, blocked="∞") for p in factors]
            rows.append((f"{name}: tortuosity factor of {escape(report.names[label])}", *tau, *no_bounds))
        values = permeability.realisations[i].by_axis
        big_k = [_solved(p, value) for p, value in zip(transport.permeability, values, strict=True)]
        rows.append((f"{name}: permeability{of_phase}, {permeability.unit}", *big_k, *no_bounds))
    bounds_head = ("Wiener bounds", "Hashin–Shtrikman bounds") if report.conductivities else ()
    return _table(_describe_transport(report), ("", "along z", "along y", "along x", *bounds_head), rows)


def _name_volume(report: ValidationReport, number: int) -> str:
    name = f"realisation {number}"
    return f"{name} ({report.volume_names[number - 1]})" if report.volume_names else name


def _describe_transport(report: ValidationReport) -> str:
    several = report.n_phases > 2
    labels = ", ".join(
        f"{value:g} for {report.names.get(label, f'label {label}') if several else f'label {label}'}"
        for label, value in report.conductivities.items()
    )
    conductivities = f"Conductivities in W/(m·K): {labels}. " if report.conductivities else ""
    diffusion = "Conduction and diffusion" if several else "Conduction"
    return (
        f"{conductivities}{diffusion}: fixed temperature at two faces, periodic sides. Flow: the volume is mirrored "
        "along the flow."
    )


def _list_phases(report: ValidationReport, colours: Colours) -> list[tuple[PhaseGroup, list[Heading]]]:
    """Return each phase, and all phases together, with its heading; two phases are one group without a heading."""
    if report.n_phases == 2:
        return [(group, []) for group in report.groups]
    phases = [(group, [Heading(_name(group, colours))]) for group in report.phases]
    return [*phases, (report.whole, [Heading(escape(report.whole.name))])]


def _name(group: PhaseGroup, colours: Colours) -> str:
    """Return the name of a group of phases as HTML, with their colours."""
    swatches = (f'<span class="swatch" style="background:{escape(colours[label])}"></span>' for label in group.labels)
    return "".join(swatches) + escape(group.name)


def _quantity_row(name: str, quantity: QuantityComparison) -> Cells:
    return (name, quantity.unit, *_compare(quantity), _within(quantity))


def _curve_row(name: str, curve: CurveComparison) -> Cells:
    return (name, *(_number(value) for value in (curve.mean_error, curve.largest_error, curve.anisotropy)))


def _compare(quantity: QuantityComparison) -> tuple[str, str, str]:
    """Return the number of the reference, that of the volumes, and their relative difference, as text."""
    known = quantity.reference
    reference = _UNKNOWN if known is None else format_with_error(known.value, quantity.half_width)
    return reference, format_with_error(quantity.mean, quantity.spread), _difference(quantity)


def _difference(quantity: QuantityComparison) -> str:
    if quantity.reference is None or not quantity.reference.value:
        return _UNKNOWN
    return f"{100 * (quantity.mean / quantity.reference.value - 1):+.1f} %".replace("-", "−")


def _within(quantity: QuantityComparison) -> str:
    return {True: "yes", False: "no", None: _UNKNOWN}[quantity.within]


def _percolating(group: PhaseGroup) -> str:
    if not group.connectivity:
        return _UNKNOWN
    axes = [axis for i, axis in enumerate(AXES) if all(c.percolates[i] for c in group.connectivity)]
    return ", ".join(axes) or "none"


def _solved(found: Property, value: float, blocked: str = "0") -> str:
    if found.outcome.name == "CONVERGED":
        return _number(value)
    if found.outcome.name == "NOT_PERCOLATING":
        return f"{blocked}, not percolating"
    return f"{_number(value)}, not converged (residual {found.residual:.1g})"


def _table(caption: str, head: Cells, rows: Iterable[Cells | Heading]) -> str:
    top = "".join(f"<th>{escape(format_units(cell))}</th>" for cell in head)
    body = "\n".join(_row(row, len(head)) for row in rows)
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{top}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def _row(row: Cells | Heading, n_columns: int) -> str:
    if isinstance(row, Heading):
        return f'<tr class="group"><th colspan="{n_columns}">{row.name}</th></tr>'
    cells = (row[0], *(escape(format_units(cell)) for cell in row[1:]))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _number(value: float) -> str:
    """Return a number with three significant digits, including trailing zeros."""
    return f"{value:#.3g}" if 1e-3 <= abs(value) < 1000 else format_with_error(value, np.nan)
