"""Reading of generated volumes; each realisation in a file is a separate volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_swnn._axes import find_channel_axis
from napari_swnn._types import AXES, Labels, Path
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.io.images import check_lossless, check_opaque, in_a_sentence, read_image, refuse_channels, start_of
from napari_swnn.io.ome_zarr_image import is_ome_zarr, is_zarr_folder, open_ome_zarr
from napari_swnn.io.stored_image import ImageError, StoredImage
from napari_swnn.io.tiff_image import TiffHeader, is_tiff, read_stored_values, read_tiff_header
from napari_swnn.io.tiff_stream import check_tiff_shape

if TYPE_CHECKING:
    import dask.array as da

    LazyLabels: TypeAlias = Labels | da.Array

_CHANNELS = ("c", "channel")


@dataclass(frozen=True, eq=False, slots=True)
class VolumeSet:
    """Volumes or sections of one file.

    Attributes
    ----------
    volumes : tuple of array
        Arrays ``(z, y, x)`` or ``(y, x)``: dask arrays or memory-mapped NumPy arrays where possible.
    voxel : VoxelSize
        Voxel size; its unit is ``"voxel"`` if the file states none.
    notes : tuple of str
        Remarks on the interpretation of the file, in full sentences without a full stop.
    provenance : dict
        Provenance of the labels, if napari-swnn wrote them; otherwise empty.
    """

    volumes: tuple[LazyLabels, ...]
    voxel: VoxelSize
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)


def open_volumes(path: Path) -> tuple[LazyLabels, ...]:
    """Open the volumes or sections of a file without loading them.

    Parameters
    ----------
    path : path-like
        OME-Zarr (finest level), TIFF, NumPy file, or an image that `read_labels` supports.

    Returns
    -------
    tuple of array
        Arrays ``(z, y, x)`` or ``(y, x)``: dask arrays or memory-mapped NumPy arrays; images that cannot be opened
        lazily are loaded. Realisations along a leading axis become separate volumes.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file has an unsupported format, several channels, or voxels that are not cubes.
    """
    return open_volume_set(path).volumes


def open_volume_set(path: Path) -> VolumeSet:
    """Open the volumes of a file with their voxel size; see `open_volumes`.

    Raises
    ------
    FileNotFoundError, ValueError
        As for `open_volumes`.
    """
    path = FilePath(path)
    if is_zarr_folder(path) or is_ome_zarr(path):
        return _open_zarr(path)
    start = start_of(path) if path.is_file() else b""
    if start.startswith(b"\x93NUMPY"):
        return _open_numpy(path)
    if is_tiff(start):
        return _open_tiff(path)
    return _loaded(read_image(path))


def _open_zarr(path: FilePath) -> VolumeSet:
    stored = open_ome_zarr(path)
    finest = stored.levels[0]
    sizes = dict(zip(stored.axes, finest.shape, strict=True))
    if any(sizes.get(axis, 1) > 1 for axis in _CHANNELS):
        return _loaded(read_image(path), stored.provenance)  # compares the channels
    if not {"y", "x"} <= set(sizes):
        raise ImageError(f"{path} must hold a section or a volume, got the axes {', '.join(sizes)} of {finest.shape}")
    space = [axis for axis in AXES if axis in ("y", "x") or sizes.get(axis, 1) > 1]
    others = [axis for axis in stored.axes if axis not in space]
    array = finest.transpose([stored.axes.index(axis) for axis in (*others, *space)])
    chosen = tuple(array[index] for index in np.ndindex(array.shape[: len(others)]))
    return VolumeSet(chosen, stored.sides(space).cubic(str(path)), provenance=stored.provenance)


def _open_numpy(path: FilePath) -> VolumeSet:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged header raises errors of many types
        raise ImageError(f"path must name a NumPy file, got {path}, which cannot be read: {error}") from error
    if find_channel_axis(array.shape) is not None:
        return _loaded(read_image(path))
    _check_kind(array, path)
    n_leading = max(array.ndim - 3, 0)
    return VolumeSet(tuple(array[index] for index in np.ndindex(array.shape[:n_leading])), VoxelSize())


def _check_kind(array: np.ndarray, path: FilePath) -> None:
    """Raise an error for an array that holds no sections or volumes of numbers."""
    if array.ndim < 2 or array.size == 0 or array.dtype.kind not in "biuf":
        raise ImageError(
            f"{path} must hold sections (y, x) or volumes (z, y, x) of labels, got an array of shape {array.shape} of "
            f"{array.dtype}; save the labels as integers"
        )


def _map(path: FilePath) -> np.ndarray:
    import tifffile

    try:
        mapped: np.ndarray = tifffile.memmap(path, mode="r")
    except Exception as error:  # a damaged header raises errors of many types
        raise ImageError(f"{path} must be a whole file, got a TIFF that is cut off; export or copy it again") from error
    return mapped


def _open_tiff(path: FilePath) -> VolumeSet:
    header = in_a_sentence(read_tiff_header, path)
    check_tiff_shape(header.provenance, header.shape, path)
    if not header.is_plain or header.lossy:
        return _loaded(read_image(path), header.provenance)
    _check_kind(np.broadcast_to(np.zeros((), header.dtype), header.shape), path)
    array = _map(path) if header.is_contiguous else _read_lazily(path, header)
    keep = [i for i, axis in enumerate(header.axes) if axis in ("y", "x") or array.shape[i] > 1]
    axes = [header.axes[i] for i in keep]
    array = array[tuple(slice(None) if i in keep else 0 for i in range(array.ndim))]
    order = [axes.index(axis) for axis in ("t", *AXES) if axis in axes]
    voxel = header.sides_along([axis for axis in AXES if axis in axes]).cubic(str(path))
    opened = VolumeSet((array.transpose(order),), voxel, header.notes, header.provenance)
    return _split(opened, [axes[i] for i in order], path)


def _read_lazily(path: FilePath, header: TiffHeader) -> da.Array:
    """Return an array that is decompressed on access."""
    import dask
    import dask.array as da

    return da.from_delayed(dask.delayed(in_a_sentence)(read_stored_values, path), header.shape, header.dtype)


def _loaded(image: StoredImage, provenance: Mapping[str, Any] | None = None) -> VolumeSet:
    sizes = dict(zip(image.axes, image.values.shape, strict=True))
    refuse_channels(sizes.get("c", 1), image.source)
    check_lossless(image)
    check_opaque(image)
    opened = VolumeSet((image.values,), image.voxel, image.notes, dict(provenance or {}))
    return _split(opened, image.axes, FilePath(image.source))


def _split(opened: VolumeSet, axes: Sequence[str], path: FilePath) -> VolumeSet:
    """Return one volume for each frame; frames without z are the planes of a volume, except those of napari-swnn."""
    (array,) = opened.volumes
    if "t" not in axes:
        return opened
    request = opened.provenance.get("request")
    if "z" not in axes and (not isinstance(request, Mapping) or request.get("n", 1) == 1):
        note = f"the {len(array)} frames of {path} are taken as the planes of a volume"
        return replace(opened, notes=(*opened.notes, note))
    return replace(opened, volumes=tuple(array))
