"""Offsets of several phases as smooth functions of fractions, fitted to calibrations at some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from napari_swnn._types import FloatArray
from napari_swnn.core.model.offset_surface import OffsetSurface

_MOST_VOXELS = 200_000
"""Largest number of voxels kept of each calibration."""
_GRADIENT = 2e-5
"""Largest error of a fraction, averaged with each polynomial, at which the fit ends."""
_MAX_ITERATIONS = 200


@dataclass(frozen=True, eq=False, slots=True)
class CalibratedOffsets:
    """Result of a calibration at one set of free fractions.

    Attributes
    ----------
    free : tuple of float
        Free fractions of the network.
    offsets : tuple of float
        Offsets at which the phases have the target fractions; the first one is 0.
    grey : numpy.ndarray
        ``(c, n)`` grey values of the voxels of the calibration, thinned.
    """

    free: tuple[float, ...]
    offsets: tuple[float, ...]
    grey: FloatArray

    @classmethod
    def of(cls, free: tuple[float, ...], offsets: tuple[float, ...], grey: Sequence[FloatArray]) -> CalibratedOffsets:
        """Return the result for blocks of grey values ``(c, n)``, of which some voxels are kept."""
        pooled = np.concatenate(grey, axis=1)
        return cls(free, offsets, np.ascontiguousarray(pooled[:, :: -(-pooled.shape[1] // _MOST_VOXELS)]))


def fit_offsets(ranges: tuple[tuple[float, float], ...], results: Sequence[CalibratedOffsets]) -> OffsetSurface:
    """Fit polynomials of the fractions so that the phases meet their fractions in the mean.

    The offsets of single calibrations are not fitted themselves. Where few grey values lie between two phases, an
    offset may vary widely and change hardly a voxel; elsewhere a small error changes many. The polynomials minimise the
    convex function of which the offsets of each calibration are the minimum, summed over all of them. Its gradient is
    the difference of the fractions from their targets.

    Parameters
    ----------
    ranges : tuple of tuple of float
        Lowest and highest value of each free fraction.
    results : sequence of CalibratedOffsets
        Calibrations spread over the ranges.
    """
    start = OffsetSurface.fit(ranges, [each.free for each in results], [each.offsets for each in results])
    terms = [start.terms(each.free) for each in results]
    # The fractions of these voxels at the calibrated offsets; they differ from the targets as these blocks happen to.
    targets = [_largest(each.grey, np.array(each.offsets))[1] for each in results]
    shape = (len(start.values), len(results[0].offsets) - 1)

    def objective(coefficients: FloatArray) -> tuple[float, FloatArray]:
        value = 0.0
        gradient = np.zeros(shape)
        for result, of_node, target in zip(results, terms, targets, strict=True):
            offsets = np.append(0.0, of_node @ coefficients.reshape(shape))
            mean, fractions = _largest(result.grey, offsets)
            value += mean - float(target @ offsets)
            gradient += np.outer(of_node, (fractions - target)[1:])
        return value / len(results), gradient.ravel() / len(results)

    first = np.array(start.values)[:, 1:].ravel()
    options = {"gtol": _GRADIENT, "ftol": 0.0, "maxiter": _MAX_ITERATIONS}
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options=options).x.reshape(shape)
    return OffsetSurface(ranges, tuple((0.0, *map(float, row)) for row in found))


def _largest(grey: FloatArray, offsets: FloatArray) -> tuple[float, FloatArray]:
    """Return the mean of the largest sums of grey value and offset, and the fraction of each phase that has it."""
    sums = grey + offsets[:, None].astype(np.float32)
    counts = np.bincount(sums.argmax(axis=0), minlength=len(sums))
    return float(sums.max(axis=0).mean(dtype=np.float64)), counts / grey.shape[1]
