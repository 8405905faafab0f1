"""Calibration of the segmentation to the target porosity or fractions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import TypeVar

import numpy as np
import torch
from scipy.optimize import brentq
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.evaluation import (
    block_side,
    compute_grey_and_coarse,
    make_fraction_source,
    make_noise_source,
    segmentation_values,
)
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import generation_precision
from napari_swnn.core.numerics.parallel import iter_side_by_side, pool_size
from napari_swnn.core.training.control_variate import mean_at, standard_error

_Sample = TypeVar("_Sample")
_Result = TypeVar("_Result")
_SEED_OFFSET = 2**63
"""Offset of the seeds for calibration noise, larger than any user's seed."""
_SPACING = 2**20
"""Distance between blocks in voxels, large enough to make them independent."""
MOST_VOXELS = 2**18
"""Largest number of voxels of a block that are kept for calibrating several phases: one block of the CPU."""
TOLERANCE = 0.0008
"""Standard error of the mean porosity at which calibration stops."""
LEAST_BLOCKS = 8
"""Minimum number of blocks for estimating the standard error."""
N_NODES = 9
"""Number of porosities at which the threshold of a porosity range is calibrated."""


@dataclass(frozen=True, eq=False, slots=True)
class CalibrationBlock:
    """Independent sample of the output of a cascade.

    Attributes
    ----------
    grey : numpy.ndarray
        ``(c, n)`` grey values; of more than two phases, the scores (`segmentation_values`) of at most `MOST_VOXELS`
        voxels on a regular grid.
    coarse : numpy.ndarray
        ``(c,)`` means of the channels of the coarser volume that the block refines; 0 for a single stage.
    """

    grey: FloatArray
    coarse: FloatArray


def calibration_blocks(
    stages: Sequence[Stage], *, seed: int, start: int = 0, fractions: tuple[float, ...] | None = None
) -> Generator[CalibrationBlock, None, None]:
    """Generate an endless sequence of independent calibration blocks.

    Parameters
    ----------
    stages : sequence of Stage
        Stages of the trained cascade, in evaluation mode.
    seed : int
        Seed of the noise.
    start : int
        Index of the first block.
    fractions : tuple of float, optional
        Free fractions, for a network trained for ranges of them; see `Target.free`.
    """

    def as_block(grey: Tensor, coarse: Tensor | None) -> CalibrationBlock:
        values = segmentation_values(grey, stages[-1]).cpu().numpy().reshape(len(grey), -1)
        thinning = 1 if len(values) == 1 else -(-values.shape[1] // MOST_VOXELS)
        means = np.zeros(len(grey)) if coarse is None else channel_means(coarse)
        return CalibrationBlock(values[:, ::thinning], means)

    return iter_samples(stages, as_block, seed=seed, start=start, fractions=fractions)


def iter_samples(
    stages: Sequence[Stage],
    convert: Callable[[Tensor, Tensor | None], _Sample],
    *,
    seed: int,
    start: int,
    fractions: tuple[float, ...] | None,
) -> Generator[_Sample, None, None]:
    """Generate an endless sequence of results of `convert` on grey values and coarser volume of independent blocks."""
    device = stages[-1].head.weight.device
    noise = make_noise_source(_SEED_OFFSET + seed, device)
    local = make_fraction_source(fractions)

    def compute(i: int) -> _Sample:
        window = _far_window(i, block_side(stages[-1].dimension, device), stages)
        return convert(*compute_grey_and_coarse(stages, window, noise, local, _precision(stages)))

    # As in generation, several blocks are computed in parallel, each by one thread.
    return iter_side_by_side(compute, count(start), pool_size(device))


def channel_means(volume: Tensor) -> FloatArray:
    """Return the mean of each channel of a volume ``(c, *spatial)``."""
    return np.array([float(channel.mean()) for channel in volume.cpu().numpy()])


def iter_calibration(
    samples: Iterator[CalibrationBlock],
    start: _Result,
    calibrate: Callable[[Sequence[CalibrationBlock], _Result], tuple[_Result, float]],
    max_blocks: Callable[[], int],
) -> Generator[None, None, tuple[_Result, list[CalibrationBlock]]]:
    """Calibrate a segmentation with as many blocks as their scatter requires, yielding after each block.

    Parameters
    ----------
    samples : iterator of CalibrationBlock
        Endless sequence of independent samples.
    start : object
        Result without any block.
    calibrate : callable
        ``calibrate(blocks, former)`` returns the result for some blocks and the standard error of its fractions, given
        the result for fewer blocks.
    max_blocks : callable
        Called before each block; returns the maximum number of blocks, which decreases once the user stops the
        training.

    Returns
    -------
    generator
        Generator that returns the result and its blocks.
    """
    blocks: list[CalibrationBlock] = []
    result = start
    error = inf
    while error >= TOLERANCE and len(blocks) < max_blocks():
        blocks.append(next(samples))
        if len(blocks) % LEAST_BLOCKS == 0:
            result, error = calibrate(blocks, result)
        yield
    if len(blocks) % LEAST_BLOCKS:
        result, _ = calibrate(blocks, result)
    return result, blocks


def iter_threshold(
    samples: Iterator[CalibrationBlock], porosity: float, expected_coarse: FloatArray, max_blocks: Callable[[], int]
) -> Generator[None, None, float]:
    """Calibrate a threshold with as many blocks as their scatter requires, yielding after each block.

    Parameters
    ----------
    samples, max_blocks
        See `iter_calibration`.
    porosity, expected_coarse
        See `calibrate_threshold`.

    Returns
    -------
    generator
        Generator that returns the threshold.
    """

    def calibrate(blocks: Sequence[CalibrationBlock], _: float) -> tuple[float, float]:
        return calibrate_threshold(blocks, porosity, expected_coarse)

    threshold, _ = yield from iter_calibration(samples, 0.0, calibrate, max_blocks)
    return threshold


def calibrate_threshold(
    blocks: Sequence[CalibrationBlock], porosity: float, expected_coarse: FloatArray
) -> tuple[float, float]:
    """Return the grey value above which a fraction `porosity` of the voxels lies, and its standard error.

    The porosity of a block is correlated with the mean of its coarser volume. The mean porosity of the blocks is
    therefore corrected by a control variate: the regression slope times the deviation of the coarse mean from its
    expected value.

    Parameters
    ----------
    blocks : sequence of CalibrationBlock
        Independent samples.
    porosity : float
        Target porosity, in (0, 1).
    expected_coarse : numpy.ndarray
        Result of `iter_coarse_means`.

    Returns
    -------
    threshold : float
        Segmentation threshold, as a grey value.
    standard_error : float
        Standard error of the mean porosity at this threshold; infinite for fewer than `LEAST_BLOCKS` blocks, which are
        not corrected.
    """
    values = np.sort(np.concatenate([block.grey[0] for block in blocks]))
    coarse = np.array([block.coarse[0] for block in blocks])

    def threshold_above(fraction: float) -> float:
        return float(values[min(int((1 - fraction) * len(values)), len(values) - 1)])

    def corrected_porosity(threshold: float) -> tuple[float, FloatArray]:
        porosities = np.array([float((block.grey[0] >= threshold).mean()) for block in blocks])
        return mean_at(float(expected_coarse[0]), porosities, coarse)

    if len(blocks) < LEAST_BLOCKS:
        return threshold_above(porosity), inf
    # The slope depends on the threshold, and the threshold on the corrected mean. Therefore solve for a single unknown:
    # the uncorrected fraction of voxels above the threshold at which the corrected porosity equals the target.
    fraction = brentq(lambda f: corrected_porosity(threshold_above(f))[0] - porosity, 0.0, 1.0, xtol=1e-5)
    threshold = threshold_above(fraction)
    return threshold, standard_error(corrected_porosity(threshold)[1])


def _precision(stages: Sequence[Stage]) -> torch.dtype:
    """Return the precision with which volumes are generated."""
    return generation_precision(stages[-1].head.weight.device, bounded=stages[-1].config.bounded)


def _far_window(i: int, side: int, stages: Sequence[Stage]) -> Window:
    dimension = stages[-1].dimension
    start = (i * _SPACING // stages[-1].config.scale, *[0] * (dimension - 1))
    return Window(start, tuple(a + side for a in start))
