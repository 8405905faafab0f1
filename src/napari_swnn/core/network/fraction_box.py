"""Fractions of several phases for which one network is trained: ranges of some, and the rest in proportion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import cos, pi

import numpy as np
from scipy.stats.qmc import Halton

from napari_swnn._types import FloatArray

_TOLERANCE = 1e-6
"""Tolerance at the limits, because maps are rounded to float32."""
_SWEEPS = 2
"""Number of times that each fraction of a random point is redrawn, which makes the order of drawing irrelevant."""


@dataclass(frozen=True, slots=True)
class FractionBox:
    """Set of fractions of the phases, limited by a range for each of some phases.

    The phases without a range share the rest in fixed proportions. If all phases have a range, one of them is the rest.
    The fractions are thus linear functions of a few free ones.

    Attributes
    ----------
    ranges : tuple
        Lowest and highest fraction of each phase, in phase order, with both ends equal for a fixed fraction; None for a
        phase that shares the rest.
    shares : tuple of float
        Share of each phase in the rest, 0 to 1, with a sum of 1.
    """

    ranges: tuple[tuple[float, float] | None, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, ranges: Sequence[tuple[float, float] | None], own: Sequence[float]) -> FractionBox:
        """Return the box for given ranges, in which phases without one are in the proportion of their own fractions."""
        shares = np.array(
            [0.0 if limits is not None else fraction for limits, fraction in zip(ranges, own, strict=True)]
        )
        if not shares.any():  # the last phase that may vary is the rest
            varying = [i for i, limits in enumerate(ranges) if limits is not None and limits[0] < limits[1]]
            shares[varying[-1] if varying else -1] = 1.0
        return cls(tuple(ranges), tuple(map(float, shares / shares.sum())))

    @property
    def free(self) -> tuple[int, ...]:
        """Positions of the phases whose fractions may be chosen; they determine all others."""
        pairs = enumerate(zip(self.ranges, self.shares, strict=True))
        return tuple(i for i, (limits, share) in pairs if limits is not None and share == 0 and limits[0] < limits[1])

    @property
    def free_ranges(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest value of each free fraction."""
        ranges = (self.ranges[i] for i in self.free)
        return tuple(limits for limits in ranges if limits is not None)

    def fractions(self, free: FloatArray | Sequence[float]) -> FloatArray:
        """Return the fractions ``(..., c)`` of all phases for free ones ``(..., m)``."""
        given = np.asarray(free, np.float64)
        fractions = np.zeros((*given.shape[:-1], len(self.ranges)))
        for i, (limits, share) in enumerate(zip(self.ranges, self.shares, strict=True)):
            fractions[..., i] = limits[0] if limits is not None and share == 0 else 0.0
        fractions[..., self.free] = given
        rest = 1 - fractions.sum(axis=-1, keepdims=True)
        found: FloatArray = fractions + rest * np.array(self.shares)
        return found

    def free_of(self, fractions: FloatArray | Sequence[float]) -> FloatArray:
        """Return the free fractions ``(..., m)`` among fractions ``(..., c)``."""
        free: FloatArray = np.asarray(fractions, np.float64)[..., list(self.free)]
        return free

    def contains(self, fractions: FloatArray | Sequence[float]) -> bool:
        """Return True if fractions ``(..., c)`` lie in the box everywhere."""
        given = np.asarray(fractions, np.float64)
        if not np.abs(self.fractions(self.free_of(given)) - given).max() <= _TOLERANCE:  # also if a value is NaN
            return False
        limits = np.array([(0.0, 1.0) if limits is None else limits for limits in self.ranges])
        return bool(((given >= limits[:, 0] - _TOLERANCE) & (given <= limits[:, 1] + _TOLERANCE)).all())

    def corners(self) -> FloatArray:
        """Return the fractions ``(n, c)`` at the corners of the box; there are none if the ranges exclude each other.

        The rest of the ranges cuts off some corners of the box of free fractions.
        """
        ranges = np.array(self.free_ranges).reshape(-1, 2)
        corners = []
        for ends in product((0, 1), repeat=len(ranges)):
            corner = ranges[range(len(ranges)), ends]
            corners.append(corner)
            for axis, end in enumerate(ends):
                if end == 0:  # the edge from this corner to the opposite one
                    corners += [
                        moved for limit in self._rest_limits if (moved := self._cut(corner, axis, limit)) is not None
                    ]
        fractions = self.fractions(np.array(corners).reshape(-1, len(ranges)))
        inside = fractions[[self.contains(corner) for corner in fractions]]
        _, chosen = np.unique(inside.round(9), axis=0, return_index=True)
        return inside[chosen]

    @property
    def centre(self) -> FloatArray:
        """Fractions ``(c,)`` in the middle of the corners."""
        centre: FloatArray = self.corners().mean(axis=0)
        return centre

    @property
    def porosity_range(self) -> tuple[float, float] | None:
        """Range of the first phase if only this one may be chosen, with all others in proportion; otherwise None."""
        return self.ranges[0] if self.free == (0,) and not any(self.ranges[1:]) else None

    def draw(self, quantiles: FloatArray, order: Sequence[int]) -> tuple[float, ...]:
        """Return free fractions at random quantiles.

        Each is drawn in turn, given the others, with the arcsine density over its possible values, which favours the
        ends: polynomials of the fractions are least constrained there.

        Parameters
        ----------
        quantiles : numpy.ndarray
            ``(m,)`` numbers, uniform in [0, 1).
        order : sequence of int
            Permutation of the free fractions, in which they are drawn.
        """
        free = np.array(_free_centre(self))
        ranges = self.free_ranges
        for axis in [*order] * _SWEEPS:
            rest = 1 - self._fixed - (free.sum() - free[axis])  # for this fraction and the rest together
            low = max(ranges[axis][0], rest - self._rest_limits[1])
            high = min(ranges[axis][1], rest - self._rest_limits[0])
            free[axis] = low + (high - low) * (1 - cos(pi * quantiles[axis])) / 2
        return tuple(map(float, free))

    def spread(self, n: int) -> FloatArray:
        """Return `n` free fractions ``(n, m)`` spread over the box: its corners, as far as they are few, and others."""
        corners = self.free_of(self.corners())
        chosen = corners[: n // 2] if len(corners) <= n // 2 else corners[:: -(-2 * len(corners) // n)]
        quantiles = Halton(len(self.free), scramble=False).random(n - len(chosen) + 1)[1:]  # the first is a corner
        order = range(len(self.free))
        return np.vstack([chosen, *(self.draw(row, order) for row in quantiles)])

    @property
    def _fixed(self) -> float:
        """Sum of the fixed fractions."""
        free = self.free
        pairs = enumerate(zip(self.ranges, self.shares, strict=True))
        return sum(limits[0] for i, (limits, share) in pairs if limits is not None and share == 0 and i not in free)

    @property
    def _rest_limits(self) -> tuple[float, float]:
        """Lowest and highest sum of the fractions that are the rest."""
        limits = [limits for limits, share in zip(self.ranges, self.shares, strict=True) if limits and share > 0]
        return limits[0] if limits else (0.0, 1.0)

    def _cut(self, corner: FloatArray, axis: int, rest: float) -> FloatArray | None:
        """Return the point on the edge along `axis` from a corner at which the rest has a given value."""
        moved = corner.copy()
        moved[axis] = 1 - self._fixed - rest - (corner.sum() - corner[axis])
        low, high = self.free_ranges[axis]
        return moved if low <= moved[axis] <= high else None


def describe_box(box: FractionBox, phases: Sequence[int]) -> str:
    """Return the ranges of a box as text, such as ``0.3 to 0.5 of phase 1, and the others in proportion``."""
    parts = []
    for phase, limits in zip(phases, box.ranges, strict=True):
        if limits is not None:
            low, high = limits
            parts.append(f"{low:g} of phase {phase}" if low == high else f"{low:g} to {high:g} of phase {phase}")
    rest = ", and the others in proportion" if None in box.ranges else ""
    return ", ".join(parts) + rest


@lru_cache(maxsize=64)
def _free_centre(box: FractionBox) -> tuple[float, ...]:
    return tuple(map(float, box.free_of(box.centre)))
