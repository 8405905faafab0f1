"""Reading of images and of segmented images, in any usual format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as FilePath
from typing import TypeVar

from napari_swnn._checks import check_labels
from napari_swnn._types import AXES, Labels, Path
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn.io.array_file import is_array_file, read_array
from napari_swnn.io.ome_zarr_image import is_zarr_folder, open_ome_zarr, read_ome_zarr
from napari_swnn.io.picture import read_picture, read_picture_sides
from napari_swnn.io.resampling import resample_to_cubes
from napari_swnn.io.stored_image import ImageError, StoredImage, split_pages
from napari_swnn.io.tiff_image import is_tiff, read_tiff, read_tiff_header

Result = TypeVar("Result")

FORMATS = "TIFF, PNG, BMP, JPEG or NumPy"
_CONTAINERS = {b"\x89HDF": "HDF5", b"MATLAB 5.0 MAT": "MATLAB", b"CDF": "NetCDF"}
"""First bytes of files that hold several arrays."""


class FramesError(ImageError):
    """Error for a movie, or a set of separate sections, where one section or volume is needed."""


def read_image(path: Path) -> StoredImage:
    """Read an image of any kind with its axes and its voxel size.

    The content decides the format, not the suffix of the name. Values are those that a viewer shows: images stored with
    white as zero are inverted, and one-bit images hold 0 and 1.

    Parameters
    ----------
    path : path-like
        Image file: TIFF in any usual compression, PNG, BMP, JPEG, NumPy (``.npy``, or ``.npz`` with one array), or
        the folder of an OME-Zarr image, of which the finest level is read.

    Returns
    -------
    StoredImage
        Values, names of the axes, and voxel size.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file cannot be read as an image, or does not fit into memory.
    """
    return in_a_sentence(_read, _check_path(path))


def read_voxel_sides(path: Path) -> VoxelSides:
    """Return the edge lengths of the voxels that a file states, without reading its values.

    Parameters
    ----------
    path : path-like
        Image file; see `read_image`.

    Raises
    ------
    FileNotFoundError, ValueError
        As for `read_image`.
    """
    return in_a_sentence(_read_sides, _check_path(path))


def _check_path(path: Path) -> FilePath:
    path = FilePath(path)
    if path.is_dir() and not is_zarr_folder(path):
        raise ImageError(
            f"path must name a {FORMATS} image, or the folder of an OME-Zarr image, got the folder {path}; pick a file "
            "in it"
        )
    if not path.exists():
        raise FileNotFoundError(f"path must name an image, got {path}, which does not exist")
    if not path.is_dir() and not path.is_file():
        raise ImageError(f"path must name an image file, got {path}, which is no regular file; copy it to one")
    if path.is_file() and path.stat().st_size == 0:
        raise ImageError(f"path must name an image, got the empty file {path}; export it again")
    return path


def in_a_sentence(read: Callable[[FilePath], Result], path: FilePath) -> Result:
    """Return the result of a reader; its errors, which have many types, become one sentence."""
    from PIL import UnidentifiedImageError

    try:
        return read(path)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"path must name a {FORMATS} image, or an OME-Zarr folder, got {path}, whose format is not known; export "
            "it as TIFF"
        ) from error
    except Exception as error:
        reason = " ".join((str(error) or type(error).__name__).split()).rstrip(".;")
        raise ImageError(
            f"path must name a {FORMATS} image, got {path}, which cannot be read: {reason}; export it again"
        ) from error


def _read(path: FilePath) -> StoredImage:
    if path.is_dir():
        return read_ome_zarr(path)
    start = start_of(path)
    _refuse_container(start, path)
    if is_tiff(start):
        return read_tiff(path)
    return read_array(path) if is_array_file(start) else read_picture(path)


def _refuse_container(start: bytes, path: FilePath) -> None:
    """Raise an error for formats that hold several arrays with names of their own."""
    name = next((name for sign, name in _CONTAINERS.items() if start.startswith(sign)), None)
    if name is not None:
        raise ImageError(
            f"path must name a {FORMATS} image, got the {name} file {path}, which may hold many arrays; save the one "
            "with the labels as TIFF or .npy"
        )


def _read_sides(path: FilePath) -> VoxelSides:
    if path.is_dir():
        stored = open_ome_zarr(path)
        return stored.sides([axis for axis in stored.axes if axis in AXES])
    start = start_of(path)
    if is_tiff(start):
        return read_tiff_header(path).sides
    return VoxelSides.unknown(2) if is_array_file(start) else read_picture_sides(path)


def start_of(path: FilePath) -> bytes:
    """Return the first bytes of a file, which tell its format."""
    with path.open("rb") as file:
        return file.read(16)


def read_labels(path: Path, *, resample: bool = False) -> Labels:
    """Read a segmented image or volume; see `read_image` for the formats.

    Colour images with equal channels are read as one channel.

    Parameters
    ----------
    path : path-like
        Image file.
    resample : bool
        If True, voxels that are not cubes are repeated along their longer sides, by nearest neighbour.

    Returns
    -------
    numpy.ndarray
        Labels ``(y, x)`` or ``(z, y, x)``.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    TypeError
        If the values are no labels but, for example, fractions.
    ValueError
        If the file cannot be read as an image, its channels differ, it is a movie, its voxels are not cubes, or its
        compression has changed the values.
    """
    image = read_image(path)
    return labels_of(resample_to_cubes(image) if resample else image)


def read_sections(path: Path) -> list[Labels]:
    """Read the pages of a segmented image as separate sections, for example several fields of view.

    Parameters
    ----------
    path : path-like
        Image file; see `read_image`.

    Returns
    -------
    list of numpy.ndarray
        Sections ``(y, x)``: frames, slices or pages in the order of the file.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        As for `read_labels`.
    """
    return [labels_of(section) for section in split_pages(read_image(path))]


def labels_of(image: StoredImage) -> Labels:
    """Return the labels of an image, after checking that it is a segmented image.

    Raises
    ------
    TypeError, ValueError
        As for `read_labels`.
    """
    sizes = dict(zip(image.axes, image.values.shape, strict=True))
    refuse_channels(sizes.get("c", 1), image.source)
    if "t" in sizes:
        raise FramesError(
            f"path must name one section or volume, got {image.source} with {sizes['t']} frames; read them as separate "
            "sections with read_sections, or save them as slices if they are the planes of a volume"
        )
    check_lossless(image)
    check_opaque(image)
    _ = image.voxel  # refuses voxels that are not cubes
    return check_labels(image.values, name=image.source)


def refuse_channels(n: int, source: Path) -> None:
    """Raise an error for an image with several channels that differ.

    Raises
    ------
    ImageError
        If `n` is above 1.
    """
    if n > 1:
        raise ImageError(
            f"path must name labels of one channel, got {n} channels that differ in the colour image {source}; segment "
            "it, or save one channel"
        )


def check_opaque(image: StoredImage) -> None:
    """Raise an error for labels of which transparent pixels hide some.

    Raises
    ------
    ImageError
        If the transparency varies among pixels of the same value.
    """
    if image.hides:
        raise ImageError(
            f"labels must come from an opaque image, got transparent pixels in {image.source}, which hide labels; "
            "flatten it onto a background, or save it without transparency"
        )


def check_lossless(image: StoredImage) -> None:
    """Raise an error for labels that a lossy compression has changed.

    Raises
    ------
    ImageError
        If the compression is lossy and the image has more than two values.
    """
    if not image.lossy:
        return
    lowest, highest = image.values.min(), image.values.max()
    if ((image.values != lowest) & (image.values != highest)).any():
        raise ImageError(
            f"labels must come from a file with lossless compression, got {image.source}, whose compression, like "
            "JPEG, adds grey values along every edge; save the mask as PNG or TIFF, or segment it with napari-swnn "
            "prepare"
        )
