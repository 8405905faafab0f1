"""NRRD, for 3D Slicer, ITK and ParaView."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np

from napari_swnn.io.export.label_volume import LabelVolume
from napari_swnn.io.stored_image import check_fits

_COMPRESSION = 4
"""Level of the compression; higher ones take several times as long for labels and gain a few per cent."""


def write_nrrd(path: Path, volume: LabelVolume) -> None:
    """Write labels as compressed NRRD, with the names of the phases as 3D Slicer stores those of segments."""
    import nrrd

    volume.check_single("an NRRD file")
    check_fits(volume.shape, volume.dtype.itemsize, "the volume")
    values = np.ascontiguousarray(volume.values.astype(volume.dtype))
    header: dict[str, Any] = {
        "encoding": "gzip",
        "spacings": list(volume.lengths[::-1]),  # the fastest axis is the first
        "labels": [*"xyz"[: len(volume.lengths)]],
        "napari-swnn": volume.text,
    }
    if volume.unit:
        header["units"] = [volume.unit] * len(volume.lengths)
    for i, (label, name) in enumerate(volume.names.items()):
        header |= {
            f"Segment{i}_ID": f"Segment_{label}",
            f"Segment{i}_LabelValue": str(label),
            f"Segment{i}_Name": _ascii(name),  # the entry of napari-swnn has it unchanged
        }
    with path.open("wb") as file:
        nrrd.write(file, values, header, compression_level=_COMPRESSION, index_order="C")


def _ascii(text: str) -> str:
    """Return a text without accents, as NRRD headers are in ASCII."""
    return normalize("NFKD", text.replace("µ", "u")).replace("μ", "u").encode("ascii", "ignore").decode()
