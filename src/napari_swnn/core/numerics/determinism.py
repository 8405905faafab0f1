"""Convolutions on a CUDA GPU that are bitwise reproducible between runs."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from threading import Lock

import torch


def deterministic_convolutions(device: torch.device) -> AbstractContextManager[None]:
    """Return a context in which convolutions on a CUDA GPU are deterministic and use full float32 precision.

    By default cuDNN uses TF32 for float32 convolutions, whose rounding to ten bits can shift a threshold, and sums
    gradients in an order that varies between runs. Other devices need no settings.
    """
    return _ON_CUDA if device.type == "cuda" else nullcontext()


class _DeterministicOnCuda(AbstractContextManager[None]):
    """Context that several threads can enter at the same time; the cuDNN settings apply to all of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_inside = 0
        self._before = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                flags = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
                self._before.enter_context(flags)
            self._n_inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._before.close()  # the last thread restores the settings


_ON_CUDA = _DeterministicOnCuda()
