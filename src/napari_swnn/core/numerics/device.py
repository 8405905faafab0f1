"""Selection of devices and of the precision of convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from napari_swnn._checks import check_choice
from napari_swnn.core.numerics.determinism import deterministic_convolutions

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(device: str = "auto") -> torch.device:
    """Return the computing device; ``"auto"`` prefers CUDA, then MPS, then the CPU.

    Raises
    ------
    ValueError
        If the device is unknown or unavailable on this machine.
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
    """Return a readable name of a device."""
    if device.type == "cuda":
        return f"GPU ({torch.cuda.get_device_name(device)})"
    if device.type == "mps":
        return "GPU (Apple, MPS)"
    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"


def training_precision(device: torch.device) -> torch.dtype:
    """Return the precision of convolutions in training: bfloat16 if the hardware supports it.

    Weights, batch statistics and the loss remain in float32. A CPU without bfloat16 instructions uses float32, because
    emulation is slower.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    # torch has no public function for this; if the private one is missing, float32 is used.
    has_bfloat16 = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return torch.bfloat16 if device.type == "cpu" and has_bfloat16() else torch.float32


def generation_precision(device: torch.device, *, bounded: bool) -> torch.dtype:
    """Return the precision of convolutions in generation.

    Grey values of bounded stages lie close to one of the two bounds almost everywhere, so bfloat16 changes only one
    voxel in a thousand, at interfaces and without bias. The paper's network is not bounded and uses float32.
    """
    return training_precision(device) if bounded else torch.float32


@contextmanager
def convolutions_in(precision: torch.dtype, device: torch.device) -> Iterator[None]:
    """Enter a context in which convolutions use this precision and are deterministic on a CUDA GPU."""
    autocast = torch.autocast(device.type, dtype=precision, enabled=precision != torch.float32)
    with autocast, deterministic_convolutions(device):
        yield
