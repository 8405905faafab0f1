"""Validation report, which can be written as a table, JSON or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._types import AXES, BoolArray, FloatArray, Path, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.physics import Bounds
from napari_swnn.statistics import Curve, FractionInterval
from napari_swnn.validation._comparison import CurveComparison, Quantity, QuantityComparison
from napari_swnn.validation._connectivity import Connectivity
from napari_swnn.validation._formatting import format_bounds, format_with_error, to_json
from napari_swnn.validation._transport import CONDUCTIVITY_UNIT, Transport

COLUMNS = ("statistic", "realisation", "axis", "distance", "distance_unit", "value", "half_width_95", "unit")
"""Columns of the CSV file, which has one value per line."""

Row = tuple[str, str, str, str, str, str, str, str]


@dataclass(frozen=True, eq=False, slots=True)
class ValidationReport:
    """Comparison of volumes with their reference.

    Attributes
    ----------
    phase : int
        Label of the phase of interest.
    voxel : VoxelSize
        Edge length of a voxel; all lengths in the report have its unit.
    shapes : tuple of tuple of int
        Shapes of the volumes, in voxels.
    reference_interval : FractionInterval
        Confidence interval of the material's porosity, estimated from the reference.
    intervals : tuple of FractionInterval
        Confidence interval of the porosity, estimated from each volume.
    curves : dict of CurveComparison
        Statistics that depend on distance: ``two_point_correlation``, ``autocovariance``, ``lineal_path``,
        ``chord_lengths``, ``two_point_cluster``, ``pore_sizes``.
    quantities : dict of QuantityComparison
        Numbers: ``porosity``, ``correlation_length``, ``specific_surface``, ``mean_chord_length``,
        ``mean_pore_size``; for volumes only, ``connected_fraction``, ``largest_fraction`` and ``euler_density``; with
        physics, ``conductivity``, ``permeability`` and, if the unit is a length, ``permeability_in_m2``.
    connectivity : tuple of Connectivity
        Connectivity of each volume; empty for sections.
    conductivities : dict of int to float
        Conductivity of each label in W/(m·K); empty without physics.
    transport : tuple of Transport
        Transport properties of each volume; empty without physics.
    reference_sections : tuple of numpy.ndarray
        Up to three boolean sections of the reference, for figures.
    volume_sections : tuple of tuple of numpy.ndarray
        Middle sections of each volume, normal to z, y and x.
    block : numpy.ndarray
        Central part of the first volume, at most 128 voxels wide, for figures.
    notes : tuple of str
        Remarks on the reliability of the numbers.
    """

    phase: int
    voxel: VoxelSize
    shapes: tuple[Shape, ...]
    reference_interval: FractionInterval
    intervals: tuple[FractionInterval, ...]
    curves: dict[str, CurveComparison]
    quantities: dict[str, QuantityComparison]
    connectivity: tuple[Connectivity, ...]
    conductivities: dict[int, float]
    transport: tuple[Transport, ...]
    reference_sections: tuple[BoolArray, ...]
    volume_sections: tuple[tuple[BoolArray, ...], ...]
    block: BoolArray
    notes: tuple[str, ...]

    @property
    def n_volumes(self) -> int:
        """Number of realisations."""
        return len(self.shapes)

    @property
    def reference_porosity(self) -> float:
        """Volume fraction of the phase of interest in the reference, between 0 and 1."""
        return self.reference_interval.value

    @property
    def porosities(self) -> tuple[float, ...]:
        """Volume fraction of the phase of interest in each volume, between 0 and 1."""
        return tuple(interval.value for interval in self.intervals)

    @property
    def porosity(self) -> float:
        """Mean porosity of the volumes."""
        return float(np.mean(self.porosities))

    @property
    def two_point(self) -> CurveComparison:
        """Comparison of the two-point correlation S₂(r)."""
        return self.curves["two_point_correlation"]

    @property
    def lineal_path(self) -> CurveComparison:
        """Comparison of the lineal path L(z)."""
        return self.curves["lineal_path"]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary, without the images."""
        return {
            "phase": self.phase,
            "voxel_size": self.voxel.value,
            "unit": self.voxel.unit,
            "shapes": [list(shape) for shape in self.shapes],
            "reference_porosity": _interval(self.reference_interval),
            "porosities": [_interval(interval) for interval in self.intervals],
            "quantities": {key: quantity.to_dict() for key, quantity in self.quantities.items()},
            "curves": {key: curve.to_dict() for key, curve in self.curves.items()},
            "connectivity": [connectivity.to_dict() for connectivity in self.connectivity],
            "conductivities": {str(label): value for label, value in self.conductivities.items()},
            "transport": [transport.to_dict() for transport in self.transport],
            "notes": list(self.notes),
        }

    def save(self, path: Path) -> None:
        """Write the report as JSON."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
        FilePath(path).write_text(text, encoding="utf-8")

    def save_csv(self, path: Path) -> None:
        """Write every number of the report as CSV, one value per line, for a spreadsheet or data frame.

        The columns are ``statistic``, ``realisation`` (``reference`` or 1, 2, …), ``axis`` (``mean`` for all axes),
        ``distance`` and its unit (empty for numbers), ``value``, ``half_width_95`` (of the reference's interval, where
        known) and ``unit``. Bounds of the conductivity are named ``conductivity_wiener_lower`` and so on.
        """
        with FilePath(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(self._rows())

    def summary(self) -> str:
        """Return the report as a short table."""
        rows = [("", "reference", _volumes(self.n_volumes), "")]
        for quantity in self.quantities.values():
            known = quantity.reference
            reference = "–" if known is None else format_with_error(known.value, quantity.half_width)
            rows.append((quantity.name, reference, format_with_error(quantity.mean, quantity.spread), quantity.unit))
            if quantity is self.quantities.get("conductivity"):
                rows += [
                    (f"  {name}", "", format_bounds(limits), quantity.unit) for name, limits in self._widest_bounds()
                ]
        wide, left, right = (max(len(row[i]) for row in rows) for i in range(3))
        lines = [
            f"{name:{wide}s}  {reference:>{left}s}  {volumes:>{right}s}  {unit}".rstrip()
            for name, reference, volumes, unit in rows
        ]
        lines += [
            f"{curve.name:{wide}s}  mean difference {curve.mean_error:.4f}, largest {curve.largest_error:.4f}, "
            f"between axes {curve.anisotropy:.4f}"
            for curve in (self.two_point, self.lineal_path)
        ]
        if self.connectivity:
            lines.append(f"{'volumes that percolate':{wide}s}  {_count_percolating(self.connectivity)}")
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])

    def _widest_bounds(self) -> list[tuple[str, Bounds]]:
        """Return the bounds of the conductivity: the lowest and the highest over all volumes."""
        kinds = zip(*(transport.bounds for transport in self.transport), strict=True)
        limits = [Bounds(min(b.lower for b in kind), max(b.upper for b in kind)) for kind in kinds]
        return list(zip(("Wiener bounds", "Hashin–Shtrikman bounds"), limits, strict=True))

    def _rows(self) -> Iterator[Row]:
        for key, quantity in self.quantities.items():
            if quantity.reference is not None:
                yield from _quantity_rows(key, "reference", quantity, quantity.reference, quantity.half_width)
            for i, realisation in enumerate(quantity.realisations, 1):
                yield from _quantity_rows(key, str(i), quantity, realisation, np.nan)
        for i, transport in enumerate(self.transport, 1):
            yield from _bound_rows(str(i), transport)
        for key, comparison in self.curves.items():
            yield from _curve_rows(key, "reference", comparison, comparison.reference, comparison.half_width)
            for i, curve in enumerate(comparison.realisations, 1):
                yield from _curve_rows(key, str(i), comparison, curve, np.full(len(curve.distance), np.nan))


def _volumes(n: int) -> str:
    return "1 volume" if n == 1 else f"{n} volumes"


def _count_percolating(connectivity: tuple[Connectivity, ...]) -> str:
    """Return the number of volumes that percolate along each axis, as text."""
    counts = np.sum([c.percolates for c in connectivity], axis=0)
    return ", ".join(f"{count} of {len(connectivity)} along {axis}" for count, axis in zip(counts, AXES, strict=True))


def _interval(interval: FractionInterval) -> dict[str, Any]:
    return {
        "value": to_json(interval.value),
        "low": to_json(interval.low),
        "high": to_json(interval.high),
        "confidence": interval.confidence,
        "integral_range": to_json(interval.integral_range),
        "effective_samples": to_json(interval.effective_samples),
        "warning": interval.warning,
    }


def _quantity_rows(
    key: str, realisation: str, comparison: QuantityComparison, quantity: Quantity, half_width: float
) -> Iterator[Row]:
    unit = comparison.unit
    yield (key, realisation, "mean", "", "", _text(quantity.value), _text(half_width), unit)
    for axis, value in zip(comparison.axes_of(quantity), quantity.by_axis, strict=True):
        yield (key, realisation, axis, "", "", _text(value), "", unit)


def _bound_rows(realisation: str, transport: Transport) -> Iterator[Row]:
    """Yield the bounds of the conductivity, which apply to every axis."""
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
