"""Samples to measure: sections or a volume, as a whole, in windows of equal size, or in parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from napari_swnn._types import BoolArray
from napari_swnn.core.descriptor.reference import Reference

SMALLEST = 8
"""Smallest side in voxels of an image on which chords, clusters and pores are measured."""

MOST_WINDOWS = 48
"""Largest total number of section windows, over all directions."""

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """Sections or a single volume of one material.

    Attributes
    ----------
    arrays : tuple of numpy.ndarray
        Boolean arrays, ``True`` in the phase of interest: sections ``(y, x)``, or one volume ``(z, y, x)``.
    masks : tuple of numpy.ndarray or None
        Region of interest of each array; ``None`` for the whole array.
    """

    arrays: tuple[BoolArray, ...]
    masks: tuple[BoolArray | None, ...]

    @classmethod
    def of_volume(cls, inside: BoolArray) -> Sample:
        """Return a sample of one volume or one section."""
        return cls((inside,), (None,))

    @classmethod
    def of_reference(cls, reference: Reference) -> Sample:
        """Return a sample of the sections of a reference, or of its volume if it was created from a volume."""
        if isinstance(reference.labels, np.ndarray) and reference.labels.ndim == 3:
            return cls((reference.labels == reference.phase,), (_unless_full(reference.roi),))
        sections = reference.sections
        return cls(tuple(s.image for s in sections), tuple(_unless_full(s.inside) for s in sections))

    @property
    def ndim(self) -> int:
        """Dimension of the arrays: 2 for sections, 3 for a volume."""
        return self.arrays[0].ndim

    def boxes(self) -> tuple[BoolArray, ...]:
        """Return a box inside the region of interest of each array, for statistics that accept no mask."""
        pairs = zip(self.arrays, self.masks, strict=True)
        found = (array if mask is None else array[inner_box(mask)] for array, mask in pairs)
        return tuple(box for box in found if min(box.shape) >= SMALLEST)

    def windows(self, side: int) -> tuple[tuple[BoolArray, ...], ...]:
        """Return square windows of sections in one group per direction, at most `side` pixels wide.

        Image borders cut clusters and pores, especially in small images; windows of equal size are affected equally.
        The sections of a reference form one group; a volume has three groups: sections normal to z, y and x.
        """
        if self.ndim == 2:
            groups = [list(self.boxes())]
        else:
            groups = [[np.take(box, i, axis) for box in self.boxes() for i in _planes(box, axis)] for axis in range(3)]
        most = MOST_WINDOWS // len(groups)
        return tuple(_spread([tile for image in group for tile in _tiles(image, side)], most) for group in groups)

    def parts(self) -> tuple[Sample, ...]:
        """Return the parts of the sample: 3 × 3 for sections, 2 × 2 × 2 for a volume, none if it is too small."""
        n = {2: 3, 3: 2}[self.ndim]
        boxes = [box for box in self.boxes() if min(box.shape) >= n * SMALLEST]
        if not boxes:
            return ()
        places = product(range(n), repeat=self.ndim)
        return tuple(Sample(tuple(_part(box, place, n) for box in boxes), (None,) * len(boxes)) for place in places)


def common_window(reference: Sample, shortest: int) -> int:
    """Return a window size of at most `shortest` that omits at most a tenth of the reference's side."""
    side: int = min(n for box in reference.boxes() or reference.arrays for n in box.shape)
    return min(shortest, side // math.ceil(0.9 * side / shortest))


def inner_box(mask: BoolArray) -> tuple[slice, ...]:
    """Return a large box that is ``True`` throughout, though not always the largest one.

    The face of the box with the largest fraction of ``False`` is removed, until no ``False`` is left.
    """
    low = [0] * mask.ndim
    high = list(mask.shape)
    left = int(mask.size - np.count_nonzero(mask))
    while left > 0:
        ends = [(axis, end) for axis in range(mask.ndim) for end in (0, -1)]
        box = mask[tuple(map(slice, low, high))]
        faces = [np.take(box, end, axis) for axis, end in ends]
        axis, end = ends[int(np.argmin([face.mean() for face in faces]))]
        face = faces[ends.index((axis, end))]
        left -= int(face.size - np.count_nonzero(face))
        if end == 0:
            low[axis] += 1
        else:
            high[axis] -= 1
    return tuple(map(slice, low, high))


def _unless_full(mask: BoolArray | None) -> BoolArray | None:
    return None if mask is None or mask.all() else mask


def _planes(box: BoolArray, axis: int) -> tuple[int, ...]:
    return _spread(range(box.shape[axis]), MOST_WINDOWS // 3)


def _tiles(image: BoolArray, side: int) -> list[BoolArray]:
    """Return adjacent squares, centred in the image."""
    side = min(side, *image.shape)
    starts = [range(n % side // 2, n - side + 1, side) for n in image.shape]
    return [image[i : i + side, j : j + side] for i, j in product(*starts)]


def _spread(items: Sequence[Item], most: int) -> tuple[Item, ...]:
    """Return at most `most` of the items, evenly spread."""
    n = min(len(items), most)
    return tuple(items[(2 * i + 1) * len(items) // (2 * n)] for i in range(n))


def _part(box: BoolArray, place: Sequence[int], n: int) -> BoolArray:
    """Return one part of an array that is divided into `n` parts along each axis."""
    sides = [extent // n for extent in box.shape]
    return box[tuple(slice(i * side, (i + 1) * side) for i, side in zip(place, sides, strict=True))]
