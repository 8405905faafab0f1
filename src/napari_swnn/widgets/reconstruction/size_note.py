"""Note on a volume that is small beside its structure."""

from math import ceil

from napari_swnn._types import Shape

LEAST_LENGTHS = 10
"""Correlation lengths along a side from which a volume shows enough to be judged and to compute properties."""


def describe_small_size(shape: Shape, correlation_length: float) -> str:
    """Return what a small volume cannot show; empty for a volume that is large enough.

    Parameters
    ----------
    shape : tuple of int
        Size in voxels.
    correlation_length : float
        Correlation length of the reference in voxels.
    """
    side, wanted = min(shape), ceil(LEAST_LENGTHS * correlation_length)
    if side >= wanted:
        return ""
    return (
        f"Small: {side} voxels are {side / correlation_length:.1f} correlation lengths. Choose {wanted} or more along "
        f"each axis ({LEAST_LENGTHS} correlation lengths); a smaller volume shows little, and can hardly be judged."
    )
