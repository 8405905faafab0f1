"""Fine voxels in the voxels of a coarse scan, and estimates of their averages from a segmented scan."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_swnn._types import FloatArray, Shape


def apply_kernel(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return the weighted sum of each inner voxel and its neighbours, and the constant of a kernel."""
    inner = tuple(n - 2 for n in values.shape)
    total = np.full(inner, kernel[-1], np.float32)
    for weight, place in zip(kernel[:-1], np.ndindex(*(3,) * values.ndim), strict=True):
        total += weight * values[tuple(slice(a, a + n) for a, n in zip(place, inner, strict=True))]
    return total


def fit_kernel(fine: NDArray[np.bool_], factor: int, kind: str) -> FloatArray:
    """Fit the kernel that estimates averages over the voxels of a segmented scan, by least squares.

    Parameters
    ----------
    fine : numpy.ndarray
        True in the phase of interest; extents are multiples of `factor`.
    factor : int
        Edge length of a voxel of the scan.
    kind : {"samples", "majority"}
        Meaning of a voxel of the scan.
    """
    ndim = fine.ndim
    cells = to_cells(torch.from_numpy(fine.astype(np.float32)), factor).numpy()
    coarse = tuple(n // factor for n in fine.shape)
    averages = cells.mean(1).reshape(coarse)
    seen = (cells[:, 0] if kind == "samples" else averages.ravel() >= 0.5).astype(np.float32).reshape(coarse)
    inner = tuple(n - 2 for n in coarse)
    columns = [
        seen[tuple(slice(a, a + n) for a, n in zip(place, inner, strict=True))].ravel()
        for place in np.ndindex(*(3,) * ndim)
    ]
    design = np.stack([*columns, np.ones(columns[0].size, np.float32)], 1)
    expected = averages[(slice(1, -1),) * ndim].ravel()
    kernel: FloatArray = np.linalg.lstsq(design.astype(float), expected.astype(float), rcond=None)[0]
    return kernel.astype(np.float32)


def to_cells(values: Tensor, k: int) -> Tensor:
    """Reorder values to ``(n_cells, k ** ndim)``, one row for each cube of `k` voxels along each axis."""
    ndim = values.ndim
    split = values.reshape([m for n in values.shape for m in (n // k, k)])
    order = [*range(0, 2 * ndim, 2), *range(1, 2 * ndim, 2)]
    return split.permute(order).reshape(-1, k**ndim)


def from_cells(cells: Tensor, shape: Shape, k: int) -> Tensor:
    """Undo `to_cells` for an array of the given shape."""
    ndim = len(shape)
    split = cells.reshape(*(n // k for n in shape), *(k,) * ndim)
    order = [i for axis in range(ndim) for i in (axis, ndim + axis)]
    return split.permute(order).reshape(shape)
