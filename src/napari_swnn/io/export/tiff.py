"""TIFF with voxel size: ImageJ hyperstacks, and OME-TIFF for what these cannot hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_swnn._voxel_size import VoxelSize, find_length_unit
from napari_swnn.io.export.label_volume import LabelVolume
from napari_swnn.io.tiff import LARGEST_IMAGEJ, imagej_options, ome_options


def write_tiff_volume(path: Path, volume: LabelVolume) -> None:
    """Write labels as ImageJ TIFF, or as OME-TIFF if they are negative, above 65535, or larger than 4 GiB."""
    import tifffile

    axes = "".join({"realisation": "T"}.get(axis, axis) for axis in volume.axes).upper()
    is_imagej = volume.dtype.name in ("uint8", "uint16") and volume.n_bytes <= LARGEST_IMAGEJ
    options = _imagej(volume, axes) if is_imagej else _ome(volume, axes)
    tifffile.imwrite(path, volume.planes(), shape=volume.shape, dtype=volume.dtype, **options)


def _imagej(volume: LabelVolume, axes: str) -> dict[str, Any]:
    lengths = volume.lengths
    options = imagej_options(axes, VoxelSize(lengths[-1], volume.sides.units[-1]))
    per_length = options["resolution"][0]
    options["resolution"] = (per_length, per_length * lengths[-1] / lengths[-2])
    options["metadata"] |= {"spacing": options["metadata"]["spacing"] * lengths[0] / lengths[-1], "Info": volume.text}
    return options


def _ome(volume: LabelVolume, axes: str) -> dict[str, Any]:
    unit = find_length_unit(volume.sides.units[-1])
    return ome_options(axes, volume.text, volume.lengths, "" if unit is None else unit.symbol)
