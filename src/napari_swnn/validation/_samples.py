"""Samples to measure: sections or a volume, as a whole, in windows of equal size, or in parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import AXES, BoolArray, Labels
from napari_swnn.core.descriptor.direction_check import PLANES
from napari_swnn.core.descriptor.reference import Reference

SMALLEST = 8
"""Smallest side in voxels of an image on which chords, clusters and pores are measured."""

MOST_WINDOWS = 48
"""Largest total number of section windows, over all directions."""

NO_PHASE = 255
"""Position of labels that are no phase of the reference."""

Item = TypeVar("Item")
Numbers = NDArray[Any]
Places = NDArray[Any]
"""Booleans, ``True`` in the phase of interest, for two phases; for more, positions among the phases, ``uint8``."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """Sections or a single volume of one material.

    Attributes
    ----------
    arrays : tuple of numpy.ndarray
        Sections ``(y, x)``, or one volume ``(z, y, x)``. Booleans, ``True`` in the phase of interest, for two phases;
        for more, positions among the phases.
    masks : tuple of numpy.ndarray or None
        Region of interest of each array; ``None`` for the whole array.
    axes : tuple of tuple or None
        Axes of the material, 0 to 2 for z, y and x, along which the axes of each section lie; None for a volume, and
        for sections of unknown orientation.
    """

    arrays: tuple[Places, ...]
    masks: tuple[BoolArray | None, ...]
    axes: tuple[tuple[int, ...], ...] | None = None

    @classmethod
    def of_volume(cls, array: Places) -> Sample:
        """Return a sample of one volume or one section."""
        return cls((array,), (None,))

    @classmethod
    def of_reference(cls, reference: Reference) -> Sample:
        """Return a sample of the sections of a reference, or of its volume if it was created from a volume."""
        phases = reference.phases
        if isinstance(reference.labels, np.ndarray) and reference.labels.ndim == 3:
            return cls((find_places(reference.labels, phases),), (_unless_full(reference.roi),))
        sections = reference.sections
        arrays = (s.image if len(phases) == 2 else s.positions for s in sections)
        return cls(tuple(arrays), tuple(_unless_full(s.inside) for s in sections), _axes_of_sections(reference))

    def of_phase(self, position: int) -> Sample:
        """Return the sample of one phase against all others, as booleans."""
        if self.arrays[0].dtype == bool:
            return self
        return Sample(tuple(array == position for array in self.arrays), self.masks, self.axes)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of pixels or voxels of each array within its region of interest."""
        pairs = zip(self.arrays, self.masks, strict=True)
        return np.array([array.size if mask is None else int(np.count_nonzero(mask)) for array, mask in pairs])

    @property
    def fraction(self) -> float:
        """Fraction of the phase in a sample of one phase, in [0, 1]."""
        pairs = zip(self.arrays, self.masks, strict=True)
        filled = sum(int(np.count_nonzero(array if mask is None else array[mask])) for array, mask in pairs)
        return filled / int(self.sizes.sum())

    @property
    def ndim(self) -> int:
        """Dimension of the arrays: 2 for sections, 3 for a volume."""
        return self.arrays[0].ndim

    @property
    def n_rows(self) -> int:
        """Number of axes along which statistics are measured: 3 for a volume and for sections of known planes."""
        return self.ndim if self.axes is None else len(AXES)

    def spread(self, values: Numbers) -> Numbers:
        """Return values along the axes of each array, ``(n_arrays, ndim, ...)``, as ``(n_arrays, n_rows, ...)``.

        Entries along the axis that a section lacks are 0.
        """
        values = np.asarray(values)
        if self.axes is None:
            return values
        rows = np.zeros((len(values), self.n_rows, *values.shape[2:]), values.dtype)
        for row, own, axes in zip(rows, values, self.axes, strict=True):
            row[list(axes)] = own
        return rows

    def boxes(self) -> tuple[Places, ...]:
        """Return a box inside the region of interest of each array, for statistics that accept no mask."""
        return self.boxed().arrays

    def boxed(self, smallest: int = SMALLEST) -> Sample:
        """Return the sample of the `boxes` whose sides are at least `smallest`."""
        pairs = zip(self.arrays, self.masks, strict=True)
        found = [array if mask is None else array[inner_box(mask)] for array, mask in pairs]
        kept = [i for i, box in enumerate(found) if min(box.shape) >= smallest]
        axes = None if self.axes is None else tuple(self.axes[i] for i in kept)
        return Sample(tuple(found[i] for i in kept), (None,) * len(kept), axes)

    def windows(self, side: int) -> tuple[tuple[Places, ...], ...]:
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
        whole = self.boxed(n * SMALLEST)
        if not whole.arrays:
            return ()
        places = product(range(n), repeat=self.ndim)
        return tuple(replace(whole, arrays=tuple(_part(box, place, n) for box in whole.arrays)) for place in places)


def _axes_of_sections(reference: Reference) -> tuple[tuple[int, ...], ...] | None:
    """Return the axes of the sections of a reference whose planes are known; None if one plane stands for all."""
    if reference.orientation is None or len(reference.orientation.planes) == 1:
        return None
    planes = reference.orientation.planes
    return tuple(tuple(map(AXES.index, PLANES[plane])) for plane, sections in planes.items() for _ in sections)


def find_places(labels: Labels, phases: Sequence[int]) -> Places:
    """Return booleans, ``True`` in the phase of interest, or for more than two phases the position of each label."""
    if len(phases) == 2:
        inside: BoolArray = labels == phases[0]
        return inside
    positions = np.full(labels.shape, NO_PHASE, np.uint8)
    for position, phase in enumerate(phases):
        positions[labels == phase] = position
    return positions


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


def _planes(box: Places, axis: int) -> tuple[int, ...]:
    return _spread(range(box.shape[axis]), MOST_WINDOWS // 3)


def _tiles(image: Places, side: int) -> list[Places]:
    """Return adjacent squares, centred in the image."""
    side = min(side, *image.shape)
    starts = [range(n % side // 2, n - side + 1, side) for n in image.shape]
    return [image[i : i + side, j : j + side] for i, j in product(*starts)]


def _spread(items: Sequence[Item], most: int) -> tuple[Item, ...]:
    """Return at most `most` of the items, evenly spread."""
    n = min(len(items), most)
    return tuple(items[(2 * i + 1) * len(items) // (2 * n)] for i in range(n))


def _part(box: Places, place: Sequence[int], n: int) -> Places:
    """Return one part of an array that is divided into `n` parts along each axis."""
    sides = [extent // n for extent in box.shape]
    return box[tuple(slice(i * side, (i + 1) * side) for i, side in zip(place, sides, strict=True))]
