"""Phase of each voxel as a small number, in one byte for a voxel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import Labels

_TABLE = 1 << 16
"""Largest range of labels that are looked up in a table; others are sorted, which takes much time and memory."""


def find_phases(labels: Labels) -> tuple[Labels, NDArray[np.unsignedinteger[Any]], NDArray[np.intp]]:
    """Return the labels that occur, the position of each voxel's label among them, and the number of voxels of each."""
    low, high = int(labels.min()), int(labels.max())
    if high - low >= _TABLE:
        phases, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
        return phases, index.reshape(labels.shape).astype(np.min_scalar_type(len(phases))), counts
    offsets = labels.astype(np.intp, copy=False) - low
    counts = np.bincount(offsets.reshape(-1))
    present = np.flatnonzero(counts)
    table = np.zeros(len(counts), np.min_scalar_type(len(present)))
    table[present] = np.arange(len(present))
    return (present + low).astype(labels.dtype), table[offsets], counts[present]
