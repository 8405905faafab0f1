"""Reading of OME-Zarr images: versions 0.1 to 0.5, and the layout of bioformats2raw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import AXES, Path
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn.io.ome_zarr_metadata import MetadataError, check_levels, level_paths, parse_metadata
from napari_swnn.io.stored_image import ImageError, StoredImage, arrange, check_fits
from napari_swnn.io.stored_labels import stored_labels
from napari_swnn.io.stored_parts import StoredParts
from napari_swnn.io.volume_file import PROVENANCE_KEY

if TYPE_CHECKING:
    import dask.array as da

_MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
"""Files of which a Zarr folder contains at least one."""
_ALIASES = {"channel": "c", "time": "t", "realisation": "t"}


@dataclass(frozen=True, eq=False, slots=True)
class OmeZarr:
    """OME-Zarr image with voxels that are read on access.

    Attributes
    ----------
    levels : list of dask.array.Array
        Resolution levels, finest first, in the form that napari's ``add_labels`` accepts.
    axes : tuple of str
        Names of the axes, for example ``("z", "y", "x")``; ``"realisation"`` is first for several realisations.
    scale : tuple of float
        Edge length of a voxel of the finest level along each axis, in `units`.
    translation : tuple of float
        Position of the first voxel of the finest level along each axis, in `units`.
    units : tuple of str
        Unit of each axis, as named in napari and pint; ``"pixel"`` if unspecified.
    provenance : dict
        Provenance of the labels, if napari-swnn wrote them; otherwise empty.
    """

    levels: list[da.Array]
    axes: tuple[str, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    units: tuple[str, ...]
    provenance: dict[str, Any]
    states_labels: bool
    """True if the metadata state that the values are labels."""

    def sides(self, axes: Sequence[str]) -> VoxelSides:
        """Return the edge lengths of a voxel along some of the axes."""
        where = [self.axes.index(axis) for axis in axes]
        is_default = all(self.units[i] == "pixel" and self.scale[i] == 1.0 for i in where)
        return VoxelSides.unknown(len(where)) if is_default else VoxelSides(self.scale, self.units).take(where)


def is_ome_zarr(path: Path) -> bool:
    """Return True if a path ends in ``.zarr``, ignoring case."""
    return FilePath(path).suffix.lower() == ".zarr"


def is_zarr_folder(path: Path) -> bool:
    """Return True for a folder that contains a Zarr group or array, or whose name ends in ``.zarr``."""
    folder = FilePath(path)
    return folder.is_dir() and (is_ome_zarr(folder) or any((folder / mark).is_file() for mark in _MARKS))


def open_ome_zarr(path: Path) -> OmeZarr:
    """Open an OME-Zarr image of version 0.1 to 0.5.

    Parameters
    ----------
    path : path-like
        Folder with a name that usually ends in ``.ome.zarr``; the folder of a bioformats2raw conversion or of a set of
        labels that contains one image is opened as well.

    Returns
    -------
    OmeZarr
        Lazy arrays of all levels, with their scale and position.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If the folder is not an OME-Zarr image, or contains several.
    """
    path = FilePath(path)
    if not path.exists():
        raise FileNotFoundError(f"path must name an OME-Zarr folder, got {path}, which does not exist")
    if not path.is_dir():
        raise ImageError(f"path must name an OME-Zarr folder, got the file {path}; unpack it if it is an archive")
    try:
        return _open(path)
    except ImageError:
        raise
    except KeyError as error:
        raise ImageError(
            f"path must name an OME-Zarr image, got {path}, whose metadata cannot be read, since the level or entry "
            f"{error} is missing; copy or convert it again"
        ) from error
    except (OSError, ArithmeticError, RecursionError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ImageError(
            f"path must name an OME-Zarr image, got {path}, whose metadata cannot be read: {error}; convert it again"
        ) from error


def _open(path: FilePath) -> OmeZarr:
    group, attributes = _image_group(path)
    arrays = [group[level] for level in level_paths(attributes)]
    if any(array.ndim != arrays[0].ndim or array.dtype != arrays[0].dtype for array in arrays):
        raise MetadataError("its levels differ in their number of axes or their data type")
    described = parse_metadata(attributes, arrays[0].ndim)
    labels = stored_labels(described.provenance)
    parts = [StoredParts(array, FilePath(array.store_path.store.root) / array.path, labels) for array in arrays]
    if described.provenance:
        check_levels([level.shape for level in parts], described.provenance)
        for level in parts:
            level.check_complete()
    return OmeZarr(
        levels=[level.lazy() for level in parts],
        axes=described.axes,
        scale=described.scale,
        translation=described.translation,
        units=described.units,
        provenance=described.provenance,
        states_labels="image-label" in attributes.get("ome", attributes)
        or PROVENANCE_KEY in attributes
        or path.parent.name == "labels",
    )


def _image_group(path: FilePath) -> tuple[Any, dict[str, Any]]:
    """Return the group of the only image in a folder, and its attributes."""
    import zarr

    try:
        node = zarr.open(path, mode="r")
    except FileNotFoundError as error:
        raise ImageError(
            f"path must name an OME-Zarr image, got the folder {path} without Zarr metadata; pick the folder that "
            "contains zarr.json or .zattrs"
        ) from error
    if isinstance(node, zarr.Array):
        raise ImageError(
            f"path must name an OME-Zarr image, got the plain Zarr array {path} of shape {node.shape}, which does not "
            "name its axes; save it as TIFF or .npy, or write it as OME-Zarr"
        )
    attributes = dict(node.attrs)
    described = attributes.get("ome", attributes)
    if "multiscales" in described:
        return node, attributes
    inner = _images_in(node, described, path)
    if len(inner) != 1:
        listed = ", ".join(inner[:8]) + (", …" if len(inner) > 8 else "")
        raise ImageError(
            f"path must name one image, got {path} with {len(inner)} images: {listed}; name one, for example "
            f"{path / inner[0]}"
        )
    return _image_group(path / inner[0])


def _images_in(node: Any, described: Mapping[str, Any], path: FilePath) -> list[str]:
    """Return the names of the images in a group that is no image itself."""
    if "plate" in described:
        raise ImageError(
            f"path must name one image, got the plate {path} with many wells; name a field of a well, for example "
            f"{path / 'A' / '1' / '0'}"
        )
    if "well" in described:
        return [str(image["path"]) for image in described["well"]["images"]]
    if isinstance(described.get("labels"), Sequence):
        return [str(name) for name in described["labels"]]
    series = node["OME"].attrs if "OME" in node else {}
    listed = dict(series).get("ome", dict(series)).get("series")
    if listed:
        return [str(name) for name in listed]
    names = sorted(name for name, _ in node.groups() if name.isdigit())
    if names:
        return names
    arrays = sorted(name for name, _ in node.arrays())
    held = f"with the arrays {', '.join(arrays[:8])}" if arrays else "without an image"
    raise ImageError(
        f"path must name an OME-Zarr image, got the Zarr group {path} {held}; save one array as TIFF or .npy, or write "
        "it as OME-Zarr"
    )


def read_ome_zarr(path: FilePath) -> StoredImage:
    """Read the finest level of an OME-Zarr image into memory.

    Raises
    ------
    ValueError
        If the folder is not an OME-Zarr image, has several axes of the same kind or does not fit into memory.
    """
    stored = open_ome_zarr(path)
    finest = stored.levels[0]
    check_fits(finest.shape, finest.dtype.itemsize, path)
    keep = [i for i, axis in enumerate(stored.axes) if axis in ("y", "x") or finest.shape[i] > 1]
    names = tuple(_ALIASES.get(stored.axes[i], stored.axes[i]) for i in keep)
    if len(set(names)) < len(names) or not {"y", "x"} <= set(names) <= {"t", "c", *AXES}:
        raise ImageError(
            f"{path} must hold a section or a volume, got the axes {', '.join(stored.axes)} of shape {finest.shape}; "
            "save one channel or section"
        )
    values = finest[tuple(slice(None) if i in keep else 0 for i in range(finest.ndim))].compute()
    arranged, axes = arrange(values.astype(np.uint8) if values.dtype == bool else values, names)
    return StoredImage(arranged, axes, stored.sides([axis for axis in axes if axis in AXES]), str(path))
