"""Checks of the arguments shared by all statistics: array, region of interest and distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_labels, check_whole, is_lazy

if TYPE_CHECKING:
    from napari_swnn._types import Shape

LONGEST_DEFAULT = 64
"""Default maximum distance of a curve, in voxels."""


def check_volume(volume: Any) -> Any:
    """Return `volume` as a numpy or dask array of labels, without computing a dask array.

    Raises
    ------
    TypeError, ValueError
        See `napari_swnn._checks.check_labels`.
    """
    if not is_lazy(volume):
        return check_labels(volume, name="volume")
    # A placeholder of the same type and shape takes no memory and avoids computing the chunks.
    check_labels(np.broadcast_to(np.zeros((), volume.dtype), volume.shape), name="volume")
    return volume


def check_mask(mask: Any, shape: Shape) -> Any:
    """Return the region of interest as a numpy or dask array, or ``None``.

    Raises
    ------
    ValueError
        If its shape differs from the shape of the volume.
    TypeError
        If it is not boolean.
    """
    if mask is None:
        return None
    array = mask if is_lazy(mask) else np.asarray(mask)
    if array.shape != shape:
        raise ValueError(f"mask must have the shape of the volume, {shape}, got {array.shape}; crop or pad it")
    if array.dtype != bool:
        raise TypeError(f"mask must be boolean, True inside the region of interest, got {array.dtype}; use mask > 0")
    return array


def check_max_distance(max_distance: int | None, shape: Shape, *, default: int = LONGEST_DEFAULT) -> int:
    """Return the largest distance in voxels; by default `default`, but at most half the shortest side.

    Raises
    ------
    ValueError
        If it is not a whole number or not below the shortest side.
    """
    shortest = min(shape)
    if max_distance is None:
        return min(default, shortest // 2)
    if check_whole(max_distance, name="max_distance", low=0) >= shortest:
        raise ValueError(
            f"max_distance must be below {shortest} voxels, the shortest side of the volume, got {max_distance}; "
            "choose a smaller distance or pass a larger volume"
        )
    return int(max_distance)


def check_sampled(n_samples: int, what: str = "voxel") -> None:
    """Reject a region of interest that contains no samples.

    Raises
    ------
    ValueError
        If `n_samples` is 0.
    """
    if n_samples == 0:
        raise ValueError(f"mask must contain at least one {what}, got none; draw a larger region of interest")
