"""Fine voxels in the voxels of a coarse scan: estimates of averages, and classifications with given counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_swnn._types import BoolArray, FloatArray, Shape

_EXCESS = 2.0
"""Shift of a score at a sample, relative to what it lacks to be the largest."""


@dataclass(frozen=True, eq=False, slots=True)
class Averaging:
    """Estimate of averages over the voxels of a segmented scan.

    Attributes
    ----------
    kernels : numpy.ndarray
        ``(c, 3 ** d + 1)`` weights of a voxel and its neighbours, and a constant, for each phase.
    spread : float
        Standard deviation of the errors.
    """

    kernels: FloatArray
    spread: float


def apply_kernel(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return the weighted sum of each inner voxel and its neighbours, and the constant of a kernel."""
    inner = tuple(n - 2 for n in values.shape)
    total = np.full(inner, kernel[-1], np.float32)
    for weight, place in zip(kernel[:-1], np.ndindex(*(3,) * values.ndim), strict=True):
        total += weight * values[tuple(slice(a, a + n) for a, n in zip(place, inner, strict=True))]
    return total


def fit_averaging(phases: Sequence[BoolArray], factor: int, kind: str) -> Averaging:
    """Fit the estimate of averages over the voxels of a segmented scan, by least squares.

    Parameters
    ----------
    phases : sequence of numpy.ndarray
        True in each phase of a fine volume; extents are multiples of `factor`.
    factor : int
        Edge length of a voxel of the scan.
    kind : {"samples", "majority"}
        Meaning of a voxel of the scan.
    """
    cells = [to_cells(torch.from_numpy(fine.astype(np.float32)), factor).numpy() for fine in phases]
    coarse = tuple(n // factor for n in phases[0].shape)
    averages = np.stack([each.mean(1) for each in cells])
    if kind == "samples":
        seen = np.stack([each[:, 0] for each in cells])
    elif len(cells) == 1:
        seen = averages >= 0.5
    else:
        seen = averages.argmax(0) == np.arange(len(cells))[:, None]
    fits = [_fit_kernel(s.reshape(coarse), a.reshape(coarse)) for s, a in zip(seen, averages, strict=True)]
    spread = np.sqrt(np.mean([error**2 for _, error in fits]))
    return Averaging(np.stack([kernel for kernel, _ in fits]), float(spread))


def _fit_kernel(seen: NDArray[np.generic], averages: FloatArray) -> tuple[FloatArray, float]:
    """Return the kernel that estimates averages, and the standard deviation of its errors."""
    ndim = seen.ndim
    inner = tuple(n - 2 for n in seen.shape)
    columns = [
        seen[tuple(slice(a, a + n) for a, n in zip(place, inner, strict=True))].ravel().astype(float)
        for place in np.ndindex(*(3,) * ndim)
    ]
    design = np.stack([*columns, np.ones(columns[0].size)], 1)
    expected = averages[(slice(1, -1),) * ndim].ravel().astype(float)
    kernel: FloatArray = np.linalg.lstsq(design, expected, rcond=None)[0]
    return kernel.astype(np.float32), float((design @ kernel - expected).std())


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


def count_phases(positions: Tensor, n_phases: int) -> Tensor:
    """Return how many voxels of each cell have each phase, ``(phases, cells)``, for positions ``(cells, n)``."""
    return torch.stack([(positions == phase).sum(1) for phase in range(n_phases)])


def round_counts(counts: Tensor) -> Tensor:
    """Round numbers of voxels ``(phases, cells)`` to whole ones with the same sums (largest remainders)."""
    least = counts.floor()
    missing = (counts.sum(0) - least.sum(0)).round()
    order = (counts - least).argsort(dim=0, descending=True, stable=True)
    ranks = torch.empty_like(order).scatter_(
        0, order, torch.arange(len(counts), device=counts.device)[:, None] + 0 * order
    )
    return (least + (ranks < missing)).long()


def meet_counts(scores: Tensor, positions: Tensor, counts: Tensor) -> Tensor:
    """Change the phases of as few voxels as possible, those with the smallest loss of score, to meet counts.

    Parameters
    ----------
    scores : torch.Tensor
        ``(phases, cells, n)`` scores of the voxels of each cell.
    positions : torch.Tensor
        ``(cells, n)`` phases.
    counts : torch.Tensor
        ``(phases, cells)`` number of voxels of each phase, with the sum `n`.

    Returns
    -------
    torch.Tensor
        ``(cells, n)`` phases.
    """
    n_phases, _, n = scores.shape
    found = count_phases(positions, n_phases)
    for source, target in permutations(range(n_phases), 2):
        n_moved = torch.minimum(found[source] - counts[source], counts[target] - found[target]).clamp_min(0)
        if not n_moved.any():
            continue
        gains = torch.where(positions == source, scores[target] - scores[source], -torch.inf)
        order = gains.argsort(dim=1, descending=True, stable=True)
        ranks = torch.empty_like(order).scatter_(1, order, torch.arange(n, device=order.device).expand_as(order))
        positions = positions.masked_fill(ranks < n_moved[:, None], target)
        found[source] -= n_moved
        found[target] += n_moved
    return positions


def meet_samples(scores: Tensor, samples: Tensor, k: int) -> Tensor:
    """Shift scores so that the first voxel of each cell has a known phase.

    The shifts vary linearly between these voxels, so that interfaces move instead of single voxels.

    Parameters
    ----------
    scores : torch.Tensor
        ``(phases, *spatial)`` scores of the voxels.
    samples : torch.Tensor
        ``(*spatial / k)`` phases of the first voxels.
    k : int
        Edge length of a cell.

    Returns
    -------
    torch.Tensor
        ``(phases, *spatial)`` scores; those after the last sample along an axis have its shift.
    """
    found = scores[:, *(slice(None, None, k),) * samples.ndim]
    own = samples[None]
    lacking = found.amax(0, keepdim=True) - found.gather(0, own)
    shifts = torch.zeros_like(found).scatter_(0, own, _EXCESS * lacking)
    for axis in range(1, shifts.ndim):
        shifts = _interpolate(shifts, axis, k)
    return scores + shifts


def _interpolate(values: Tensor, axis: int, k: int) -> Tensor:
    """Interpolate values linearly to `k` times as many along an axis; the first of each `k` is a given one."""
    after = torch.cat([values.narrow(axis, 1, values.shape[axis] - 1), values.narrow(axis, -1, 1)], axis)
    shares = torch.arange(k, device=values.device, dtype=values.dtype) / k
    steps = [values + share * (after - values) for share in shares]
    return torch.stack(steps, axis + 1).flatten(axis, axis + 1)
