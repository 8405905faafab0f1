"""Reading of TIFF images: every compression, bit depth and arrangement of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from napari_swnn._types import AXES
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn.io.compression import N_BYTES, is_lossless
from napari_swnn.io.picture import read_picture, resolve_palette
from napari_swnn.io.stored_image import ImageError, StoredImage, arrange, check_fits
from napari_swnn.io.tiff_file import open_tiff
from napari_swnn.io.tiff_stream import check_tiff_shape, provenance_in
from napari_swnn.io.tiff_voxel_sides import tiff_voxel_sides
from napari_swnn.io.transparency import with_transparency

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
_EITHER = {"WEBP", "APERIO_JP2000_YCBC", "APERIO_JP2000_RGB", "JPEG2000"}
"""Compressions of these that may also be lossless."""
_NOT_DECODED = {"SEPARATED", "CIELAB", "ICCLAB", "ITULAB"}
"""Colour spaces that tifffile returns as they are; Pillow converts them."""
_AXES = {"X": "x", "Y": "y", "Z": "z", "S": "c", "C": "c", "T": "t"}


def is_tiff(start: bytes) -> bool:
    """Return True if the first bytes are those of a TIFF, classic or big."""
    return start.startswith(_MAGIC)


@dataclass(frozen=True, slots=True)
class TiffHeader:
    """Description of a TIFF image, read without its values.

    Attributes
    ----------
    shape : tuple of int
        Extent of each stored axis.
    dtype : numpy.dtype
        Data type of the stored values.
    axes : tuple of str
        Name of each stored axis, from ``("t", "z", "y", "x", "c")``.
    sides : VoxelSides
        Edge lengths of a voxel along the stored axes of space.
    lossy : bool
        True if the compression may have changed the values.
    is_plain : bool
        True if the stored values are those that a viewer shows, without channels.
    is_contiguous : bool
        True if the values are uncompressed and in sequence, so that the file can be mapped into memory.
    notes : tuple of str
        Remarks on the interpretation of the file.
    provenance : dict
        Provenance of the labels, if napari-swnn wrote them; otherwise empty.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: tuple[str, ...]
    sides: VoxelSides
    lossy: bool
    is_plain: bool
    is_contiguous: bool
    notes: tuple[str, ...]
    provenance: dict[str, Any]

    def sides_along(self, axes: Sequence[str]) -> VoxelSides:
        """Return the edge lengths of a voxel along those of some axes that are axes of space."""
        space = [axis for axis in self.axes if axis in AXES]
        return self.sides.take([space.index(axis) for axis in axes if axis in AXES])


def read_tiff_header(path: FilePath) -> TiffHeader:
    """Return the description of a TIFF; see `read_tiff`."""
    with open_tiff(path) as file:
        return _header(file, _main_series(file, path), path)


def read_stored_values(path: FilePath) -> np.ndarray:
    """Return the values of a TIFF as they are stored, with the axes of its header.

    Raises
    ------
    ImageError
        If they do not fit into memory.
    """
    with open_tiff(path) as file:
        series = _main_series(file, path)
        check_fits(series.shape, series.dtype.itemsize, path)
        values: np.ndarray = series.asarray()
    return values


def read_tiff(path: FilePath) -> StoredImage:
    """Read a TIFF with the axes and the voxel size that its metadata state.

    Pages that the metadata call neither slices, frames nor channels are the planes of a volume.

    Raises
    ------
    ImageError
        If the file holds several images or refers to missing files, its axes are not known, or it does not fit into
        memory.
    """
    with open_tiff(path) as file:
        series = _main_series(file, path)
        page = series.keyframe
        header = _header(file, series, path)
        check_tiff_shape(header.provenance, header.shape, path)
        if page.photometric.name in _NOT_DECODED or _is_plain_ycbcr(page):
            return replace(read_picture(path), lossy=header.lossy)
        check_fits(header.shape, header.dtype.itemsize, path)
        values = _as_shown(series.asarray(), page)
    values, alpha = _split_alpha(values, header.axes, page)
    keep = [i for i, axis in enumerate(header.axes) if axis in ("y", "x") or values.shape[i] > 1]
    single = tuple(slice(None) if i in keep else 0 for i in range(values.ndim))
    arranged, axes = arrange(values[single], [header.axes[i] for i in keep])
    image = StoredImage(arranged, axes, header.sides_along(axes), str(path), header.lossy, header.notes)
    return image if alpha is None else with_transparency(image, alpha[single])


def _header(file: Any, series: Any, path: FilePath) -> TiffHeader:
    page = series.keyframe
    axes, notes = name_axes(series.axes, series.shape, path)
    space = tuple(axis for axis in axes if axis in AXES)
    sides = tiff_voxel_sides(file, page, space)
    depth = dict(zip(space, sides.lengths, strict=True))
    if depth.get("z", 0) is None and depth["x"] is not None and not file.is_ome:
        # Unlike OME and ImageJ, the resolution of a TIFF and the notes of electron microscopes know no depth.
        sides = VoxelSides(tuple(depth["x"] if n is None else n for n in sides.lengths), sides.units)
        notes = (*notes, f"{path} states no distance between its planes; they are taken as far apart as its pixels")
    photometric = page.photometric.name
    if photometric == "MINISWHITE" and _is_boolean_array(page):
        notes = (*notes, f"{path} is a boolean array written by tifffile; its values are kept, not inverted")
    elif photometric == "MINISWHITE" and int(page.bitspersample) > 1:
        notes = (*notes, f"{path} is stored with white as 0; its values are inverted, as viewers show them")
    return TiffHeader(
        shape=tuple(series.shape),
        dtype=series.dtype,
        axes=axes,
        sides=sides,
        lossy=page.compression.name in _LOSSY and not _is_lossless(file, page),
        is_plain=photometric in ("MINISBLACK", "MASK") and series.dtype != bool and "c" not in axes,
        is_contiguous=series.dataoffset is not None,
        notes=notes,
        provenance=provenance_in(file),
    )


def _is_lossless(file: Any, page: Any) -> bool:
    """Return True if the first part of a page was compressed without loss."""
    if page.compression.name not in _EITHER or not page.dataoffsets:
        return False
    file.filehandle.seek(page.dataoffsets[0])
    return is_lossless(file.filehandle.read(min(N_BYTES, page.databytecounts[0])))


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
    unnamed = [i for i, (name, n) in enumerate(zip(names, shape, strict=True)) if name == "?" and n > 1]
    notes: tuple[str, ...] = ()
    for i in reversed(unnamed[-2:]):
        long = [name for name, n in zip(names, shape, strict=True) if n > 1]
        names[i] = "t" if "z" in long else "z"
        if names[i] == "z":
            notes = (f"the {shape[i]} pages of {path} are taken as the planes of a volume",)
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


def _is_plain_ycbcr(page: Any) -> bool:
    """Return True for luminance and chrominance that no decoder turns into colours."""
    return bool(page.photometric.name == "YCBCR") and page.compression.name not in _LOSSY


def _split_alpha(values: np.ndarray, axes: tuple[str, ...], page: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the samples of the colours, and the sample that states the transparency, along an axis of length 1."""
    n_extra = len(page.extrasamples)
    n_samples = int(page.samplesperpixel)
    is_alpha = n_extra > 0 and all(sample.name != "UNSPECIFIED" for sample in page.extrasamples)
    is_colour = page.photometric.name in ("RGB", "YCBCR") and n_samples == 4
    if not (is_alpha or is_colour) or "c" not in axes or values.shape[axes.index("c")] != n_samples:
        return values, None
    where, n_colours = axes.index("c"), n_samples - max(n_extra, 1)
    return np.take(values, np.arange(n_colours), where), np.take(values, [n_colours], where)
