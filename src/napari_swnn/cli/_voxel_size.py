"""Voxel size of a run: that of the command line, otherwise that of the files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_swnn._voxel_size import VoxelSize

if TYPE_CHECKING:
    from napari_swnn.io import StoredImage, VolumeSet


def add_voxel_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the voxel size and its unit."""
    parser.add_argument(
        "--voxel-size",
        "--pixel-size",
        type=float,
        help="edge length of a pixel or voxel (default: stated in the file, otherwise 1)",
    )
    parser.add_argument("--unit", help="unit of the voxel size, for example um (default: stated in the file)")


def choose_voxel_size(images: Sequence[StoredImage], size: float | None, unit: str | None) -> VoxelSize:
    """Return the voxel size of the command line, otherwise that stored in the images; print where they differ.

    Parameters
    ----------
    images : sequence of StoredImage
        Images of the reference.
    size : float, optional
        Voxel size of the command line.
    unit : str, optional
        Unit of the command line; without `size`, the stored voxel size is converted to it.

    Raises
    ------
    ValueError
        If the images have different voxel sizes, or voxels that are not cubes, and none is given.
    """
    if size is None:
        stored = _common(images)
        if unit is None:
            return stored
        return VoxelSize(1.0, unit) if stored.length_unit is None else VoxelSize(stored.in_unit(unit), unit)
    stated = next((image.sides.units[-1] for image in images if image.sides.lengths[-1] is not None), "voxel")
    given = VoxelSize(size, unit or stated)
    for image in images:
        _compare(given, image)
    return given


def _common(images: Sequence[StoredImage]) -> VoxelSize:
    """Return the voxel size that all images state."""
    sizes = [image.voxel for image in images]
    stated = [(size, image) for size, image in zip(sizes, images, strict=True) if size != VoxelSize()]
    if not stated:
        return VoxelSize()
    first, source = stated[0]
    for size, image in stated[1:]:
        if size.differs_from(first) or (size != first and first.length_unit is not size.length_unit is None):
            raise ValueError(
                f"all images must have the same voxel size, got {first} in {source.source} and {size} in "
                f"{image.source}; train on one of them, resample the other, or correct a wrong size with --voxel-size"
            )
    missing = [image.source for size, image in zip(sizes, images, strict=True) if size == VoxelSize()]
    if missing:
        print(f"Note: {', '.join(missing)} states no voxel size; that of {source.source}, {first}, is used.")
    return first


def _compare(given: VoxelSize, image: StoredImage) -> None:
    """Print a note if an image states another voxel size than the command line."""
    try:
        stored: object = image.voxel
        conflicts = image.voxel.differs_from(given)
    except ValueError:  # no cubes
        stored, conflicts = image.sides, True
    if conflicts:
        print(f"Note: {image.source} states a voxel size of {stored}; --voxel-size replaces it with {given}.")


def check_volume_voxels(volumes: VolumeSet, voxel: VoxelSize, path: object) -> None:
    """Compare the voxel size of volumes with that of the reference.

    Raises
    ------
    ValueError
        If both are lengths and differ.
    """
    if volumes.voxel.differs_from(voxel):
        raise ValueError(
            f"volumes must have the voxel size of the reference, {voxel}, got {volumes.voxel} in {path}; resample one "
            "of them, or correct a wrong size of the reference with --voxel-size"
        )
    if voxel.length_unit is None and volumes.voxel.length_unit is not None:
        print(
            f"Note: {path} states a voxel size of {volumes.voxel}, and the reference none; lengths are given in "
            "voxels unless --voxel-size is passed."
        )
