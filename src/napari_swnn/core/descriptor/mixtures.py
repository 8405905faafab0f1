"""Mixtures of patterns with given fractions of several phases: weights of maximum entropy, and the reachable fractions.

A mixture is a set of weights of the patterns. The fractions of mixtures fill the convex hull of the fractions of the
patterns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.optimize import linprog, nnls
from scipy.spatial import ConvexHull, QhullError
from scipy.special import softmax

from napari_swnn._types import FloatArray

_NO_VARIANCE = 1e-9
"""Variance relative to the largest below which the fractions do not vary in a direction."""
_MAX_ITERATIONS = 60
_MAX_HALVINGS = 30
_CONVERGED = 1e-9
"""Error of the means, in standard deviations of the patterns, at which the iteration ends."""
_HIT = 1e-6
"""Error at which fractions count as met."""
_RIDGE = 1e-4
"""Weight of the squared tilt where targets need not be met exactly: it keeps the tilt finite at the edge."""
_PULL = 1e-3
"""Part of the way from the edge to the middle, so that the fractions that a message proposes are inside if rounded."""
_MAX_HULL_DIMENSION = 4
"""Largest dimension in which the corners of the hull are listed; in higher ones their number explodes."""


class Mixtures:
    """Mixtures of patterns of which only the fractions of the phases matter.

    The weights of maximum entropy are ``∝ exp(Σ λ_k·φ_k)`` for the fractions φ of a pattern. The λ minimise the convex
    function ``log mean exp(λ·φ) - λ·target``, whose gradient is the mean of the mixture minus the target (Jaynes 1957).
    Newton's method finds the minimum in a few iterations, in coordinates in which the fractions have unit variance.

    Parameters
    ----------
    fractions : numpy.ndarray
        ``(n, c)`` fractions of each phase in each pattern.
    """

    def __init__(self, fractions: FloatArray) -> None:
        self._fractions = fractions
        self.own: FloatArray = fractions.mean(axis=0)
        """``(c,)`` mean of all patterns."""
        deviations = fractions - self.own
        variances, directions = np.linalg.eigh(deviations.T @ deviations / len(fractions))
        # Fractions sum to one, so at least one direction has no variance.
        varying = variances > max(_NO_VARIANCE * variances[-1], _NO_VARIANCE**2)
        self._axes = directions[:, varying] / np.sqrt(variances[varying])  # (c, r)
        self._coordinates = np.ascontiguousarray((deviations @ self._axes).T)  # (r, n)

    def weigh(self, means: Sequence[float]) -> FloatArray:
        """Return the weights ``(n,)`` of maximum entropy with given means.

        Raises
        ------
        ValueError
            If no mixture has these means.
        """
        target = np.asarray(means, np.float64)
        corner_weights = self._as_corners(target)
        if corner_weights is None:
            nearest = self.nearest(means)
            inside = nearest + _PULL * (self.own - nearest)
            raise ValueError(
                f"fractions must be those of a mixture of the patterns of this reference, got {_listed(target)}; the "
                f"nearest that a mixture has are {_listed(inside)}: choose these, or use larger or further sections"
            )
        weights = softmax(self._tilt(target, ridge=0.0) @ self._coordinates)
        if np.abs(weights @ self._fractions - target).max() <= _HIT:
            return np.asarray(weights)
        # On the edge of the hull the tilt is infinite, and only patterns on the edge remain.
        weights = np.zeros(len(self._fractions))
        weights[self._corners] = corner_weights
        return weights

    def weigh_near(self, means: Sequence[float]) -> FloatArray:
        """Return weights ``(n,)`` with means close to the given ones, which need not be reachable.

        Within the hull, the means differ by less than a thousandth. A target beyond the hull leads to its edge.
        """
        weights: FloatArray = softmax(self._tilt(np.asarray(means, np.float64), ridge=_RIDGE) @ self._coordinates)
        return weights

    def reaches(self, means: Sequence[float]) -> bool:
        """Return True if a mixture has these means."""
        return self._as_corners(np.asarray(means, np.float64)) is not None

    def nearest(self, means: Sequence[float]) -> FloatArray:
        """Return the means ``(c,)`` of the mixture that comes closest to the given ones."""
        corners = self._fractions[self._corners]
        sum_row = np.full((1, len(corners)), 1e3)  # weighted, so that the weights of the corners sum to one
        weights, _ = nnls(np.vstack([corners.T, sum_row]), np.append(np.asarray(means, np.float64), 1e3))
        nearest: FloatArray = weights @ corners / weights.sum()
        return nearest

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest fraction of the first phase, with the others in proportion as in all patterns together."""
        others = 1 - self.own[0]
        if others <= 0:
            return float(self.own[0]), float(self.own[0])
        proportions = np.append(0.0, self.own[1:] / others)
        corners = self._fractions[self._corners]
        # Unknowns: the weights of the corners, and the fraction p of the first phase.
        column = proportions - np.eye(len(self.own))[0]
        sides = np.vstack([np.column_stack([corners.T, column]), np.append(np.ones(len(corners)), 0.0)])
        ends = []
        for sign in (1.0, -1.0):
            found = linprog(np.append(np.zeros(len(corners)), sign), A_eq=sides, b_eq=np.append(proportions, 1.0))
            ends.append(float(found.x[-1]) if found.success else float(self.own[0]))
        return ends[0], ends[1]

    @cached_property
    def _corners(self) -> np.ndarray:
        """Indices of patterns whose hull is that of all patterns."""
        rank = len(self._coordinates)
        if rank == 0:
            return np.zeros(1, np.intp)
        if rank == 1:
            return np.array([self._coordinates[0].argmin(), self._coordinates[0].argmax()])
        if rank <= _MAX_HULL_DIMENSION:
            try:
                return np.asarray(ConvexHull(self._coordinates.T).vertices)
            except QhullError:  # too few patterns, or almost in a plane
                pass
        return np.unique(self._fractions.round(9), axis=0, return_index=True)[1]

    def _as_corners(self, target: FloatArray) -> FloatArray | None:
        """Return weights of the corners that have the target as their mean; None if there are none."""
        corners = self._fractions[self._corners]
        sides = np.vstack([corners.T, np.ones(len(corners))])
        weights, distance = nnls(sides, np.append(target, 1.0))
        return weights if distance <= _HIT else None

    def _tilt(self, means: FloatArray, *, ridge: float) -> FloatArray:
        """Return the λ that minimise the dual function plus ``ridge·|λ|²/2``."""
        target = (means - self.own) @ self._axes
        tilt: FloatArray = target  # to first order, a tilt of unit variance moves the mean by itself
        value, weights = self._dual(tilt, target, ridge)
        for _ in range(_MAX_ITERATIONS):
            mean = self._coordinates @ weights
            gradient = mean - target + ridge * tilt
            if np.abs(gradient).max(initial=0) <= _CONVERGED:
                break
            curvature = (self._coordinates * weights) @ self._coordinates.T - np.outer(mean, mean)
            curvature += (ridge + 1e-12) * np.eye(len(tilt))
            step = np.linalg.solve(curvature, gradient)
            size = 1.0
            for _ in range(_MAX_HALVINGS):
                candidate = tilt - size * step
                new_value, new_weights = self._dual(candidate, target, ridge)
                if new_value <= value - 1e-4 * size * (gradient @ step):
                    break
                size /= 2
            else:  # the value no longer decreases in floating-point numbers
                break
            tilt = candidate
            value = new_value
            weights = new_weights
        return tilt

    def _dual(self, tilt: FloatArray, target: FloatArray, ridge: float) -> tuple[float, FloatArray]:
        """Return the dual function and the weights of the mixture."""
        exponents = tilt @ self._coordinates
        largest = exponents.max()
        weights = np.exp(exponents - largest)
        total = float(weights.sum())
        value = largest + np.log(total / len(weights)) - tilt @ target + ridge / 2 * (tilt @ tilt)
        return float(value), weights / total


def _listed(fractions: FloatArray) -> str:
    return ", ".join(f"{fraction:.4g}" for fraction in np.round(fractions, 4) + 0.0)
