"""Segmentation of the grey channels of several phases."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_swnn._types import FloatArray


def classify_by_offsets(grey: Tensor, offsets: FloatArray) -> Tensor:
    """Return the position of the phase of each voxel, the one with the largest sum of grey value and offset.

    Parameters
    ----------
    grey : torch.Tensor
        ``(c, *spatial)`` grey values.
    offsets : numpy.ndarray
        Float32 offsets, ``(c,)`` or ``(c, *spatial)`` with an extent of 1 along uniform axes.

    Returns
    -------
    torch.Tensor
        ``(*spatial)`` positions in the order of the phases, uint8, on the device of `grey`. Of equal sums, the first
        counts.
    """
    shifts = _as_shifts(grey, offsets)
    # Comparing channel by channel needs no 64-bit indices and decides equal sums alike on every device.
    best = grey[0] + shifts[0]
    position = torch.zeros(best.shape, dtype=torch.uint8, device=grey.device)
    for k in range(1, len(grey)):
        candidate = grey[k] + shifts[k]
        position.masked_fill_(candidate > best, k)
        best = torch.maximum(best, candidate)
    return position


def add_offsets(grey: Tensor, offsets: FloatArray) -> Tensor:
    """Return the sums ``(c, *spatial)`` of grey values and offsets, as for `classify_by_offsets`."""
    return grey + _as_shifts(grey, offsets)


def _as_shifts(grey: Tensor, offsets: FloatArray) -> Tensor:
    shifts = torch.from_numpy(offsets).to(grey.device)
    return shifts.view(-1, *[1] * (grey.ndim - 1)) if shifts.ndim == 1 else shifts
