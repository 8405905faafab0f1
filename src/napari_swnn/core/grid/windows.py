"""Where voxels lie: boxes in global coordinates, between scales and within the fixed grid of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from napari_swnn._types import Shape


@dataclass(frozen=True, slots=True)
class Window:
    """A box of voxels in the coordinates of one scale; it may reach below 0, into a margin.

    Attributes
    ----------
    start, stop : tuple of int
        First voxel and the one past the last, along each axis.
    """

    start: Shape
    stop: Shape

    @classmethod
    def of_shape(cls, shape: Shape) -> Window:
        """Window of this shape that starts at the origin."""
        return cls((0,) * len(shape), tuple(shape))

    @property
    def shape(self) -> Shape:
        """Number of voxels along each axis."""
        return tuple(b - a for a, b in zip(self.start, self.stop, strict=True))

    def grown(self, margin: int) -> Window:
        """The window with `margin` voxels more on every side."""
        return Window(tuple(a - margin for a in self.start), tuple(b + margin for b in self.stop))

    def coarser(self) -> Window:
        """Voxels of the grid twice as coarse that linear interpolation needs to fill this window.

        Voxel `x` sits at ``(x + 1/2) / 2 - 1/2`` of the coarser grid, between its neighbours there.
        """
        return Window(tuple((a - 1) // 2 for a in self.start), tuple(b // 2 + 1 for b in self.stop))

    def intersection(self, other: Window) -> Window:
        """The voxels both windows hold."""
        return Window(
            tuple(max(a, b) for a, b in zip(self.start, other.start, strict=True)),
            tuple(min(a, b) for a, b in zip(self.stop, other.stop, strict=True)),
        )

    def slices(self, origin: Shape) -> tuple[slice, ...]:
        """Slices that cut this window out of an array whose first voxel is `origin`."""
        return tuple(slice(a - o, b - o) for a, b, o in zip(self.start, self.stop, origin, strict=True))


def aligned_boxes(window: Window, side: int) -> Iterator[tuple[Shape, Window]]:
    """Boxes of the fixed grid of `side` voxels that meet a window, each with its index in the grid."""
    ranges = [range(a // side, -(-b // side)) for a, b in zip(window.start, window.stop, strict=True)]
    for index in product(*ranges):
        yield index, Window(tuple(i * side for i in index), tuple((i + 1) * side for i in index))


def parts_in_period(window: Window, period: Sequence[int | None]) -> Iterator[tuple[Window, tuple[slice, ...]]]:
    """Cut a window where a periodic field repeats.

    Parameters
    ----------
    window : Window
        Any box of the endless field.
    period : sequence of int or None
        Voxels after which the field repeats, along each axis; None where it does not.

    Yields
    ------
    part : Window
        The same voxels, moved into the period that starts at 0.
    place : tuple of slice
        Where they belong in an array of the window's shape.
    """
    spans = [_spans(a, b, n) for a, b, n in zip(window.start, window.stop, period, strict=True)]
    for combination in product(*spans):
        starts, stops, places = zip(*combination, strict=True)
        yield Window(starts, stops), places


def _spans(start: int, stop: int, period: int | None) -> list[tuple[int, int, slice]]:
    if period is None:
        return [(start, stop, slice(0, stop - start))]
    spans, at = [], start
    while at < stop:
        first = at % period
        length = min(period - first, stop - at)
        spans.append((first, first + length, slice(at - start, at - start + length)))
        at += length
    return spans


@dataclass(frozen=True, slots=True)
class Block:
    """One unit of computation: a box of the fixed grid and the part of it that is wanted.

    Attributes
    ----------
    window : Window
        The whole box. It is always computed whole, so its bytes do not depend on what is wanted of it.
    wanted : Window
        The part that lies in the window asked for.
    """

    window: Window
    wanted: Window

    def source(self) -> tuple[slice, ...]:
        """Slices that cut what is wanted out of the computed box."""
        return self.wanted.slices(self.window.start)

    def destination(self, origin: Shape) -> tuple[slice, ...]:
        """Slices that place it in an array whose first voxel is `origin`."""
        return self.wanted.slices(origin)


def plan_blocks(window: Window, side: int) -> list[Block]:
    """Blocks of the fixed grid that cover a window, every voxel of it exactly once."""
    return [Block(box, box.intersection(window)) for _, box in aligned_boxes(window, side)]
