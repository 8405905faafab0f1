"""Comparison of one statistic, a curve or a number, between the reference and every realisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_swnn._types import AXES, FloatArray
from napari_swnn.statistics import Curve
from napari_swnn.validation._formatting import to_json

_TOO_WIDE = 2.0
"""Ratio of the interval of pieces to that of the reference from which agreement means little."""


def axis_names(n: int, *, on_sections: bool) -> tuple[str, ...]:
    """Return the row names of a statistic: axes in array order, or the sections on which it was measured."""
    if not on_sections:
        return AXES[-n:] if n else ()
    return ("sections",) if n == 1 else tuple(f"sections normal to {axis}" for axis in AXES[-n:] if n)


@dataclass(frozen=True, eq=False, slots=True)
class CurveComparison:
    """Comparison of a statistic that depends on distance between the reference and the realisations.

    Attributes
    ----------
    name : str
        Name of the statistic for captions.
    symbol, argument : str
        Plot labels of the statistic and of the distance.
    unit : str
        Unit of the statistic; empty for a probability.
    on_sections : bool
        True if the statistic was measured on 2-D sections, also of the volumes; the rows of the curves are then the
        directions of the sections. Otherwise the rows are the axes, in array order.
    reference : Curve
        Statistic of the reference, pooled over all its sections.
    half_width : numpy.ndarray
        ``(n,)`` half-widths of the reference's 95 % confidence interval, from its parts; NaN where unknown.
    realisations : tuple of Curve
        One entry for each volume.
    """

    name: str
    symbol: str
    argument: str
    unit: str
    on_sections: bool
    reference: Curve
    half_width: FloatArray
    realisations: tuple[Curve, ...]

    @property
    def distance(self) -> FloatArray:
        """Distances ``(n,)`` in the unit of the curves."""
        return self.reference.distance

    @property
    def mean(self) -> FloatArray:
        """Mean ``(n,)`` over axes and realisations."""
        values: FloatArray = np.mean([curve.values for curve in self.realisations], axis=0)
        return values

    @property
    def spread(self) -> FloatArray:
        """Standard deviation ``(n,)`` over realisations; NaN for a single realisation."""
        return standard_deviation(np.array([curve.values for curve in self.realisations]))

    @property
    def mean_error(self) -> float:
        """Absolute difference between the mean of the realisations and the reference, averaged over all distances."""
        return _over_known(np.mean, np.abs(self.mean - self.reference.values))

    @property
    def largest_error(self) -> float:
        """Largest absolute difference between the mean of the realisations and the reference."""
        return _over_known(np.max, np.abs(self.mean - self.reference.values))

    @property
    def anisotropy(self) -> float:
        """Largest difference between any two axes at any distance, for the mean over realisations."""
        by_axis = np.mean([curve.by_axis for curve in self.realisations], axis=0)
        return _over_known(np.max, np.ptp(by_axis, axis=0))

    def axes_of(self, curve: Curve) -> tuple[str, ...]:
        """Return the names of the rows of a curve."""
        return axis_names(len(curve.by_axis), on_sections=self.on_sections)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary."""
        return {
            "name": self.name,
            "unit": self.unit,
            "distance": to_json(self.distance),
            "distance_unit": self.reference.unit,
            "reference": {**self._curve(self.reference), "half_width_95": to_json(self.half_width)},
            "realisations": [self._curve(curve) for curve in self.realisations],
            "mean": to_json(self.mean),
            "standard_deviation": to_json(self.spread),
            "mean_error": to_json(self.mean_error),
            "largest_error": to_json(self.largest_error),
            "anisotropy": to_json(self.anisotropy),
        }

    def _curve(self, curve: Curve) -> dict[str, Any]:
        return {
            "mean": to_json(curve.values),
            "by_axis": {axis: to_json(row) for axis, row in zip(self.axes_of(curve), curve.by_axis, strict=True)},
        }


@dataclass(frozen=True, eq=False, slots=True)
class Quantity:
    """A number, with its values along each axis where it has any.

    Attributes
    ----------
    value : float
        Value for all axes combined; NaN if unknown.
    by_axis : numpy.ndarray
        ``(n,)`` values along each axis; may be empty.
    """

    value: float
    by_axis: FloatArray = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True)
class PieceScatter:
    """A number in pieces of the reference of the size of the volumes.

    Attributes
    ----------
    mean : float
        Mean over the pieces. It differs from that of the whole reference where borders matter, as for chords.
    half_width : float
        Half-width of the 95 % interval of the mean of the volumes due to their size.
    """

    mean: float
    half_width: float


@dataclass(frozen=True, eq=False, slots=True)
class QuantityComparison:
    """Comparison of one number between the reference and the realisations.

    Attributes
    ----------
    name : str
        Name of the number for tables.
    unit : str
        Unit of the number; empty if it is dimensionless.
    on_sections : bool
        As in `CurveComparison`.
    reference : Quantity or None
        Number of the reference; ``None`` if it cannot be measured on a section.
    half_width : float
        Half-width of the reference's 95 % confidence interval; NaN if unknown.
    realisations : tuple of Quantity
        One entry for each volume.
    pieces : PieceScatter or None
        Number in pieces of the reference of the size of the volumes; None unless the volumes are small.
    """

    name: str
    unit: str
    on_sections: bool
    reference: Quantity | None
    half_width: float
    realisations: tuple[Quantity, ...]
    pieces: PieceScatter | None = None

    @property
    def values(self) -> FloatArray:
        """Values ``(n_volumes,)`` of the realisations."""
        return np.array([quantity.value for quantity in self.realisations])

    @property
    def mean(self) -> float:
        """Mean over realisations."""
        return float(self.values.mean())

    @property
    def spread(self) -> float:
        """Standard deviation over realisations; NaN for a single realisation."""
        return float(standard_deviation(self.values))

    @property
    def within(self) -> bool | None:
        """True if the mean lies within the reference's 95 % confidence interval; ``None`` if that cannot be judged.

        It cannot be judged if the interval is unknown, or the volumes are too small: see `is_too_small`.
        """
        return None if self.is_too_small else self._is_inside

    @property
    def is_too_small(self) -> bool:
        """True if the volumes are too small to judge this number by the reference.

        A deviation from the interval is then no larger than that of pieces of the reference of their size; or there is
        none, but such pieces scatter over far more than the interval, so that this says nothing.
        """
        inside, pieces = self._is_inside, self.pieces
        if inside is None or pieces is None or not np.isfinite([pieces.mean, pieces.half_width]).all():
            return False
        assert self.reference is not None
        allowed = float(np.hypot(self.half_width, pieces.half_width))
        is_explained = min(abs(self.mean - self.reference.value), abs(self.mean - pieces.mean)) <= allowed
        says_nothing = not inside or pieces.half_width > _TOO_WIDE * self.half_width
        return bool(is_explained and says_nothing)

    @property
    def _is_inside(self) -> bool | None:
        if self.reference is None or not np.isfinite([self.mean, self.reference.value, self.half_width]).all():
            return None
        deviation = abs(self.mean - self.reference.value)
        if self.half_width == 0 < deviation:  # equal parts of a section, such as pores of one pixel, know no scatter
            return None
        return deviation <= self.half_width

    def axes_of(self, quantity: Quantity) -> tuple[str, ...]:
        """Return the names of the entries of `by_axis`."""
        return axis_names(len(quantity.by_axis), on_sections=self.on_sections)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary."""
        reference = None if self.reference is None else self._quantity(self.reference)
        return {
            "name": self.name,
            "unit": self.unit,
            "reference": reference and {**reference, "half_width_95": to_json(self.half_width)},
            "realisations": [self._quantity(quantity) for quantity in self.realisations],
            "mean": to_json(self.mean),
            "standard_deviation": to_json(self.spread),
            "within_reference_interval": self.within,
            "volumes_too_small": self.is_too_small,
        }

    def _quantity(self, quantity: Quantity) -> dict[str, Any]:
        by_axis = zip(self.axes_of(quantity), quantity.by_axis, strict=True)
        return {"value": to_json(quantity.value), "by_axis": {axis: to_json(value) for axis, value in by_axis}}


def standard_deviation(values: FloatArray) -> FloatArray:
    """Return the sample standard deviation along the first axis (divisor n - 1); NaN for a single entry."""
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    with np.errstate(invalid="ignore"):  # a tortuosity factor may be infinite
        return np.asarray(np.std(values, axis=0, ddof=1))


def _over_known(reduce: Any, values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(reduce(known)) if known.size else float("nan")
