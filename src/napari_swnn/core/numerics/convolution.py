"""Convolutions with the fastest available method."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, is_autocast_enabled, nn

from napari_swnn.core.numerics import winograd

_SMALL = 20_480
"""Largest product of channels and all extents except the last at which torch 2.13 convolves a single float32 volume
without oneDNN, which is two to nine times slower (`use_mkldnn` in its Convolution.cpp)."""


def convolve(convolution: nn.Module, volumes: Tensor) -> Tensor:
    """Convolve ``(n, channels, *spatial)``; a small single volume is duplicated, because a pair is faster."""
    is_slow = len(volumes) == 1 and volumes.shape[:4].numel() <= _SMALL
    if is_slow and volumes.device.type == "cpu" and not is_autocast_enabled("cpu"):
        pair = volumes.expand(2, *volumes.shape[1:])
        return convolution(pair)[:1]  # type: ignore[no-any-return]
    return convolution(volumes)  # type: ignore[no-any-return]


def convolve_all(convolutions: Sequence[nn.Module], volumes: Tensor, slope: float) -> Tensor:
    """Apply unpadded convolutions with biases in sequence, each followed by a leaky ReLU with this slope."""
    if winograd.is_faster(volumes, len(convolutions)):
        return winograd.convolve_all(convolutions, volumes, slope)
    for convolution in convolutions:
        volumes = F.leaky_relu(convolve(convolution, volumes), slope, inplace=True)
    return volumes
