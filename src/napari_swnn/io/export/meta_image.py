"""MetaImage, for ITK, Elastix and Fiji: a text header with the voxels behind it (.mha), or in a raw file (.mhd)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from napari_swnn.io.export.label_volume import LabelVolume

_TYPES = {"uint8": "UCHAR", "uint16": "USHORT", "int16": "SHORT", "uint32": "UINT", "int32": "INT"}


def write_mha(path: Path, volume: LabelVolume) -> None:
    """Write header and voxels into one file."""
    volume.check_single("a MetaImage")
    with path.open("wb") as file:
        file.write(_header(volume, "LOCAL"))
        volume.write_voxels(file)


def write_mhd(path: Path, volume: LabelVolume, raw: str) -> None:
    """Write a header that names the raw file beside it."""
    volume.check_single("a MetaImage")
    path.write_bytes(_header(volume, raw))


def write_raw(path: Path, volume: LabelVolume) -> None:
    """Write the voxels alone."""
    with path.open("wb") as file:
        volume.write_voxels(file)


def _header(volume: LabelVolume, data: str) -> bytes:
    return "".join(f"{key} = {value}\n" for key, value in _fields(volume, data)).encode()


def _fields(volume: LabelVolume, data: str) -> Iterator[tuple[str, object]]:
    """Yield the fields of the header; the file of the data must be the last."""
    ndim = len(volume.shape)
    zeros = " ".join("0" * ndim)
    yield from (("ObjectType", "Image"), ("NDims", ndim), ("BinaryData", True), ("BinaryDataByteOrderMSB", False))
    yield from (("CompressedData", False), ("Offset", zeros), ("CenterOfRotation", zeros))
    yield "TransformMatrix", " ".join("1" if i == j else "0" for i in range(ndim) for j in range(ndim))
    yield "ElementSpacing", " ".join(f"{length!r}" for length in volume.lengths[::-1])
    yield "DimSize", " ".join(map(str, volume.shape[::-1]))
    yield "VoxelUnit", volume.unit or "voxel"
    for label, name in volume.names.items():
        yield f"PhaseName_{label}", name
    yield "napari-swnn", volume.text
    yield "ElementType", f"MET_{_TYPES[volume.dtype.name]}"
    yield "ElementDataFile", data
