"""One phase of a labelled array, read block by block.

A numpy array is one block that is already in memory. A dask array is read in whole chunks, a slab or a column of them
at a time, each once for each pass. Arrays in memory are processed in pieces of a few million voxels, so that no
statistic needs a temporary array of the size of the volume.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_whole, is_lazy
from napari_swnn.statistics._inputs import check_mask, check_volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_swnn._types import BoolArray, Shape

VOXELS_AT_ONCE = 1 << 22
"""Number of voxels of a piece: enough to outweigh the cost of a call, few enough for the cache."""

Slices = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class PhaseView:
    """One phase of a labelled array, within a region of interest.

    Attributes
    ----------
    labels : numpy or dask array of int
        The labels, 2-D or 3-D.
    phase : int
        The label of the phase of interest.
    mask : numpy or dask array of bool, or None
        ``True`` inside the region of interest; ``None``: everywhere.
    complement : bool
        True for a view of everything but the phase.
    """

    labels: Any
    phase: int
    mask: Any | None = None
    complement: bool = False

    @property
    def shape(self) -> Shape:
        return tuple(map(int, self.labels.shape))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def binary(self) -> BoolArray:
        """``True`` where the phase is (or is not, for the complement), inside the region of interest."""
        compare = np.not_equal if self.complement else np.equal
        inside: BoolArray = compare(np.asarray(self.labels), self.phase)
        return inside if self.mask is None else inside & np.asarray(self.mask)

    def load(self, window: Slices) -> PhaseView:
        """Return the part inside `window`, in memory (a view, if the array is in memory already)."""
        mask = None if self.mask is None else np.asarray(self.mask[window])
        return replace(self, labels=np.asarray(self.labels[window]), mask=mask)

    def spans(self, axis: int) -> list[slice]:
        """Return the extents of the chunks along `axis`; one extent for an array in memory."""
        if not is_lazy(self.labels):
            return [slice(0, self.shape[axis])]
        edges = [0, *np.cumsum(self.labels.chunks[axis]).tolist()]
        return [slice(start, stop) for start, stop in pairwise(edges)]


def open_phase(volume: Any, *, phase: int, mask: Any = None) -> PhaseView:
    """Check the arguments that all statistics share and return the view on the phase.

    Raises
    ------
    TypeError, ValueError
        If `volume`, `phase` or `mask` is not of the kind that statistics take.
    """
    labels = check_volume(volume)
    return PhaseView(labels, check_whole(phase, name="phase", low=0), check_mask(mask, tuple(labels.shape)))


def columns(view: PhaseView, axis: int) -> Iterator[PhaseView]:
    """Yield parts in memory that cover the volume once and hold whole lines along `axis`."""
    cross = 1 if axis == 0 else 0
    whole = slice(0, view.shape[axis])
    for window in product(*([whole] if a == axis else view.spans(a) for a in range(view.ndim))):
        yield from _pieces(view.load(window), cross)


def slabs(view: PhaseView, *, overlap: int = 0) -> Iterator[PhaseView]:
    """Yield slabs along axis 0, loaded into memory, that together cover the volume.

    Each slab but the last extends `overlap` planes into the next.
    """
    for span in view.spans(0):
        loaded = view.load((slice(span.start, span.stop + overlap),))
        yield from _pieces(loaded, 0, length=span.stop - span.start, overlap=overlap)


def linked_slabs(view: PhaseView, *, periodic: bool = False) -> Iterator[BoolArray]:
    """Yield the phase in slabs along axis 0, each of which begins with the last plane of the one before.

    Where the volume is periodic along that axis, a slab of the last plane and the first closes the ring.
    """
    ends: list[BoolArray] = []
    for slab in slabs(view, overlap=1):
        inside = slab.binary
        ends = [ends[0] if ends else inside[:1], inside[-1:]]
        yield inside
    if periodic:
        yield np.concatenate(ends[::-1])


def _pieces(part: PhaseView, axis: int, *, length: int | None = None, overlap: int = 0) -> Iterator[PhaseView]:
    """Cut the first `length` planes of a part in memory into pieces of about `VOXELS_AT_ONCE`."""
    length = part.shape[axis] if length is None else length
    step = max(1, VOXELS_AT_ONCE * part.shape[axis] // math.prod(part.shape))
    for start in range(0, length, step):
        piece = slice(start, min(start + step, length) + overlap)
        yield part.load((slice(None),) * axis + (piece,))


def read_window(array: Any, start: Sequence[int], stop: Sequence[int], periodic: Sequence[bool]) -> Any:
    """Return ``array[start:stop]`` where the bounds may lie outside: wrapped if periodic, else filled with 0."""
    padding = []
    for axis, (low, high, n) in enumerate(zip(start, stop, array.shape, strict=True)):
        inside = slice(max(low, 0), min(high, n))
        outside = (inside.start - low, high - inside.stop)
        wraps = periodic[axis] and outside != (0, 0)
        array = array[(slice(None),) * axis + (np.arange(low, high) % n if wraps else inside,)]
        padding.append((0, 0) if wraps else outside)
    return np.pad(np.asarray(array), padding)
