"""Expected means of the volumes of a cascade, measured from its coarsest scale on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import islice
from math import inf

import numpy as np
from torch import Tensor

from napari_swnn._types import FloatArray
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.training.calibration import LEAST_BLOCKS, TOLERANCE, channel_means, iter_samples
from napari_swnn.core.training.control_variate import mean_at, standard_error

_MAX_BLOCKS = 32
"""Maximum number of blocks at each scale."""
_FIRST_BLOCK = -1000
"""Index of the first of these blocks at the coarsest scale, far from the blocks that calibrate a threshold."""


def iter_coarse_means(
    stages: Sequence[Stage], *, seed: int, fractions: tuple[float, ...] | None = None
) -> Generator[None, None, FloatArray]:
    """Estimate the mean of each channel of the coarser volume that the last stage refines, ``(c,)``.

    They show whether the fractions in the calibration blocks happen to be high or low. The means are zeros for a
    single stage. The parameters are those of `iter_expected_means`.
    """
    if len(stages) == 1:
        return np.zeros(stages[-1].head.out_features)
    return (yield from iter_expected_means(stages[:-1], seed=seed, fractions=fractions))


def iter_expected_means(
    stages: Sequence[Stage], *, seed: int, fractions: tuple[float, ...] | None = None, most: int = _MAX_BLOCKS
) -> Generator[None, None, FloatArray]:
    """Estimate the mean of each channel of the volumes of a cascade, ``(c,)``, yielding after each block.

    The mean of a block scatters mostly with that of the coarser volume that it refines. At a coarser scale, a block
    covers eight times the volume in the same time, so the means are measured from the coarsest scale on, and those of
    each scale correct the next as a control variate.

    Parameters
    ----------
    stages : sequence of Stage
        Stages of the trained cascade, in evaluation mode.
    seed : int
        Seed of the noise.
    fractions : tuple of float, optional
        Free fractions, for a network trained for ranges of them; see `Target.free`.
    most : int
        Maximum number of blocks at each scale. With fewer than `LEAST_BLOCKS`, only the last scale is measured.
    """
    means: FloatArray | None = None
    for n in range(1 if most >= LEAST_BLOCKS else len(stages), len(stages) + 1):
        start = _FIRST_BLOCK - n * _MAX_BLOCKS
        means = yield from _iter_means(stages[:n], means, seed=seed, start=start, fractions=fractions, most=most)
    assert means is not None
    return means


def _iter_means(
    stages: Sequence[Stage],
    expected_coarse: FloatArray | None,
    *,
    seed: int,
    start: int,
    fractions: tuple[float, ...] | None,
    most: int,
) -> Generator[None, None, FloatArray]:
    """Estimate the means of the last stage from as many blocks as their scatter requires."""
    found: list[tuple[FloatArray, FloatArray]] = []
    error = inf

    def as_means(grey: Tensor, coarse: Tensor | None) -> tuple[FloatArray, FloatArray]:
        means = channel_means(grey.flatten(1))
        return means, np.zeros_like(means) if coarse is None else channel_means(coarse)

    means = np.zeros(stages[-1].head.out_features)
    with closing(iter_samples(stages, as_means, seed=seed, start=start, fractions=fractions)) as samples:
        while error >= TOLERANCE and len(found) < most:  # in grey values; half in porosity
            for sample in islice(samples, min(LEAST_BLOCKS, most - len(found))):
                found.append(sample)
                yield
            means, error = _estimate(np.array(found), expected_coarse)
    return means


def _estimate(found: FloatArray, expected_coarse: FloatArray | None) -> tuple[FloatArray, float]:
    """Return the mean of each channel and their largest standard error.

    Parameters
    ----------
    found : numpy.ndarray
        ``(n, 2, c)`` means of the channels of blocks, and those of the coarser volumes that they refine.
    expected_coarse : numpy.ndarray, optional
        ``(c,)`` expected means of the coarser volumes; the blocks are not corrected without them.
    """
    if expected_coarse is None:
        values = found[:, 0]
        error = float(values.std(axis=0, ddof=1).max()) / len(values) ** 0.5 if len(values) > 1 else inf
        return np.asarray(values.mean(axis=0)), error
    results = [mean_at(float(expected_coarse[c]), found[:, 0, c], found[:, 1, c]) for c in range(found.shape[2])]
    means, residuals = zip(*results, strict=True)
    return np.array(means), max(map(standard_error, residuals))
