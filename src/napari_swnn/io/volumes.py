"""Generated volumes from disk, one at a time: several in a file are several volumes."""

from __future__ import annotations

from math import prod
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_swnn._types import AXES, Labels, Path
from napari_swnn.io.images import read_labels
from napari_swnn.io.ome_zarr import is_ome_zarr, open_ome_zarr
from napari_swnn.io.tiff_stream import tiff_provenance

if TYPE_CHECKING:
    import dask.array as da

    LazyLabels: TypeAlias = Labels | da.Array


def open_volumes(path: Path) -> tuple[LazyLabels, ...]:
    """Open the volumes, or sections, that a file holds, without reading them.

    Parameters
    ----------
    path : path-like
        OME-Zarr, of which the finest level is taken; TIFF; NumPy; or an image as `read_labels` takes.

    Returns
    -------
    tuple of array
        ``(z, y, x)`` or ``(y, x)`` each: dask arrays, or NumPy arrays whose values stay in the file until they are
        used. Realisations on a leading axis are volumes of their own.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is of another kind, or has several channels.
    """
    path = FilePath(path)
    if is_ome_zarr(path):
        stored = open_ome_zarr(path)
        return _apart(stored.levels[0], stored.axes, path)
    if not path.is_file() or path.suffix.lower() not in (".npy", ".tif", ".tiff"):
        return (read_labels(path),)
    try:
        array, axes = _open_numpy(path) if path.suffix.lower() == ".npy" else _open_tiff(path)
    except Exception as error:  # readers of many formats raise many kinds
        raise ValueError(f"path must name a TIFF or NumPy file, got {path}, unreadable: {error}") from error
    return (read_labels(path),) if array is None else _apart(array, axes, path)


def _apart(array: Any, axes: tuple[str, ...], path: FilePath) -> tuple[LazyLabels, ...]:
    """The volumes on the leading axes, those that are not of space."""
    n_leading = next((i for i, axis in enumerate(axes) if axis in AXES), 0)
    channels = prod(n for axis, n in zip(axes, array.shape, strict=True) if axis in ("c", "channel"))
    if channels > 1:
        raise ValueError(f"path must name labels of one channel, got {channels} channels in {path}; keep one of them")
    return tuple(array[index] for index in np.ndindex(array.shape[:n_leading]))


def _open_numpy(path: FilePath) -> tuple[Any, tuple[str, ...]]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array, _last_of_space(array.ndim)


def _open_tiff(path: FilePath) -> tuple[Any, tuple[str, ...]]:
    """The image and its axes; None where it is coloured."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        if file.pages[0].photometric == tifffile.PHOTOMETRIC.RGB:
            return None, ()
        series = file.series[0]
        shape, dtype, axes = series.shape, series.dtype, series.axes.lower()
        mapped = series.dataoffset is not None
    # Slices are often stored as times, or without a name: three axes are a volume unless it is known better.
    sections = len(shape) == 3 and tiff_provenance(path).get("request", {}).get("n", 1) > 1
    named = tuple(axes) if "c" in axes else _last_of_space(len(shape), 2 if sections else 3)
    return (tifffile.memmap(path, mode="r") if mapped else _read_later(path, shape, dtype)), named


def _last_of_space(ndim: int, most: int = 3) -> tuple[str, ...]:
    n = min(ndim, most)
    return (*["realisation"] * (ndim - n), *AXES[3 - n :])


def _read_later(path: FilePath, shape: tuple[int, ...], dtype: Any) -> da.Array:
    """An array that is decompressed when it is used."""
    import dask
    import dask.array as da
    import tifffile

    return da.from_delayed(dask.delayed(tifffile.imread)(path, series=0), shape, dtype)
