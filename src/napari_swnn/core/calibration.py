"""The threshold that turns grey volumes into phases with the porosity asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_swnn.core.grey import BLOCK_SIDE, grey_window
from napari_swnn.core.network import Stage
from napari_swnn.core.windows import Window

_SEED_OFFSET = 2**63
"""Calibration draws its noise from seeds that no user's volume has."""
_SPACING = 2**20
"""Blocks lie this many voxels apart, so that they are independent."""


def calibrate_threshold(stages: Sequence[Stage], porosity: float, *, n_blocks: int, seed: int) -> float:
    """Find the grey value that a fraction `porosity` of the voxels lies above.

    Parameters
    ----------
    stages : sequence of Stage
        The trained cascade, in evaluation mode.
    porosity : float
        In (0, 1).
    n_blocks : int
        Independent blocks to generate.
    seed : int
        Of their noise.
    """
    windows = [_far_window(i, stages[-1].dimension) for i in range(n_blocks)]
    values = [grey_window(stages, window, seed=_SEED_OFFSET + seed).numpy().ravel() for window in windows]
    return float(np.quantile(np.concatenate(values), 1 - porosity))


def _far_window(i: int, dimension: int) -> Window:
    start = (i * _SPACING, *[0] * (dimension - 1))
    return Window(start, tuple(a + BLOCK_SIDE[dimension] for a in start))
