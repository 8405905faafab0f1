"""Sums that do not depend on the number of threads, on the CPU in float32.

In two cases torch leaves a sum to a library that splits it by the number of threads: grey values then differ by about
10⁻⁶ from one setting to another, and a voxel may flip. Both are led to code that computes each value in one piece.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SMALL = 20_480
"""Up to this product of channels and all extents but the last, torch convolves one volume by a product of matrices."""


def convolved(convolution: nn.Module, volumes: Tensor) -> Tensor:
    """Convolve ``(n, channels, *spatial)``; small single volumes come out several times sooner as well."""
    alone = len(volumes) == 1 and volumes.shape[:4].numel() <= _SMALL
    if alone and volumes.device.type == "cpu" and not torch.is_autocast_enabled("cpu"):
        pair = volumes.expand(2, *volumes.shape[1:])
        return convolution(pair)[:1]  # type: ignore[no-any-return]
    return convolution(volumes)  # type: ignore[no-any-return]


def weighted_sums(features: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``features @ weight.T + bias`` over the last axis; a single row of weights gets a second one, of zeros."""
    if len(weight) > 1:
        return F.linear(features, weight, bias)
    row = F.pad(weight, (0, 0, 0, 1))
    return F.linear(features, row, None if bias is None else F.pad(bias, (0, 1)))[..., :1]
