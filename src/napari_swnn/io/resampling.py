"""Resampling of images whose voxels are not cubes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_swnn._types import AXES
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn.io.stored_image import ImageError, StoredImage, check_fits


def resample_to_cubes(image: StoredImage) -> StoredImage:
    """Resample an image by nearest neighbour to cubic voxels, or square pixels, with the shortest side.

    Labels stay labels, and no voxel is lost: along longer sides, voxels are repeated.

    Raises
    ------
    ValueError
        If a side or its unit is not known, or the result does not fit into memory.
    """
    sides = image.sides.in_one_unit(image.source)
    if any(length is None for length in sides.lengths):
        raise ImageError(
            f"resampling needs the voxel size along all axes of {image.source}, got {sides}; correct its voxel size"
        )
    lengths = [length for length in sides.lengths if length is not None]
    shortest = min(lengths)
    space = [axis for axis in image.axes if axis in AXES]
    values = image.values
    for axis, length in zip(space, lengths, strict=True):
        where = image.axes.index(axis)
        n = max(1, round(values.shape[where] * length / shortest))
        check_fits((*values.shape[:where], n, *values.shape[where + 1 :]), values.dtype.itemsize, image.source)
        nearest = np.floor((np.arange(n) + 0.5) * shortest / length).astype(int)
        values = np.take(values, np.minimum(nearest, values.shape[where] - 1), where)
    return replace(image, values=values, sides=VoxelSides((shortest,) * len(space), sides.units))
