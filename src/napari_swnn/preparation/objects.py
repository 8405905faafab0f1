"""Number of pores or grains in an image."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import Labels
from napari_swnn.preparation._tiles import n_sections, section


def count_objects(labels: Labels, phase: int) -> int:
    """Return the number of connected regions of a phase; one that touches the edge of a section counts half.

    Parameters
    ----------
    labels : (y, x) or (z, y, x) array of int
        Labels; the sections of a stack are counted separately. Pixels that share an edge are connected.
    phase : int
        Label of the phase.

    Returns
    -------
    int
        Number of regions, rounded up.
    """
    halves = sum(_count_halves(section(labels, index) == phase) for index in range(n_sections(labels.shape)))
    return -(-halves // 2)


def _count_halves(inside: np.ndarray) -> int:
    from scipy import ndimage

    numbers, count = ndimage.label(inside)
    edges = np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]])
    return 2 * int(count) - int(np.count_nonzero(np.unique(edges)))
