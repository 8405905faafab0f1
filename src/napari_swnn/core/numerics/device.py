"""Where to compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from napari_swnn._checks import check_choice
from napari_swnn.core.numerics.determinism import repeatable

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(device: str = "auto") -> torch.device:
    """Return the device to compute on; ``"auto"`` prefers CUDA, then MPS, then the CPU.

    Raises
    ------
    ValueError
        If the device is unknown or not present on this machine.
    """
    kind, _, index = str(device).partition(":")
    check_choice(kind, DEVICES, name="device")
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if kind == "auto":
        return torch.device(next(name for name, found in present.items() if found))
    if not present[kind] or (index and (kind != "cuda" or index not in map(str, range(torch.cuda.device_count())))):
        raise ValueError(f"device must be present on this machine, got {device!r}; use 'auto' or 'cpu'")
    return torch.device(str(device))


def describe_device(device: torch.device) -> str:
    """One phrase for a user: what is computing."""
    if device.type == "cuda":
        return f"GPU ({torch.cuda.get_device_name(device)})"
    if device.type == "mps":
        return "GPU (Apple, MPS)"
    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"


def training_precision(device: torch.device) -> torch.dtype:
    """Precision of the convolutions during training: half the bits where the hardware has them.

    Weights, batch statistics and the loss stay in float32. On a CPU without bfloat16 instructions the emulated ones
    would be slower, not quicker.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    # torch has no public name for this question; where the private one is gone, stay with float32
    has_bfloat16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return torch.bfloat16 if device.type == "cpu" and has_bfloat16() else torch.float32


def generation_precision(device: torch.device, *, bounded: bool) -> torch.dtype:
    """Precision of the convolutions when a volume is generated.

    The grey values of bounded stages lie at their two ends almost everywhere, so that half the bits flip one voxel in a
    thousand, on either side, at the surface. The paper's network has no such ends: it stays in float32.
    """
    return training_precision(device) if bounded else torch.float32


@contextmanager
def convolutions_in(precision: torch.dtype, device: torch.device) -> Iterator[None]:
    """A context in which convolutions have this precision, and on a CUDA card are repeatable."""
    with torch.autocast(device.type, dtype=precision, enabled=precision != torch.float32), repeatable(device):
        yield
