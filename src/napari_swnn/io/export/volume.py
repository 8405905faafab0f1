"""Writing of labels in the format that the ending of a file name states."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from napari_swnn._checks import check_choice
from napari_swnn._files import folder_replaced_when_complete, replaced_when_complete
from napari_swnn._types import Path
from napari_swnn.io.export.label_volume import LabelVolume
from napari_swnn.io.export.meta_image import write_mha, write_mhd, write_raw
from napari_swnn.io.export.nrrd import write_nrrd
from napari_swnn.io.export.ome_zarr import VERSIONS, write_ome_zarr
from napari_swnn.io.export.target import check_target
from napari_swnn.io.export.tiff import write_tiff_volume
from napari_swnn.io.export.vtk_image import write_vti

_FILES: dict[str, Callable[[FilePath, LabelVolume], None]] = {
    ".tif": write_tiff_volume,
    ".tiff": write_tiff_volume,
    ".nrrd": write_nrrd,
    ".mha": write_mha,
    ".vti": write_vti,
}
"""Functions that write a single file, by the ending of its name."""
VOLUME_ENDINGS = (".tif", ".tiff", ".zarr", ".nrrd", ".mha", ".mhd", ".vti")
"""Endings of the names of files that `save_volume` writes."""


def save_volume(
    path: Path,
    labels: Any,
    *,
    voxel_size: float | Sequence[float] = 1.0,
    unit: str = "voxel",
    names: Mapping[int, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    ome_zarr_version: str = "0.5",
) -> None:
    """Write labels with their voxel size and the names of their phases.

    An existing file of the same name is replaced when the new one is complete; it survives an error.

    Parameters
    ----------
    path : path-like
        File to write; its ending states the format: ``.tif`` or ``.tiff`` (ImageJ; OME-TIFF for large volumes),
        ``.zarr`` (OME-Zarr), ``.nrrd``, ``.mha``, ``.mhd`` (with a raw file beside it), or ``.vti`` (VTK image).
    labels : array_like
        Labels ``(y, x)`` or ``(z, y, x)``; for TIFF and OME-Zarr also realisations ``(n, z, y, x)``. A dask array is
        read in parts, except for NRRD.
    voxel_size : float or sequence of float
        Edge length of a voxel in `unit`, or one for each axis in the order of `labels`.
    unit : str
        Unit of `voxel_size`, for example ``um``.
    names : mapping of int to str, optional
        Names of the phases by label.
    provenance : mapping, optional
        Further facts to store, such as the model and the seed; values that JSON lacks become text.
    ome_zarr_version : str
        ``"0.5"``, or ``"0.4"`` for programs that cannot read Zarr version 3.

    Raises
    ------
    TypeError
        If the labels are not integers, or `names` is not a mapping.
    ValueError
        If the ending is unknown, or an argument is invalid.
    OSError
        If the file cannot be written.
    """
    out = check_target(path, VOLUME_ENDINGS)
    suffix = out.suffix.lower()
    check_choice(ome_zarr_version, VERSIONS, name="ome_zarr_version")
    if out.exists() and out.is_dir() != (suffix == ".zarr"):
        kind = "folder" if out.is_dir() else "file"
        raise ValueError(f"path must be free or hold the same format, got the {kind} {out}; choose another name")
    volume = LabelVolume.of(labels, voxel_size=voxel_size, unit=unit, names=names, provenance=provenance)
    if suffix == ".zarr":
        with folder_replaced_when_complete(out) as partial:
            write_ome_zarr(partial, volume, version=ome_zarr_version)
    elif suffix == ".mhd":
        _save_pair(out, volume)
    else:
        with replaced_when_complete(out) as partial:
            _FILES[suffix](partial, volume)


def _save_pair(out: FilePath, volume: LabelVolume) -> None:
    """Write a header and its raw file; neither replaces an existing file before both are complete."""
    raw = out.with_suffix(".raw")
    if raw.exists() and not out.exists():
        raise ValueError(
            f"path must leave a name for the voxels, got {out.name}, but {raw.name} belongs to another image; choose "
            "another name, or .mha"
        )
    with replaced_when_complete(out) as header, replaced_when_complete(raw) as voxels:
        write_mhd(header, volume, raw.name)
        write_raw(voxels, volume)
