"""Image as it is stored in a file: values, names of the axes, and voxel size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_swnn._memory import find_free_memory, format_memory
from napari_swnn._types import AXES
from napari_swnn._voxel_sides import VoxelSides
from napari_swnn._voxel_size import VoxelSize

ORDER = ("t", *AXES, "c")
"""Order of the axes of a stored image: frames, space, colours or channels."""


class ImageError(ValueError):
    """Error for a file that was read but does not hold a usable image."""


@dataclass(frozen=True, eq=False, slots=True)
class StoredImage:
    """Image read from a file.

    Attributes
    ----------
    values : numpy.ndarray
        Labels, grey values or colours; one-bit images hold 0 and 1.
    axes : tuple of str
        Name of each axis, in the order ``"t"`` (frames, or separate sections), ``"z"``, ``"y"``, ``"x"``, ``"c"``
        (colours or channels). An image whose colours are all equal has no axis ``"c"``.
    sides : VoxelSides
        Edge lengths of a voxel along the axes of space, as stored.
    source : str
        Path of the file.
    lossy : bool
        True if the compression may have changed the values, as JPEG does.
    notes : tuple of str
        Remarks on the interpretation of the file, in full sentences without a full stop.
    hides : bool
        True if transparent pixels hide some of the values.
    """

    values: np.ndarray
    axes: tuple[str, ...]
    sides: VoxelSides
    source: str
    lossy: bool = False
    notes: tuple[str, ...] = ()
    hides: bool = False

    @property
    def voxel(self) -> VoxelSize:
        """Voxel size; its unit is ``"voxel"`` if the file states none.

        Raises
        ------
        ValueError
            If the voxels are not cubes, or the pixels not squares.
        """
        return self.sides.cubic(self.source)

    def index(self, axis: str, position: int) -> StoredImage:
        """Return the image at one position along an axis other than y and x."""
        where = self.axes.index(axis)
        axes = tuple(name for name in self.axes if name != axis)
        space = [name for name in self.axes if name in AXES]
        sides = self.sides.take([i for i, name in enumerate(space) if name != axis])
        return replace(self, values=np.take(self.values, position, where), axes=axes, sides=sides)


def split_pages(image: StoredImage) -> list[StoredImage]:
    """Return the pages of an image as separate sections: its frames, slices or, if it has neither, channels."""
    if "c" in image.axes and image.values.ndim > 3:
        return [image]  # channels of pages, which are refused as labels
    for axis in ("t", "z", "c"):
        if axis in image.axes:
            n = image.values.shape[image.axes.index(axis)]
            return [page for i in range(n) for page in split_pages(image.index(axis, i))]
    return [replace(image, notes=())]


def stack_pages(image: StoredImage) -> StoredImage:
    """Return an image whose frames, or channels, are the planes of a volume.

    Raises
    ------
    ImageError
        If it has several of slices, frames and channels.
    """
    along = [axis for axis in image.axes if axis not in ("y", "x")]
    if along == ["z"] or not along:
        return image
    if len(along) > 1:
        raise ImageError(
            f"{image.source} must hold one stack of planes, got the axes {', '.join(image.axes)}; save one of them"
        )
    where = image.axes.index(along[0])
    sides = image.sides.take([-1, *range(len(image.sides.lengths))])  # planes as far apart as pixels
    return replace(image, values=np.moveaxis(image.values, where, 0), axes=AXES, sides=sides)


def arrange(values: np.ndarray, axes: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return values with their axes in the order of `ORDER`, without an axis of equal colours.

    Parameters
    ----------
    values : numpy.ndarray
        Values of an image.
    axes : sequence of str
        Name of each axis; the names must differ.
    """
    order = sorted(range(len(axes)), key=lambda i: ORDER.index(axes[i]))
    arranged = values.transpose(order)
    names = tuple(axes[i] for i in order)
    if names[-1] == "c" and np.array_equal(arranged, np.broadcast_to(arranged[..., :1], arranged.shape)):
        return arranged[..., 0], names[:-1]
    return arranged, names


def check_fits(shape: Sequence[int], itemsize: int, source: object) -> None:
    """Raise an error if an image does not fit into free memory.

    Raises
    ------
    ImageError
        If there is not enough memory; the message states the required amount.
    """
    needed = math.prod(int(n) for n in shape) * itemsize
    free = find_free_memory()
    if needed > free.n_bytes:
        raise ImageError(
            f"{source} must fit into memory, got {' × '.join(map(str, shape))} values, which need "
            f"{format_memory(needed)} of {free}; crop it"
        )
