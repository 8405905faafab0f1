"""The thresholds that turn grey volumes into phases with the porosity asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from math import inf

import numpy as np
import torch
from scipy.optimize import brentq

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.evaluation import BLOCK_SIDE, endless_noise, everywhere, grey_and_coarse
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import generation_precision

_SEED_OFFSET = 2**63
"""Calibration draws its noise from seeds that no user's volume has."""
_SPACING = 2**20
"""Blocks lie this many voxels apart, so that they are independent."""
TOLERANCE = 0.0008
"""Standard error of the mean porosity at which more blocks are not worth their time."""
LEAST_BLOCKS = 8
"""Blocks from which that standard error can be told."""
N_NODES = 9
"""Porosities of a range at which the threshold is found."""
_MOST_COARSE_BLOCKS = 32
"""Blocks of each coarser scale from which its mean is found, at most."""


@dataclass(frozen=True, eq=False, slots=True)
class CalibrationBlock:
    """One independent sample of what the cascade generates.

    Attributes
    ----------
    grey : numpy.ndarray
        Its grey values, flat.
    coarse : float
        Mean of the coarser volume it refines; 0 if there is none.
    """

    grey: FloatArray
    coarse: float


def calibration_blocks(
    stages: Sequence[Stage], *, seed: int, start: int = 0, porosity: float | None = None
) -> Iterator[CalibrationBlock]:
    """Generate independent samples without end.

    Parameters
    ----------
    stages : sequence of Stage
        The trained cascade, in evaluation mode.
    seed : int
        Of their noise.
    start : int
        Number of the first sample.
    porosity : float, optional
        Of a network for a range.
    """
    for i in count(start):
        window = _far_window(i, BLOCK_SIDE[stages[-1].dimension], stages)
        noise, local = endless_noise(_SEED_OFFSET + seed), everywhere(porosity)
        grey, coarse = grey_and_coarse(stages, window, noise, local, _precision(stages))
        yield CalibrationBlock(grey.numpy().ravel(), 0.0 if coarse is None else float(coarse.mean()))


def usual_coarse_mean(stages: Sequence[Stage], *, seed: int, porosity: float | None = None) -> float:
    """Mean of the coarser volume over much more of it than a few blocks hold; 0 if there is none.

    It tells whether the blocks happen to lie in rich or in poor places. A block of a coarser scale covers many times
    the volume for the same time; and most of what differs between blocks comes from the scale below, whose own usual
    mean corrects for it, and so on down (multilevel Monte Carlo).
    """
    coarser = stages[:-1]
    if not coarser:
        return 0.0
    usual = usual_coarse_mean(coarser, seed=seed, porosity=porosity)
    # Numbers below zero lie far from the blocks of the finest scale, and those of each scale far from the others'.
    samples = calibration_blocks(coarser, seed=seed, start=-1000 * len(coarser), porosity=porosity)
    blocks: list[CalibrationBlock] = []
    mean, error = 0.0, inf
    while error >= TOLERANCE and len(blocks) < _MOST_COARSE_BLOCKS:  # of grey values, half of that of a porosity
        blocks += islice(samples, LEAST_BLOCKS)
        means = np.array([block.grey.mean() for block in blocks])
        coarse = np.array([block.coarse for block in blocks])
        mean, residuals = _mean_at_usual(means, coarse, usual)
        error = _standard_error(residuals)
    return mean


def iter_threshold(
    samples: Iterator[CalibrationBlock], porosity: float, usual: float, most_blocks: Callable[[], int]
) -> Generator[None, None, float]:
    """Find a threshold from as many blocks as their scatter asks for; yields after each block, returns it.

    Parameters
    ----------
    samples : iterator of CalibrationBlock
        Independent samples without end.
    porosity, usual : float
        As for `calibrated_threshold`.
    most_blocks : callable
        Asked before each block how many there may be: who waits may want to stop.
    """
    blocks: list[CalibrationBlock] = []
    threshold, error = 0.0, inf
    while error >= TOLERANCE and len(blocks) < most_blocks():
        blocks.append(next(samples))
        if len(blocks) % LEAST_BLOCKS == 0:
            threshold, error = calibrated_threshold(blocks, porosity, usual)
        yield
    if len(blocks) % LEAST_BLOCKS:
        threshold, _ = calibrated_threshold(blocks, porosity, usual)
    return threshold


def calibrated_threshold(blocks: Sequence[CalibrationBlock], porosity: float, usual: float) -> tuple[float, float]:
    """The grey value that a fraction `porosity` lies above, and how well that fraction is known.

    The porosity of a block follows the mean of its coarser volume. What the blocks' coarse means are off from the
    usual one, times the slope of a regression, is taken off: a control variate.

    Parameters
    ----------
    blocks : sequence of CalibrationBlock
        Independent samples.
    porosity : float
        Wanted, in (0, 1).
    usual : float
        See `usual_coarse_mean`.

    Returns
    -------
    threshold : float
        Of the grey values.
    standard_error : float
        Of the mean porosity at this threshold; infinite for fewer than `LEAST_BLOCKS`, which are not corrected.
    """
    values = np.sort(np.concatenate([block.grey for block in blocks]))
    coarse = np.array([block.coarse for block in blocks])

    def threshold_above(fraction: float) -> float:
        return float(values[min(int((1 - fraction) * len(values)), len(values) - 1)])

    def regression(threshold: float) -> tuple[float, FloatArray]:
        return _mean_at_usual(np.array([float((block.grey >= threshold).mean()) for block in blocks]), coarse, usual)

    if len(blocks) < LEAST_BLOCKS:
        return threshold_above(porosity), inf
    # How porosity follows the coarse mean depends on where the threshold lies: both are found together.
    fraction = brentq(lambda f: regression(threshold_above(f))[0] - porosity, 0.0, 1.0, xtol=1e-5)
    threshold = threshold_above(fraction)
    return threshold, _standard_error(regression(threshold)[1])


def _mean_at_usual(values: FloatArray, coarse: FloatArray, usual: float) -> tuple[float, FloatArray]:
    """Mean of values of blocks if their coarse mean were the usual one, and what is left of each: a control variate."""
    deviations = coarse - coarse.mean()
    spread = float(deviations @ deviations)
    slope = float(deviations @ values) / spread if spread > 0 else 0.0
    residuals: FloatArray = values - values.mean() - slope * deviations
    return float(values.mean() - slope * (coarse.mean() - usual)), residuals


def _standard_error(residuals: FloatArray) -> float:
    return float(np.sqrt(residuals @ residuals / (len(residuals) - 2) / len(residuals)))


def _precision(stages: Sequence[Stage]) -> torch.dtype:
    """That of the volumes which the threshold is for."""
    return generation_precision(stages[-1].head.weight.device, bounded=stages[-1].config.bounded)


def _far_window(i: int, side: int, stages: Sequence[Stage]) -> Window:
    dimension = stages[-1].dimension
    start = (i * _SPACING // stages[-1].config.scale, *[0] * (dimension - 1))
    return Window(start, tuple(a + side for a in start))
