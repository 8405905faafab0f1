"""Calibration of the offsets of several phases to their target fractions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from math import inf

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.core.numerics.phase_offsets import OffsetProblem, Positions, rank_phases, solve_offsets
from napari_swnn.core.training.calibration import LEAST_BLOCKS, CalibrationBlock, iter_calibration

_SOLVER_TOLERANCE = 1e-5
"""Largest error of a fraction in the mean over the blocks."""


def iter_offsets(
    samples: Iterator[CalibrationBlock],
    fractions: Sequence[float],
    expected_coarse: FloatArray,
    max_blocks: Callable[[], int],
) -> Generator[None, None, tuple[tuple[float, ...], list[CalibrationBlock]]]:
    """Calibrate offsets with as many blocks as their scatter requires, yielding after each block.

    Parameters
    ----------
    samples, max_blocks
        See `iter_calibration`.
    fractions, expected_coarse
        See `calibrate_offsets`.

    Returns
    -------
    generator
        Generator that returns one offset for each phase, of which the first one is 0, and the blocks.
    """

    def calibrate(blocks: Sequence[CalibrationBlock], former: FloatArray) -> tuple[FloatArray, float]:
        return calibrate_offsets(blocks, fractions, expected_coarse, start=former)

    start: FloatArray = np.zeros(len(fractions))
    offsets, blocks = yield from iter_calibration(samples, start, calibrate, max_blocks)
    return tuple(offsets.tolist()), blocks


def calibrate_offsets(
    blocks: Sequence[CalibrationBlock],
    fractions: Sequence[float],
    expected_coarse: FloatArray,
    *,
    start: FloatArray | None = None,
) -> tuple[FloatArray, float]:
    """Return the offsets at which the phases have the target fractions, and the largest standard error of a fraction.

    The fractions of a block are correlated with the means of its coarser volume. As for a threshold, the mean fractions
    of the blocks are therefore corrected by a control variate, here by one linear regression for each phase.

    Parameters
    ----------
    blocks : sequence of CalibrationBlock
        Independent samples.
    fractions : sequence of float
        Target fraction of each phase; they sum to 1.
    expected_coarse : numpy.ndarray
        Result of `iter_coarse_means`.
    start : numpy.ndarray, optional
        Offsets to start from.

    Returns
    -------
    offsets : numpy.ndarray
        ``(c,)`` offsets as grey values; the first one is 0.
    standard_error : float
        Largest standard error of a mean fraction at these offsets; infinite for fewer than `LEAST_BLOCKS` blocks, which
        are not corrected.
    """
    grey = np.concatenate([block.grey for block in blocks], axis=1)
    c, n = grey.shape
    regression = _Regression(np.array([block.coarse for block in blocks]), expected_coarse)
    corrects = len(blocks) >= LEAST_BLOCKS

    def by_block(positions: Positions) -> FloatArray:
        parts = np.split(positions, np.cumsum([block.grey.shape[1] for block in blocks])[:-1])
        return np.array([np.bincount(part, minlength=c) / len(part) for part in parts])  # (blocks, c)

    def measure(positions: Positions) -> FloatArray:
        found = by_block(positions)
        return regression.mean(found) if corrects else np.asarray(found.mean(axis=0))

    problem = OffsetProblem(grey, measure, np.array(fractions, float), 1 / n)
    offsets = solve_offsets(problem, np.zeros(c) if start is None else start, tolerance=_SOLVER_TOLERANCE)
    if not corrects:
        return offsets, inf
    return offsets, regression.standard_error(by_block(rank_phases(grey, offsets).first))


class _Regression:
    """Linear regression of the fraction of each phase on the mean of its channel in the coarser volume.

    A regression on all channels would need more blocks than there are. The corrections of separate regressions do not
    sum to zero; the sum is taken from the phases in proportion to their residual variances.

    Parameters
    ----------
    coarse : numpy.ndarray
        ``(blocks, c)`` means of the channels of the coarser volume.
    expected : numpy.ndarray
        ``(c,)`` expected means.
    """

    def __init__(self, coarse: FloatArray, expected: FloatArray) -> None:
        self._deviations = coarse - coarse.mean(axis=0)
        self._shift = expected - coarse.mean(axis=0)
        self._spread = (self._deviations**2).sum(axis=0)

    def mean(self, fractions: FloatArray) -> FloatArray:
        """Return the mean fractions ``(c,)`` predicted at the expected means, from ``(blocks, c)``."""
        slopes, _, shares = self._fit(fractions)
        correction = slopes * self._shift
        return np.asarray(fractions.mean(axis=0) + correction - shares * correction.sum())

    def standard_error(self, fractions: FloatArray) -> float:
        """Return the largest standard error of these mean fractions."""
        _, residuals, shares = self._fit(fractions)
        residuals = residuals - shares * residuals.sum(axis=1, keepdims=True)
        n = len(fractions)
        return float(np.sqrt((residuals**2).sum(axis=0) / (n - 2) / n).max())

    def _fit(self, fractions: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return slopes ``(c,)``, residuals ``(blocks, c)`` and the shares of the residual variance ``(c,)``."""
        centred = fractions - fractions.mean(axis=0)
        covariance = (self._deviations * centred).sum(axis=0)
        slopes = np.divide(covariance, self._spread, out=np.zeros_like(covariance), where=self._spread > 0)
        residuals = centred - self._deviations * slopes
        variances = (residuals**2).sum(axis=0)
        total = variances.sum()
        shares = variances / total if total > 0 else np.full_like(variances, 1 / len(variances))
        return slopes, residuals, shares
