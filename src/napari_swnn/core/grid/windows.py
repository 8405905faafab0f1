"""Boxes of voxels in global coordinates, conversion between scales, and the fixed grid of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from napari_swnn._types import Shape


@dataclass(frozen=True, slots=True)
class Window:
    """A box of voxels in the coordinates of one scale; negative coordinates lie in a margin.

    Attributes
    ----------
    start, stop : tuple of int
        First voxel and one past the last voxel along each axis.
    """

    start: Shape
    stop: Shape

    @classmethod
    def of_shape(cls, shape: Shape) -> Window:
        """Return the window with the given shape that starts at the origin."""
        return cls((0,) * len(shape), tuple(shape))

    @property
    def shape(self) -> Shape:
        """Number of voxels along each axis."""
        return tuple(b - a for a, b in zip(self.start, self.stop, strict=True))

    def grown(self, margin: int) -> Window:
        """Return the window with `margin` more voxels on each side."""
        return Window(tuple(a - margin for a in self.start), tuple(b + margin for b in self.stop))

    def coarser(self) -> Window:
        """Return the window of the next coarser grid required for linear interpolation to this window.

        Voxel `x` lies at ``(x + 1/2) / 2 - 1/2`` in coordinates of the coarser grid.
        """
        return Window(tuple((a - 1) // 2 for a in self.start), tuple(b // 2 + 1 for b in self.stop))

    def intersection(self, other: Window) -> Window:
        """Return the intersection of two windows."""
        return Window(
            tuple(max(a, b) for a, b in zip(self.start, other.start, strict=True)),
            tuple(min(a, b) for a, b in zip(self.stop, other.stop, strict=True)),
        )

    def slices(self, origin: Shape) -> tuple[slice, ...]:
        """Return the slices of this window in an array whose first voxel is `origin`."""
        return tuple(slice(a - o, b - o) for a, b, o in zip(self.start, self.stop, origin, strict=True))


def iter_boxes(window: Window, side: int) -> Iterator[tuple[Shape, Window]]:
    """Yield the index and the box of each cell of a fixed grid of `side` voxels that intersects a window."""
    ranges = [range(a // side, -(-b // side)) for a, b in zip(window.start, window.stop, strict=True)]
    for index in product(*ranges):
        yield index, Window(tuple(i * side for i in index), tuple((i + 1) * side for i in index))


def split_at_period(window: Window, period: Sequence[int | None]) -> Iterator[tuple[Window, tuple[slice, ...]]]:
    """Split a window at the period boundaries of a periodic field.

    Parameters
    ----------
    window : Window
        Any window of the infinite field.
    period : sequence of int or None
        Period along each axis in voxels; None for an axis that is not periodic.

    Yields
    ------
    part : Window
        Part of the window, shifted into the period that starts at the origin.
    place : tuple of slice
        Slices of the part in an array with the shape of the window.
    """
    spans = [_spans(a, b, n) for a, b, n in zip(window.start, window.stop, period, strict=True)]
    for combination in product(*spans):
        starts, stops, places = zip(*combination, strict=True)
        yield Window(starts, stops), places


def _spans(start: int, stop: int, period: int | None) -> list[tuple[int, int, slice]]:
    if period is None:
        return [(start, stop, slice(0, stop - start))]
    spans = []
    at = start
    while at < stop:
        first = at % period
        length = min(period - first, stop - at)
        spans.append((first, first + length, slice(at - start, at - start + length)))
        at += length
    return spans


@dataclass(frozen=True, slots=True)
class Block:
    """Unit of computation: a box of the fixed grid and the part of it that is needed.

    Attributes
    ----------
    window : Window
        The box. It is always computed as a whole, so the result does not depend on the part that is needed.
    wanted : Window
        The part of the box that is needed.
    """

    window: Window
    wanted: Window

    def source(self) -> tuple[slice, ...]:
        """Return the slices of the needed part in the computed box."""
        return self.wanted.slices(self.window.start)

    def destination(self, origin: Shape) -> tuple[slice, ...]:
        """Return the slices of the needed part in an array whose first voxel is `origin`."""
        return self.wanted.slices(origin)


def plan_blocks(window: Window, side: int) -> list[Block]:
    """Return the blocks of the fixed grid that cover each voxel of a window exactly once."""
    return [Block(box, box.intersection(window)) for _, box in iter_boxes(window, side)]
