"""Convolutions on a CUDA card that give the same bytes in every run."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from threading import Lock

import torch


def repeatable(device: torch.device) -> AbstractContextManager[None]:
    """A context in which convolutions on a CUDA card are repeatable, and float32 is no less.

    Left alone, a card rounds the factors of float32 products to ten bits (TF32), enough to move a threshold, and adds
    up gradients in an order that changes from run to run. On other devices nothing needs to be set.
    """
    return _ON_CARDS if device.type == "cuda" else nullcontext()


class _RepeatableOnCards(AbstractContextManager[None]):
    """A context that many threads may be in; torch knows these settings for all of them only."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                flags = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
                self._before.enter_context(flags)
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._before.close()  # the last one out puts back what was set


_ON_CARDS = _RepeatableOnCards()
