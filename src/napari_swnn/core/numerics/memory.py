"""Memory requirements of generation."""

from __future__ import annotations

import math

from napari_swnn._memory import find_free_memory, format_memory
from napari_swnn._types import Shape

WORKING_MEMORY = 2**29
"""Upper bound of the memory for the computation of one block, in bytes, in addition to the volume."""


def check_memory(shape: Shape, itemsize: int = 1) -> None:
    """Raise an error if a volume does not fit into free memory.

    Parameters
    ----------
    shape : tuple of int
        Shape of the volume in voxels.
    itemsize : int
        Size of a voxel in bytes.

    Raises
    ------
    ValueError
        If there is not enough memory; the message states the required amount.
    """
    # As Python integers: the product of a mistyped shape may exceed 64 bits.
    needed = math.prod(int(n) for n in shape) * itemsize + WORKING_MEMORY
    free = find_free_memory()
    if needed > free.n_bytes:
        raise ValueError(
            f"shape must fit into memory, got {shape}, which needs {format_memory(needed)} of {free}; choose a smaller "
            "volume, or generate_lazy"
        )
