"""Names of phases, and the phase of interest, that files of napari-swnn state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from napari_swnn._label_values import to_label
from napari_swnn._types import Path
from napari_swnn.io.ome_zarr_image import is_zarr_folder, open_ome_zarr
from napari_swnn.io.stored_image import ImageError
from napari_swnn.io.tiff_stream import tiff_provenance


def names_in(provenance: Mapping[str, Any]) -> dict[int, str]:
    """Return the names of the phases by label; empty if the provenance states none."""
    labels = provenance.get("labels")
    if not isinstance(labels, Mapping):
        return {}
    phases, names = labels.get("phases"), labels.get("names")
    if not isinstance(phases, list) or not isinstance(names, list) or len(phases) != len(names):
        return {}
    found = ((to_label(label), name) for label, name in zip(phases, names, strict=True))
    return {label: str(name) for label, name in found if label is not None and name}


def phase_in(provenance: Mapping[str, Any]) -> int | None:
    """Return the phase of interest: that of a saved layer, or of a generated volume; None if none is stated."""
    origin, labels = provenance.get("origin"), provenance.get("labels")
    if isinstance(origin, Mapping):
        phase = origin.get("phase")
        return phase if isinstance(phase, int) and not isinstance(phase, bool) else None
    if not isinstance(labels, Mapping) or "request" not in provenance:
        return None
    phases = labels.get("phases")
    first = phases[0] if isinstance(phases, list) and phases else labels.get("phase")  # a model states it first
    return None if first is None else to_label(first)


def read_phase_names(path: Path) -> dict[int, str]:
    """Return the names of the phases by label that a TIFF or OME-Zarr of napari-swnn states; empty for other files.

    Parameters
    ----------
    path : path-like
        File or folder.
    """
    return names_in(read_provenance(path))


def read_provenance(path: Path) -> dict[str, Any]:
    """Return the provenance that a TIFF or OME-Zarr of napari-swnn states; empty for other files."""
    path = FilePath(path)
    if not is_zarr_folder(path):
        return tiff_provenance(path) if path.is_file() else {}
    try:
        return open_ome_zarr(path).provenance
    except (ImageError, FileNotFoundError):
        return {}
