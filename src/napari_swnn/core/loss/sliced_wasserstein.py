"""Sliced Wasserstein distance between sets of patterns (Eq. 16-18 of the paper)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_swnn._checks import check_whole
from napari_swnn._types import FloatArray
from napari_swnn.core.loss.directions import random_directions
from napari_swnn.core.numerics.parallel import map_threads, n_threads


class _Sort(torch.autograd.Function):
    """Ascending sort of each row; on the CPU it uses NumPy's argsort, which is several times faster."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        if values.device.type == "cpu":
            order = torch.from_numpy(_argsort_rows(values.detach().numpy()))
            ordered = values.gather(1, order)
        else:
            ordered, order = torch.sort(values, dim=1)
        ctx.save_for_backward(order)
        return ordered

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (order,) = ctx.saved_tensors
        return torch.empty_like(gradient).scatter_(1, order, gradient)


def _argsort_rows(values: FloatArray) -> NDArray[np.int64]:
    return np.concatenate(map_threads(partial(np.argsort, axis=1), np.array_split(values, n_threads())))


def sort_rows(values: Tensor) -> Tensor:
    """Sort each row of ``(k, n)`` in ascending order; differentiable."""
    if values.requires_grad or values.device.type != "cpu":
        sorted_rows: Tensor = _Sort.apply(values)  # type: ignore[no-untyped-call]
        return sorted_rows
    return torch.from_numpy(np.sort(values.numpy(), axis=1))


def wasserstein_1d(x: Tensor, y: Tensor, *, p: int = 1) -> Tensor:
    """Return the Wasserstein distance between one-dimensional samples, row by row (Eq. 17).

    Parameters
    ----------
    x : torch.Tensor
        ``(k, n)``.
    y : torch.Tensor
        ``(k, m)``; if ``m`` differs from ``n``, the exact distance between the quantile functions is computed.
    p : int
        Order of the distance, which is the mean of ``|difference| ** p`` over the quantiles to the power ``1 / p``.

    Returns
    -------
    torch.Tensor
        ``(k,)``.
    """
    x = sort_rows(x)
    y = sort_rows(y)
    n = x.shape[1]
    m = y.shape[1]
    if n == m:
        powers = (x - y).abs() if p == 1 else (x - y).abs() ** p
        return powers.mean(dim=1) if p == 1 else powers.mean(dim=1) ** (1 / p)
    # Both quantile functions are step functions; between consecutive steps of either, their difference is constant.
    levels = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    widths = torch.as_tensor(np.diff(levels, prepend=0) / (n * m), dtype=x.dtype, device=x.device)
    i = torch.as_tensor((levels - 1) // m, device=x.device)
    j = torch.as_tensor((levels - 1) // n, device=x.device)
    powers = ((x[:, i] - y[:, j]).abs() ** p) @ widths
    return powers ** (1 / p)


def sliced_wasserstein_distance(
    x: Tensor,
    y: Tensor,
    *,
    n_projections: int = 64,
    p: int = 1,
    projections: Tensor | None = None,
    seed: int = 0,
) -> Tensor:
    """Return the sliced Wasserstein distance between two sets of points (Eq. 16 and 18).

    Parameters
    ----------
    x, y : torch.Tensor
        ``(n, d)`` and ``(m, d)`` points, such as flattened patterns.
    n_projections : int
        Number of directions.
    p : int
        Order of the distance; the published code uses 1.
    projections : torch.Tensor, optional
        ``(k, d)`` directions of length 1, used instead of random ones.
    seed : int
        Seed of the random directions.

    Returns
    -------
    torch.Tensor
        Scalar: the `p`-th root of the mean over directions of the `p`-th powers; for ``p = 1``, the mean.

    Raises
    ------
    ValueError
        If the points of the two sets have different dimensions.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(
            f"x and y must be points of one dimension, (n, d) and (m, d), got {tuple(x.shape)} and {tuple(y.shape)}; "
            "flatten the patterns, and use one template_size for both"
        )
    if projections is None:
        check_whole(n_projections, name="n_projections")
        generator = torch.Generator(device="cpu").manual_seed(seed)
        projections = random_directions(n_projections, x.shape[1], generator).to(x)
    return combine_directions(wasserstein_1d(projections @ x.T, projections @ y.T, p=p), p=p)


def combine_directions(distances: Tensor, *, p: int) -> Tensor:
    """Combine the distances along each direction into the sliced distance (Eq. 18)."""
    return distances.mean() if p == 1 else (distances**p).mean() ** (1 / p)
