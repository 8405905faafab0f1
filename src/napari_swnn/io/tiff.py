"""Volumes as TIFF, with the voxel size where Fiji and napari look for it."""

from __future__ import annotations

import numpy as np

from napari_swnn._checks import check_labels
from napari_swnn._types import Path


def write_tiff(path: Path, volume: np.ndarray, *, voxel_size: float = 1.0, unit: str = "voxel") -> None:
    """Write labels as an ImageJ TIFF.

    Parameters
    ----------
    path : path-like
        Usually ends in ``.tif``.
    volume : numpy.ndarray
        Labels ``(z, y, x)`` or ``(y, x)``, from 0 to 65535.
    voxel_size : float
        Side of a voxel, in `unit`.
    unit : str
        For example ``um``.

    Raises
    ------
    TypeError
        If the values are not integers.
    ValueError
        If labels are negative or above 65535, which ImageJ cannot show.
    """
    import tifffile

    labels = check_labels(volume, name="volume")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > 65535:
        raise ValueError(f"volume must hold labels from 0 to 65535 for a TIFF, got {low} to {high}; relabel it")
    tifffile.imwrite(
        path,
        labels.astype(np.uint8 if high < 256 else np.uint16),
        imagej=True,
        resolution=(1 / voxel_size, 1 / voxel_size),
        metadata={"axes": "ZYX"[-labels.ndim :], "spacing": voxel_size, "unit": unit},
    )
