"""Volumes as TIFF, with the voxel size where Fiji and napari look for it."""

from __future__ import annotations

from typing import Any

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
    high = int(labels.max())
    check_tiff_labels(int(labels.min()), high)
    tifffile.imwrite(
        path,
        labels.astype(np.uint8 if high < 256 else np.uint16, copy=False),
        **imagej_options("ZYX"[-labels.ndim :], voxel_size, unit),
    )


def imagej_options(axes: str, voxel_size: float, unit: str) -> dict[str, Any]:
    """What tifffile has to be told for ImageJ to find the axes and the size of a voxel."""
    return {
        "imagej": True,
        "resolution": (1 / voxel_size, 1 / voxel_size),
        "metadata": {"axes": axes, "spacing": voxel_size, "unit": _ascii(unit)},
    }


def check_tiff_labels(*labels: int) -> None:
    """Refuse labels that an ImageJ TIFF cannot hold.

    Raises
    ------
    ValueError
        If one is below 0 or above 65535.
    """
    if min(labels) < 0 or max(labels) > 65535:
        raise ValueError(
            f"a TIFF must hold labels from 0 to 65535, got {min(labels)} to {max(labels)}; relabel the reference"
        )


def _ascii(unit: str) -> str:
    """The unit as ImageJ writes it: its header holds no other characters."""
    return unit.replace("µ", "u").replace("μ", "u").encode("ascii", "replace").decode()
