"""Reading of NumPy files as images."""

from __future__ import annotations

import zipfile
from pathlib import Path as FilePath

import numpy as np

from napari_swnn._axes import find_channel_axis, spatial_labels
from napari_swnn._types import AXES
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn.io.stored_image import ImageError, StoredImage, arrange, check_fits

_NPY = b"\x93NUMPY"
_ZIP = b"PK\x03\x04"


def is_array_file(start: bytes) -> bool:
    """Return True if the first bytes are those of a NumPy file or archive."""
    return start.startswith((_NPY, _ZIP))


def read_array(path: FilePath) -> StoredImage:
    """Read a ``.npy`` file, or an ``.npz`` archive with one array.

    Axes of colours are found as in arrays; see `napari_swnn._axes`.

    Raises
    ------
    ImageError
        If an archive holds several arrays, or the array is neither a section nor a volume.
    """
    with path.open("rb") as file:
        single = file.read(len(_NPY)) == _NPY
    values = _read_single(path) if single else _read_archive(path)
    if values.dtype.kind not in "biuf":
        raise ImageError(f"{path} must hold numbers, got an array of {values.dtype}; save the labels as integers")
    named = _named(values.astype(np.uint8) if values.dtype == bool else values) if values.ndim > 1 else None
    if named is None:
        raise ImageError(
            f"{path} must hold a section (y, x) or a volume (z, y, x), got an array of shape {values.shape}; "
            "pick one channel or section"
        )
    arranged, names = arrange(*named)
    return StoredImage(arranged, names, VoxelSides.unknown(sum(name in AXES for name in names)), str(path))


def _read_single(path: FilePath) -> np.ndarray:
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    check_fits(mapped.shape, mapped.dtype.itemsize, path)
    return np.array(mapped)


def _read_archive(path: FilePath) -> np.ndarray:
    # Opened here, since NumPy leaves a damaged archive open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        names = list(archive)
        if any(not member.endswith(".npy") for member in archive.zip.namelist()):
            raise ImageError(f"{path} must hold a NumPy array, got a ZIP archive of other files; unpack it first")
        if len(names) != 1:
            raise ImageError(f"{path} must hold one array, got {len(names)}: {', '.join(names)}; save one as .npy")
        with zipfile.ZipFile(path) as packed:
            check_fits((packed.infolist()[0].file_size,), 1, path)
        return np.asarray(archive[names[0]])


def _named(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Return values with equal colours as one, and the names of their axes; None if there are too many axes."""
    try:
        grey = spatial_labels(values)
        return (grey, AXES[-grey.ndim :]) if grey.ndim in (2, 3) else None
    except ValueError:  # the channels differ
        last = find_channel_axis(values.shape) is not None
    if values.ndim not in (3, 4):
        return None
    space = AXES[-(values.ndim - 1) :]
    return values, ((*space, "c") if last else ("c", *space))
