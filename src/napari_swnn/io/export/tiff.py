"""TIFF with voxel size: ImageJ hyperstacks, and OME-TIFF for what these cannot hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from napari_swnn._types import AXES
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.io.export.label_volume import LabelVolume
from napari_swnn.io.tiff import imagej_options

LARGEST_IMAGEJ = 2**32 - 2**25
"""Size of the voxels in bytes above which a file is an OME-TIFF in BigTIFF format."""


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
    metadata: dict[str, Any] = {
        "axes": axes,
        "Description": volume.text,
        # OME requires an identifier; derived from the content, equal volumes have equal bytes.
        "UUID": f"urn:uuid:{uuid5(NAMESPACE_URL, volume.text)}",
    }
    if volume.unit:
        for axis, length in zip(AXES[-len(volume.lengths) :], volume.lengths, strict=True):
            key = f"PhysicalSize{axis.upper()}"
            metadata |= {key: length, f"{key}Unit": _OME.get(volume.unit, volume.unit)}
    return {"bigtiff": True, "ome": True, "metadata": metadata}


_OME = {"um": "µm", "angstrom": "Å"}
"""Symbols of OME that differ from those in ASCII."""
