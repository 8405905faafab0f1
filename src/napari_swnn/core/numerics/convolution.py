"""Convolution of one volume, without torch's slow path for small ones."""

from __future__ import annotations

from torch import Tensor, is_autocast_enabled, nn

_SMALL = 20_480
"""Up to this product of channels and all extents but the last, torch (2.13) convolves a single float32 volume without
oneDNN, two to nine times slower (`use_mkldnn` in its Convolution.cpp)."""


def convolve(convolution: nn.Module, volumes: Tensor) -> Tensor:
    """Convolve ``(n, channels, *spatial)``; a small single volume is taken as one of a pair, which is faster."""
    is_slow = len(volumes) == 1 and volumes.shape[:4].numel() <= _SMALL
    if is_slow and volumes.device.type == "cpu" and not is_autocast_enabled("cpu"):
        pair = volumes.expand(2, *volumes.shape[1:])
        return convolution(pair)[:1]  # type: ignore[no-any-return]
    return convolution(volumes)  # type: ignore[no-any-return]
