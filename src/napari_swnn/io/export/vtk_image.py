"""VTK image (.vti), for ParaView, VisIt and PyVista.

Labels are the values of cells, one for each voxel, so that viewers show voxels and do not interpolate between labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from struct import pack
from xml.sax.saxutils import quoteattr

from napari_swnn.io.export.label_volume import LabelVolume

ARRAY = "label"
"""Name of the array of labels."""
_TYPES = {"uint8": "UInt8", "uint16": "UInt16", "int16": "Int16", "uint32": "UInt32", "int32": "Int32"}


def write_vti(path: Path, volume: LabelVolume) -> None:
    """Write labels as cell data of an image; the names of the phases, their labels and the unit are field data."""
    volume.check_single("a VTK image")
    with path.open("wb") as file:
        file.write("\n".join(_header(volume)).encode())
        file.write(b'\n<AppendedData encoding="raw">\n_' + pack("<Q", volume.n_bytes))
        volume.write_voxels(file)
        file.write(b"\n</AppendedData>\n</VTKFile>\n")


def _header(volume: LabelVolume) -> Iterator[str]:
    extents = [*volume.shape[::-1], 0][:3]
    lengths = [*volume.lengths[::-1], volume.lengths[-1]][:3]
    extent = " ".join(f"0 {n}" for n in extents)
    spacing = " ".join(f"{length!r}" for length in lengths)
    yield '<?xml version="1.0"?>'
    yield '<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">'
    yield f'<ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="{spacing}">'
    yield "<FieldData>"
    yield _strings("unit", [volume.unit or "voxel"])
    if volume.names:
        labels = " ".join(map(str, volume.names))
        number = f'NumberOfTuples="{len(volume.names)}"'
        yield f'<DataArray type="Int64" Name="phase labels" {number} format="ascii">{labels}</DataArray>'
        yield _strings("phase names", list(volume.names.values()))
    yield _strings("napari-swnn", [volume.text])
    yield "</FieldData>"
    yield f'<Piece Extent="{extent}"><CellData Scalars={quoteattr(ARRAY)}>'
    yield f'<DataArray type="{_TYPES[volume.dtype.name]}" Name={quoteattr(ARRAY)} format="appended" offset="0"/>'
    yield "</CellData></Piece></ImageData>"


def _strings(name: str, texts: list[str]) -> str:
    """Return an array of texts, which VTK stores as the numbers of their bytes, each text with a final zero."""
    numbers = " ".join(str(byte) for text in texts for byte in (*text.encode(), 0))
    count = f'NumberOfTuples="{len(texts)}"'
    return f'<DataArray type="String" Name={quoteattr(name)} {count} format="ascii">{numbers}</DataArray>'
