"""TIFF volumes with the voxel size in the ImageJ header, for Fiji and napari."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from napari_swnn._checks import check_labels
from napari_swnn._files import replaced_when_complete
from napari_swnn._types import AXES, Path
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn._voxel_size import VoxelSize

LARGEST_IMAGEJ = 2**32 - 2**25
"""Total size of the voxels, in bytes, above which a file is an OME-TIFF in BigTIFF format instead of classic TIFF."""
_LEAST_LENGTH = 2.0**-31
"""Smallest voxel size that the resolution of a TIFF, a ratio of 32-bit numbers, can state."""


def write_tiff(path: Path, volume: np.ndarray, *, voxel_size: float = 1.0, unit: str = "voxel") -> None:
    """Write labels as an ImageJ TIFF.

    Parameters
    ----------
    path : path-like
        File to write, usually ``.tif``.
    volume : numpy.ndarray
        Labels ``(z, y, x)`` or ``(y, x)``, from 0 to 65535.
    voxel_size : float
        Edge length of a voxel, in `unit`.
    unit : str
        Unit of `voxel_size`, for example ``um``.

    Raises
    ------
    TypeError
        If the values are not integers.
    ValueError
        If labels are negative or above 65535, because ImageJ cannot display them, or the voxel size cannot be stored.
    """
    import tifffile

    labels = check_labels(volume, name="volume")
    high = int(labels.max())
    check_tiff_labels(int(labels.min()), high)
    options = imagej_options("".join(AXES[-labels.ndim :]).upper(), VoxelSize(voxel_size, unit))
    with replaced_when_complete(FilePath(path)) as partial:
        tifffile.imwrite(partial, labels.astype(np.uint8 if high < 256 else np.uint16, copy=False), **options)


def imagej_options(axes: str, voxel: VoxelSize) -> dict[str, Any]:
    """Return the tifffile options that store the axes and the voxel size in the ImageJ header."""
    if not _LEAST_LENGTH < voxel.value < 1 / _LEAST_LENGTH:
        voxel = VoxelSides.of_metres([voxel.metres]).cubic("the volume")  # in a unit of which it is a handy number
    return {
        "imagej": True,
        "resolution": (1 / voxel.value, 1 / voxel.value),
        "metadata": {"axes": axes, "spacing": voxel.value, "unit": _ascii_unit(voxel)},
    }


def ome_options(axes: str, text: str, lengths: Sequence[float], unit: str) -> dict[str, Any]:
    """Return the tifffile options of an OME-TIFF in BigTIFF format.

    Parameters
    ----------
    axes : str
        Letters of the axes, such as ``"TZYX"``.
    text : str
        Description to store.
    lengths : sequence of float
        Edge lengths of a voxel along the axes of space.
    unit : str
        Unit of the lengths, as OME spells it; empty if they are not known.
    """
    # The identifier required by OME is derived from the text, so that equal volumes have equal bytes.
    metadata: dict[str, Any] = {"axes": axes, "Description": text, "UUID": f"urn:uuid:{uuid5(NAMESPACE_URL, text)}"}
    if unit:
        for axis, length in zip(AXES[-len(lengths) :], lengths, strict=True):
            metadata |= {f"PhysicalSize{axis.upper()}": length, f"PhysicalSize{axis.upper()}Unit": unit}
    return {"bigtiff": True, "ome": True, "metadata": metadata}


def check_tiff_labels(*labels: int) -> None:
    """Raise an error for labels that an ImageJ TIFF cannot store.

    Raises
    ------
    ValueError
        If a label is below 0 or above 65535.
    """
    if min(labels) < 0 or max(labels) > 65535:
        raise ValueError(
            f"a TIFF must hold labels from 0 to 65535, got {min(labels)} to {max(labels)}; relabel the reference"
        )


def _ascii_unit(voxel: VoxelSize) -> str:
    """Return the unit in ASCII, as required by the ImageJ header."""
    unit, length = voxel.unit.replace("µ", "u").replace("μ", "u"), voxel.length_unit
    if not unit.isascii() and length is not None:
        return length.name
    # The escapes of ImageJ itself; it has none for characters beyond 16 bits.
    escaped = (c if c.isascii() else f"\\u{ord(c):04X}" if ord(c) < 2**16 else "?" for c in unit)
    return " ".join("".join(escaped).split())
