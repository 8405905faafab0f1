"""Fast convolution of volumes on the CPU in float32 (Winograd 1980; Lavin and Gray 2016).

Along the first axis, six outputs of a convolution with three weights need eight products instead of eighteen: inputs
and weights are treated as coefficients of polynomials, which are multiplied at eight points. Each product is a
convolution of one plane with 3 x 3 weights, for which torch is efficient.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import prod
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_swnn._types import FloatArray

_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
"""Finite points at which polynomials are multiplied; small numbers limit rounding errors."""
_AT_ONE = _POINTS.index(1.0)
_TILE = len(_POINTS) - 1
"""Planes computed from one set of products."""
_TOGETHER = 2
"""Number of tiles whose planes are convolved in one call."""
_MIN_SIDE = 48
"""Minimum edge length of a volume, in voxels, for which the method is faster despite its additional sums."""


def is_faster(volumes: Tensor, n_convolutions: int) -> bool:
    """Return True if `convolve_all` supports `n_convolutions` of ``(n, channels, *spatial)`` and is faster."""
    return (
        volumes.device.type == "cpu"
        and volumes.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.is_grad_enabled()
        and volumes.ndim == 5
        and len(volumes) == 1
        and min(volumes.shape[2:]) >= _MIN_SIDE
        and volumes.shape[2] - 2 * n_convolutions >= _TILE
    )


def convolve_all(convolutions: Iterable[nn.Module], volumes: Tensor, slope: float) -> Tensor:
    """Apply unpadded convolutions with 3 x 3 x 3 kernels, each followed by a leaky ReLU.

    Rounding makes the result differ from that of torch by about 10⁻⁵ of the largest value.

    Parameters
    ----------
    convolutions : iterable of torch.nn.Conv3d
        Layers, with biases.
    volumes : torch.Tensor
        ``(1, channels, depth, height, width)``, for which `is_faster` returns True.
    slope : float
        Slope of the leaky ReLU below zero.

    Returns
    -------
    torch.Tensor
        ``(1, channels, *spatial)``, smaller by two voxels along each axis per convolution; channels last in memory.
    """
    planes = volumes[0].permute(1, 2, 3, 0).contiguous()
    # Allocating large arrays is slow, so each convolution overwrites the result of the one before the previous one.
    free, next_free = planes.new_empty(0), planes.new_empty(0)
    for convolution in convolutions:
        layer = cast(nn.Conv3d, convolution)
        shape = (*(extent - 2 for extent in planes.shape[:3]), layer.out_channels)
        if free.numel() < prod(shape):
            free = planes.new_empty(prod(shape))
        out = free[: prod(shape)].view(shape)
        _convolve(planes, layer.weight, cast(Tensor, layer.bias), slope, out=out)
        planes, free, next_free = out, next_free, free
    return planes.permute(3, 0, 1, 2)[None]


def _convolve(planes: Tensor, weight: Tensor, bias: Tensor, slope: float, *, out: Tensor) -> None:
    to_points, of_weights, from_points = (matrix.float() for matrix in transforms(_POINTS))
    n = len(to_points)
    kernels = torch.einsum("pk,oikhw->pohwi", of_weights, weight).contiguous().permute(0, 1, 4, 2, 3)
    values = planes.new_empty(n, _TOGETHER, *planes.shape[1:])
    products = planes.new_empty(n, _TOGETHER, *out.shape[1:])
    # The last tile ends at the end of the volume, so some planes may be computed twice.
    starts = [min(start, len(out) - _TILE) for start in range(0, len(out), _TILE)]
    for at in range(0, len(starts), _TOGETHER):
        group = starts[at : at + _TOGETHER]
        k = len(group)
        for i, start in enumerate(group):
            torch.mm(to_points, planes[start : start + n].view(n, -1), out=values[:, i].view(n, -1))
        for point in range(n):
            shift = bias if point == _AT_ONE else None  # a value added at this point is added to all outputs
            product = F.conv2d(values[point, :k].permute(0, 3, 1, 2), kernels[point], shift)
            products[point, :k] = product.permute(0, 2, 3, 1)
        for i, start in enumerate(group):
            sums = out[start : start + _TILE].view(_TILE, -1)
            torch.mm(from_points, products[:, i].view(n, -1), out=sums)
            F.leaky_relu(sums, slope, inplace=True)


@cache
def transforms(points: tuple[float, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the matrices that turn a correlation with three weights into one product per point.

    Parameters
    ----------
    points : tuple of float
        Distinct finite points; infinity is always included.

    Returns
    -------
    to_points : torch.Tensor
        ``(n, n)`` float64, for `n` inputs.
    of_weights : torch.Tensor
        ``(n, 3)`` float64.
    from_points : torch.Tensor
        ``(n - 2, n)`` float64. The correlation of `x` with `w` is
        ``from_points @ ((of_weights @ w) * (to_points @ x))``.
    """
    n = len(points) + 1

    def powers(k: int) -> FloatArray:
        at_infinity = np.eye(k)[-1:]
        return np.vstack([np.vander(points, k, increasing=True), at_infinity])

    # Polynomials are multiplied by evaluation, products and interpolation; correlation is the transposed operation.
    matrices = np.linalg.inv(powers(n)).T, powers(3), powers(n - 2).T
    to_points, of_weights, from_points = (torch.from_numpy(np.ascontiguousarray(matrix)) for matrix in matrices)
    return to_points, of_weights, from_points
