"""Reading of TIFF images: every compression, bit depth and arrangement of pages."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._types import AXES
from napari_swnn._voxel_size import VoxelSides
from napari_swnn.io.picture import resolve_palette
from napari_swnn.io.stored_image import ImageError, StoredImage, arrange, check_fits
from napari_swnn.io.tiff_voxel_sides import tiff_voxel_sides

_MAGIC = tuple(order + number for order in (b"II", b"MM") for number in (b"*\0", b"\0*", b"+\0", b"\0+"))
_LOSSY = {
    "OJPEG",
    "JPEG",
    "JPEG_LOSSY",
    "WEBP",
    "APERIO_JP2000_YCBC",
    "APERIO_JP2000_RGB",
    "JPEG2000",
    "JPEGXR",
    "LERC",
}
_NOT_DECODED = {"SEPARATED", "CIELAB", "ICCLAB", "ITULAB"}
"""Colour spaces that tifffile returns as they are; Pillow converts them."""
_AXES = {"X": "x", "Y": "y", "Z": "z", "S": "c", "C": "c", "T": "t"}


def is_tiff(start: bytes) -> bool:
    """Return True if the first bytes are those of a TIFF, classic or big."""
    return start.startswith(_MAGIC)


def read_tiff(path: FilePath) -> StoredImage:
    """Read a TIFF with the axes and the voxel size that its metadata state.

    Pages that the metadata call neither slices, frames nor channels are the planes of a volume.

    Raises
    ------
    ImageError
        If the file holds several images or refers to missing files, its axes are not known, or it does not fit into
        memory.
    """
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = _main_series(file, path)
        page = series.keyframe
        lossy = page.compression.name in _LOSSY
        is_ome = file.is_ome
        if page.photometric.name in _NOT_DECODED:
            return _read_by_pillow(path, lossy)
        check_fits(series.shape, series.dtype.itemsize, path)
        axes, notes = name_axes(series.axes, series.shape, path)
        sides = tiff_voxel_sides(file, page, tuple(axis for axis in axes if axis in AXES))
        values = _as_shown(series.asarray(), page)
    values, axes = _without_alpha(values, axes, page)
    keep = tuple(n > 1 or axis in ("y", "x") for n, axis in zip(values.shape, axes, strict=True))
    single = tuple(slice(None) if kept else 0 for kept in keep)
    named = tuple(axis for axis, kept in zip(axes, keep, strict=True) if kept)
    arranged, names = arrange(values[single], named)
    n_space = sum(name in AXES for name in names)
    sides = VoxelSides(sides.lengths[-n_space:], sides.units[-n_space:])
    if "z" not in names:
        return StoredImage(arranged, names, sides, str(path), lossy)
    if sides.lengths[0] is None and sides.lengths[-1] is not None and not is_ome:
        # Unlike OME and ImageJ, the resolution of a TIFF and the notes of electron microscopes know no depth.
        sides = VoxelSides((sides.lengths[-1], *sides.lengths[1:]), sides.units)
        notes = (*notes, f"{path} states no distance between its planes; they are taken as far apart as its pixels")
    return StoredImage(arranged, names, sides, str(path), lossy, notes)


def _main_series(file: Any, path: FilePath) -> Any:
    """Return the image of a file, which may have thumbnails beside it."""
    whole = [series for series in file.series if not series.keyframe.is_reduced]
    images = whole or list(file.series)
    if not images:
        raise ImageError(f"{path} must hold an image, got a TIFF without pages; export it again")
    first = images[0]
    n_pixels = [series.keyframe.imagewidth * series.keyframe.imagelength for series in images]
    if any(4 * n > n_pixels[0] for n in n_pixels[1:]):  # smaller ones are thumbnails and labels of slides
        shapes = ", ".join(" × ".join(map(str, series.shape)) for series in images)
        raise ImageError(f"{path} must hold one image, got {len(images)} of {shapes} pixels; save one as a file")
    if any(page is None for page in first.pages):
        raise ImageError(f"{path} must hold its whole image, got a part of a set of files; export it to a single file")
    return first


def name_axes(letters: str, shape: tuple[int, ...], path: FilePath) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the axes of a TIFF series, and remarks on their interpretation.

    Parameters
    ----------
    letters : str
        Axes as tifffile names them, one letter each.
    shape : tuple of int
        Extent of each axis.
    path : pathlib.Path
        Name of the file in error messages.
    """
    names = [_AXES.get(letter, "?") for letter in letters]
    long = [name for name, n in zip(names, shape, strict=True) if n > 1]
    notes: tuple[str, ...] = ()
    unnamed = [i for i, (name, n) in enumerate(zip(names, shape, strict=True)) if name == "?" and n > 1]
    if len(unnamed) == 1:
        names[unnamed[0]] = "t" if "z" in long else "z"
        notes = (f"the {shape[unnamed[0]]} pages of {path} are taken as the planes of a volume",)
    long = [name for name, n in zip(names, shape, strict=True) if n > 1]
    if "?" in long or len(set(long)) < len(long):
        raise ImageError(
            f"{path} must hold a section or a volume, got the axes {letters} of shape {shape}; pick one channel or "
            "section"
        )
    spare = iter(name for name in ("t", "z", "c") if name not in names)
    return tuple(next(spare) if name == "?" else name for name in names), notes


def _as_shown(values: np.ndarray, page: Any) -> np.ndarray:
    """Return the values as a viewer shows them."""
    if values.dtype == bool:
        values = values.astype(np.uint8)
    photometric = page.photometric.name
    if photometric == "PALETTE" and page.colormap is not None:
        return resolve_palette(values, (np.asarray(page.colormap).T >> 8).astype(np.uint8))
    if photometric != "MINISWHITE" or _is_boolean_array(page):
        return values
    if values.dtype.kind == "u":
        white = values.dtype.type(2 ** min(int(page.bitspersample), 8 * values.itemsize) - 1)
        inverted: np.ndarray = white - values
        return inverted
    finite = values[np.isfinite(values)]
    return values if finite.size == 0 else (finite.max() - values) + finite.min()


def _is_boolean_array(page: Any) -> bool:
    """Return True for a boolean array written by tifffile, which labels the values as inverted but keeps them."""
    return int(page.bitspersample) == 1 and page.software.startswith("tifffile")


def _without_alpha(values: np.ndarray, axes: tuple[str, ...], page: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """Drop the samples that state the transparency."""
    n_extra = len(page.extrasamples)
    n_samples = int(page.samplesperpixel)
    is_alpha = n_extra > 0 and all(sample.name != "UNSPECIFIED" for sample in page.extrasamples)
    is_colour = page.photometric.name in ("RGB", "YCBCR") and n_samples == 4
    if not (is_alpha or is_colour) or "c" not in axes or values.shape[axes.index("c")] != n_samples:
        return values, axes
    keep = np.arange(n_samples - max(n_extra, 1))
    return np.take(values, keep, axes.index("c")), axes


def _read_by_pillow(path: FilePath, lossy: bool) -> StoredImage:
    from napari_swnn.io.picture import read_picture

    image = read_picture(path)
    return StoredImage(image.values, image.axes, image.sides, image.source, lossy, image.notes)
