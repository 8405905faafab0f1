"""A validation report as rows of a CSV file, one value per row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.statistics import Curve
from napari_swnn.validation._comparison import CurveComparison, Quantity, QuantityComparison
from napari_swnn.validation._groups import PhaseGroup
from napari_swnn.validation._transport import CONDUCTIVITY_UNIT, Transport

if TYPE_CHECKING:
    from napari_swnn.validation._report import ValidationReport

COLUMNS = ("statistic", "realisation", "axis", "distance", "distance_unit", "value", "half_width_95", "unit")
"""Columns of the CSV file; a report on more than two phases has the column ``phase`` after the first, and one on
named volumes the column ``name`` after ``realisation``."""

Row = tuple[str, ...]


def list_columns(report: ValidationReport) -> Row:
    """Return the names of the columns."""
    return _extend(COLUMNS, "phase", "name", report)


def iter_rows(report: ValidationReport) -> Iterator[Row]:
    """Yield every number of a report, then every curve."""
    for group in report.groups:
        yield from _with_names(_number_rows(group), group, report)
    for i, transport in enumerate(report.transport, 1):
        yield from _with_names(_bound_rows(str(i), transport), report.whole, report)
    for group in report.groups:
        yield from _with_names(_curves_rows(group), group, report)


def _with_names(rows: Iterator[Row], group: PhaseGroup, report: ValidationReport) -> Iterator[Row]:
    names = {"reference": report.reference_name}
    names |= {str(i): name for i, name in enumerate(report.volume_names, 1)}
    for row in rows:
        yield _extend(row, group.name, names.get(row[1], ""), report)


def _extend(row: Row, phase: str, name: str, report: ValidationReport) -> Row:
    """Return a row with the phase, of more than two, and the name of the volume, if known."""
    phases = (phase,) if report.n_phases > 2 else ()
    names = (name,) if report.volume_names else ()
    return (row[0], *phases, row[1], *names, *row[2:])


def _number_rows(group: PhaseGroup) -> Iterator[Row]:
    for key, quantity in group.quantities.items():
        if quantity.reference is not None:
            yield from _quantity_rows(key, "reference", quantity, quantity.reference, quantity.half_width)
        for i, realisation in enumerate(quantity.realisations, 1):
            yield from _quantity_rows(key, str(i), quantity, realisation, np.nan)


def _curves_rows(group: PhaseGroup) -> Iterator[Row]:
    for key, comparison in group.curves.items():
        yield from _curve_rows(key, "reference", comparison, comparison.reference, comparison.half_width)
        for i, curve in enumerate(comparison.realisations, 1):
            yield from _curve_rows(key, str(i), comparison, curve, np.full(len(curve.distance), np.nan))


def _quantity_rows(
    key: str, realisation: str, comparison: QuantityComparison, quantity: Quantity, half_width: float
) -> Iterator[Row]:
    unit = comparison.unit
    yield (key, realisation, "mean", "", "", _text(quantity.value), _text(half_width), unit)
    for axis, value in zip(comparison.axes_of(quantity), quantity.by_axis, strict=True):
        yield (key, realisation, axis, "", "", _text(value), "", unit)


def _bound_rows(realisation: str, transport: Transport) -> Iterator[Row]:
    """Yield the bounds of the conductivity, which apply to every axis."""
    if transport.bounds is None:
        return
    for kind, limits in zip(("wiener", "hashin_shtrikman"), transport.bounds, strict=True):
        for end, value in zip(("lower", "upper"), limits, strict=True):
            key = f"conductivity_{kind}_{end}"
            yield (key, realisation, "mean", "", "", _text(value), "", CONDUCTIVITY_UNIT)


def _curve_rows(
    key: str, realisation: str, comparison: CurveComparison, curve: Curve, half_width: FloatArray
) -> Iterator[Row]:
    for axis, values in [("mean", curve.values), *zip(comparison.axes_of(curve), curve.by_axis, strict=True)]:
        errors = half_width if axis == "mean" else np.full(len(values), np.nan)
        for distance, value, error in zip(curve.distance, values, errors, strict=True):
            yield (key, realisation, axis, _text(distance), curve.unit, _text(value), _text(error), comparison.unit)


def _text(value: float) -> str:
    return f"{value:.10g}" if np.isfinite(value) else ""
