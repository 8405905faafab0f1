"""Checks of the arguments shared by all statistics: array, region of interest and distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._axes import spatial_labels
from napari_swnn._checks import check_labels, check_region, check_whole, is_lazy
from napari_swnn._label_values import to_labels, to_region

if TYPE_CHECKING:
    from napari_swnn._types import Shape

LONGEST_DEFAULT = 64
"""Default maximum distance of a curve, in voxels."""


def check_volume(volume: Any) -> Any:
    """Return `volume` as a numpy or dask array of labels; a dask array stays lazy.

    Values that must become integers are converted chunk by chunk, when they are read.

    Raises
    ------
    TypeError, ValueError
        See `napari_swnn._checks.check_labels`.
    """
    if not is_lazy(volume):
        return check_labels(volume, name="volume")
    # A placeholder of the same type and shape takes no memory and avoids computing the chunks.
    check_labels(np.broadcast_to(np.zeros((), volume.dtype), volume.shape), name="volume")
    spatial = spatial_labels(volume, name="volume", planar=False)
    is_plain = spatial.dtype.kind in "iu" and not isinstance(spatial._meta, np.ma.MaskedArray)
    return spatial if is_plain else spatial.map_blocks(_to_labels, dtype=np.int64, meta=np.zeros(0, np.int64))


def check_mask(mask: Any, shape: Shape) -> Any:
    """Return the region of interest as a numpy or dask array, or ``None``.

    Raises
    ------
    ValueError
        If its shape differs from the shape of the volume.
    TypeError
        If it consists of something else than booleans or numbers.
    """
    if mask is None:
        return None
    if not is_lazy(mask):
        return check_region(mask, shape, name="mask", of="the volume")
    check_region(np.broadcast_to(np.zeros((), mask.dtype), mask.shape), shape, name="mask", of="the volume")
    return mask.map_blocks(_to_region, dtype=bool, meta=np.zeros(0, bool))


def _to_labels(chunk: Any) -> Any:
    return to_labels(chunk, name="volume").astype(np.int64, copy=False)


def _to_region(chunk: Any) -> Any:
    return to_region(chunk, name="mask")


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
