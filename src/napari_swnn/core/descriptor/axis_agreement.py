"""Agreement of sections of several directions along the axes that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from napari_swnn._types import BoolArray
from napari_swnn.core.descriptor.axis_lengths import length_along
from napari_swnn.core.descriptor.binary_mean import BinaryMean, measure_mean, significant_difference
from napari_swnn.core.descriptor.section import Section

_LAGS = (0.5, 1.0, 2.0)
"""Distances at which the two-point correlation is compared, in correlation lengths along the axis."""
_SEGMENTS = (1.0, 2.0)
"""Lengths of segments at which the lineal path is compared, in correlation lengths along the axis."""
_MOST_OF_SIDE = 4
"""Part of the side of a section, one in this number, that distances may reach."""


@dataclass(frozen=True, slots=True)
class AxisDifference:
    """Property in which two sets of sections differ by more than their sizes explain.

    Attributes
    ----------
    quantity : str
        ``"fraction"``, ``"two-point correlation"`` or ``"lineal path"``.
    position : int
        Number of the phase.
    distance : int
        Distance along the axis in pixels; 0 for the fraction.
    values : tuple of float
        Probability in each of the two sets: that a pixel lies in the phase; that of two pixels at the distance one lies
        in the phase and one outside, 2 (φ - S₂); that a segment of this number of pixels lies in the phase.
    tolerance : float
        Largest difference that the sizes of the sections explain.
    """

    quantity: str
    position: int
    distance: int
    values: tuple[float, float]
    tolerance: float


Entry = tuple[str, int]
"""Name of a set of sections, and axis of their arrays."""


@dataclass(frozen=True, eq=False)
class AxisComparer:
    """Comparison of sets of sections along axes of their arrays.

    Parameters
    ----------
    planes : mapping of str to sequence of Section
        Sets of sections by name.
    n_phases : int
        Number of phases.
    """

    planes: Mapping[str, Sequence[Section]]
    n_phases: int
    _means: dict[tuple[Entry, str, int, int], BinaryMean] = field(default_factory=dict, repr=False)
    _lengths: dict[tuple[Entry, int], float] = field(default_factory=dict, repr=False)

    def compare(self, first: Entry, second: Entry, level: float) -> tuple[tuple[AxisDifference, ...], bool]:
        """Return the significant differences along two axes, and True if anything could be compared.

        Parameters
        ----------
        first, second : tuple
            Name and array axis.
        level : float
            Probability of a difference between sections of one material.
        """
        quantities = list(self._quantities(first, second))
        found = []
        compared = False
        for quantity, position, distance in quantities:
            one, other = (self._mean(entry, quantity, position, distance) for entry in (first, second))
            tolerance = significant_difference(one, other, level / len(quantities))
            compared |= isfinite(tolerance)
            values = one.value, other.value
            if abs(one.value - other.value) > tolerance:
                found.append(AxisDifference(quantity, position, distance, values, tolerance))
        found.sort(key=lambda each: -abs(each.values[0] - each.values[1]) / each.tolerance)
        return tuple(found), compared

    def _quantities(self, first: Entry, second: Entry) -> Iterator[tuple[str, int, int]]:
        most = min(self._extent(first), self._extent(second)) // _MOST_OF_SIDE
        for position in range(self.n_phases):
            yield "fraction", position, 0
            length = np.sqrt(self._length(first, position) * self._length(second, position))
            if position == 0 or self.n_phases > 2:  # two phases have the same interface
                yield from (("two-point correlation", position, lag) for lag in _round(_LAGS, length, most))
            yield from (("lineal path", position, segment) for segment in _round(_SEGMENTS, 1 + length, most))

    def _extent(self, entry: Entry) -> int:
        name, axis = entry
        return max(int(section.inside.shape[axis]) for section in self.planes[name])

    def _mean(self, entry: Entry, quantity: str, position: int, distance: int) -> BinaryMean:
        key = (entry, quantity, position, distance)
        if key not in self._means:
            name, axis = entry
            parts = [_indicate(section, axis, quantity, position, distance) for section in self.planes[name]]
            self._means[key] = measure_mean(parts)
        return self._means[key]

    def _length(self, entry: Entry, position: int) -> float:
        key = (entry, position)
        if key not in self._lengths:
            name, axis = entry
            self._lengths[key] = length_along([(section, axis) for section in self.planes[name]], (position,))
        return self._lengths[key]


def _indicate(section: Section, axis: int, quantity: str, position: int, distance: int) -> tuple[BoolArray, BoolArray]:
    """Return a binary field whose mean is the probability to compare, and where it is known."""
    phase = np.moveaxis(section.indicator(position), axis, 0)
    inside = np.moveaxis(section.inside, axis, 0)
    if quantity == "fraction":
        return phase, inside
    if quantity == "two-point correlation":
        n = max(0, len(phase) - distance)
        return phase[:n] != phase[len(phase) - n :], inside[:n] & inside[len(inside) - n :]
    return _whole_runs(phase, distance), _whole_runs(inside, distance)


def _whole_runs(flags: BoolArray, length: int) -> BoolArray:
    """Return, for each possible start along the first axis, if a run of `length` pixels is true throughout."""
    counts = np.pad(np.cumsum(flags, 0, dtype=np.int32), ((1, 0), (0, 0)))
    whole: BoolArray = counts[length:] - counts[: max(0, len(counts) - length)] == length
    return whole


def _round(factors: Sequence[float], length: float, most: int) -> list[int]:
    """Return the different multiples of a length in whole pixels, from 1 to `most`."""
    if not np.isfinite(length):
        return []
    return sorted({min(most, max(1, round(factor * length))) for factor in factors}) if most >= 1 else []
