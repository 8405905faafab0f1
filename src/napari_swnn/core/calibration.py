"""The threshold that turns grey volumes into phases with the porosity asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.core.grey import BLOCK_SIDE, grey_window
from napari_swnn.core.network import Stage
from napari_swnn.core.windows import Window

_SEED_OFFSET = 2**63
"""Calibration draws its noise from seeds that no user's volume has."""
_SPACING = 2**20
"""Blocks lie this many voxels apart, so that they are independent."""


def calibration_blocks(stages: Sequence[Stage], *, n_blocks: int, seed: int) -> Iterator[FloatArray]:
    """Generate independent samples of grey values, one block after another.

    Parameters
    ----------
    stages : sequence of Stage
        The trained cascade, in evaluation mode.
    n_blocks : int
        How many.
    seed : int
        Of their noise.
    """
    for i in range(n_blocks):
        window = _far_window(i, stages[-1].dimension)
        yield grey_window(stages, window, seed=_SEED_OFFSET + seed).numpy().ravel()


def threshold_of(values: Sequence[FloatArray], porosity: float) -> float:
    """Grey value that a fraction `porosity` of the sampled values lies above."""
    return float(np.quantile(np.concatenate(values), 1 - porosity))


def _far_window(i: int, dimension: int) -> Window:
    start = (i * _SPACING, *[0] * (dimension - 1))
    return Window(start, tuple(a + BLOCK_SIDE[dimension] for a in start))
