"""Reading of generated volumes; each realisation in a file is a separate volume."""

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
        If the file has an unsupported format or several channels.
    """
    path = FilePath(path)
    if is_ome_zarr(path):
        stored = open_ome_zarr(path)
        return _split_realisations(stored.levels[0], stored.axes, path)
    if not path.is_file() or path.suffix.lower() not in (".npy", ".tif", ".tiff"):
        return (read_labels(path),)
    try:
        array, axes = _open_numpy(path) if path.suffix.lower() == ".npy" else _open_tiff(path)
    except Exception as error:  # image readers raise errors of many types
        raise ValueError(f"path must name a TIFF or NumPy file, got {path}, which cannot be read: {error}") from error
    return (read_labels(path),) if array is None else _split_realisations(array, axes, path)


def _split_realisations(array: Any, axes: tuple[str, ...], path: FilePath) -> tuple[LazyLabels, ...]:
    """Return one volume per index along the leading non-spatial axes."""
    n_leading = next((i for i, axis in enumerate(axes) if axis in AXES), 0)
    channels = prod(n for axis, n in zip(axes, array.shape, strict=True) if axis in ("c", "channel"))
    if channels > 1:
        raise ValueError(f"path must name labels of one channel, got {channels} channels in {path}; select one of them")
    return tuple(array[index] for index in np.ndindex(array.shape[:n_leading]))


def _open_numpy(path: FilePath) -> tuple[Any, tuple[str, ...]]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array, _name_axes(array.ndim)


def _open_tiff(path: FilePath) -> tuple[Any, tuple[str, ...]]:
    """Return the image and its axes; None for a colour image."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        if file.pages[0].photometric == tifffile.PHOTOMETRIC.RGB:
            return None, ()
        series = file.series[0]
        shape, dtype, axes = series.shape, series.dtype, series.axes.lower()
        mapped = series.dataoffset is not None
    # Many programs label slices as time or leave the axis unnamed, so three axes are a volume by default.
    sections = len(shape) == 3 and tiff_provenance(path).get("request", {}).get("n", 1) > 1
    named = tuple(axes) if "c" in axes else _name_axes(len(shape), 2 if sections else 3)
    return (tifffile.memmap(path, mode="r") if mapped else _read_lazily(path, shape, dtype)), named


def _name_axes(ndim: int, most: int = 3) -> tuple[str, ...]:
    n = min(ndim, most)
    return (*["realisation"] * (ndim - n), *AXES[3 - n :])


def _read_lazily(path: FilePath, shape: tuple[int, ...], dtype: Any) -> da.Array:
    """Return an array that is decompressed on access."""
    import dask
    import dask.array as da
    import tifffile

    return da.from_delayed(dask.delayed(tifffile.imread)(path, series=0), shape, dtype)
