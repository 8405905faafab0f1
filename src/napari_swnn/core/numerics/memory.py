"""Memory that generation needs."""

from __future__ import annotations

import math

from napari_swnn._types import Shape

WORKING_MEMORY = 2**29
"""Largest number of bytes that the computation of a block takes, besides the volume."""


def free_memory() -> int:
    """Return the number of bytes of memory that are free on this machine."""
    import psutil

    return int(psutil.virtual_memory().available)


def check_memory(shape: Shape, itemsize: int = 1) -> None:
    """Refuse a volume that does not fit into free memory.

    Parameters
    ----------
    shape : tuple of int
        Shape of the volume in voxels.
    itemsize : int
        Bytes of a voxel.

    Raises
    ------
    ValueError
        If there is not enough memory; the message names the need.
    """
    # As Python integers: the product of a mistyped shape may exceed 64 bits.
    needed = math.prod(int(n) for n in shape) * itemsize + WORKING_MEMORY
    free = free_memory()
    if needed > free:
        raise ValueError(
            f"shape must fit into memory, got {shape}, which needs {needed / 2**30:.1f} GiB of {free / 2**30:.1f} GiB "
            "free; choose a smaller volume, or generate_lazy"
        )
