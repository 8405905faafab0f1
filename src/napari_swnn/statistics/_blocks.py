"""One phase of a labelled array, read block by block.

A numpy array is a single block in memory. A dask array is read in whole chunks, one slab or column of chunks at a time;
each pass reads every chunk once. In-memory arrays are processed in pieces of a few million voxels, so no statistic
needs a temporary array as large as the volume.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import check_label, is_lazy
from napari_swnn._phases import check_few_labels, list_labels, measure_fractions
from napari_swnn.statistics._inputs import check_mask, check_volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_swnn._types import BoolArray, Shape

VOXELS_AT_ONCE = 1 << 22
"""Number of voxels in a piece: large enough to amortise the cost of a call, small enough for the cache."""

Slices = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class PhaseView:
    """One phase of a labelled array, within a region of interest.

    Attributes
    ----------
    labels : numpy or dask array of int
        The labels, 2-D or 3-D.
    phase : int
        Label of the phase of interest.
    mask : numpy or dask array of bool, or None
        ``True`` inside the region of interest; ``None`` for the whole array.
    complement : bool
        True to view all other phases instead of the phase.
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
        """``True`` in the phase, or outside it for the complement, within the region of interest."""
        compare = np.not_equal if self.complement else np.equal
        inside: BoolArray = compare(np.asarray(self.labels), self.phase)
        return inside if self.mask is None else inside & np.asarray(self.mask)

    def load(self, window: Slices) -> PhaseView:
        """Load the part inside `window` into memory; in-memory arrays are not copied."""
        mask = None if self.mask is None else np.asarray(self.mask[window])
        return replace(self, labels=np.asarray(self.labels[window]), mask=mask)

    def spans(self, axis: int) -> list[slice]:
        """Return the extents of the chunks along `axis`; an in-memory array has a single extent."""
        if not is_lazy(self.labels):
            return [slice(0, self.shape[axis])]
        edges = [0, *np.cumsum(self.labels.chunks[axis]).tolist()]
        return [slice(start, stop) for start, stop in pairwise(edges)]


def open_phase(volume: Any, *, phase: int, mask: Any = None) -> PhaseView:
    """Check the arguments shared by all statistics and return a view of the phase.

    Raises
    ------
    TypeError, ValueError
        If `volume`, `phase` or `mask` is invalid, or an array in memory lacks the phase, or holds grey levels or
        numbers of objects.
    """
    labels = check_volume(volume)
    label = check_label(phase)
    view = PhaseView(labels, label, check_mask(mask, tuple(labels.shape)))
    if not is_lazy(labels):
        check_few_labels(labels, label, name="volume")
        check_found(view, any(bool((piece.labels == label).any()) for piece in _pieces(view, 0)))
    return view


def check_found(view: PhaseView, found: bool) -> None:
    """Reject a phase that the volume lacks, unless all its labels are 0 and 1, or False and True.

    A binary volume says that it is empty or full; among other labels, an absent one is a mistake.

    Parameters
    ----------
    view : PhaseView
        Phase that was read; a lazy volume is read once more if nothing was found.
    found : bool
        True if a voxel of the phase was found within the region of interest.

    Raises
    ------
    ValueError
        If no voxel of the volume has the label of the phase.
    """
    if found:
        return
    present = measure_fractions(slab.labels for slab in slabs(replace(view, mask=None)))
    if view.phase not in present and not {view.phase, *present} <= {0, 1}:
        raise ValueError(f"phase must be one of the values of volume ({list_labels(present)}), got {view.phase}")


def columns(view: PhaseView, axis: int) -> Iterator[PhaseView]:
    """Yield in-memory parts that cover the volume once and contain whole lines along `axis`."""
    cross = 1 if axis == 0 else 0
    whole = slice(0, view.shape[axis])
    for window in product(*([whole] if a == axis else view.spans(a) for a in range(view.ndim))):
        yield from _pieces(view.load(window), cross)


def planes(view: PhaseView, axis: int) -> Iterator[PhaseView]:
    """Yield in-memory parts that cover the volume once, in order, and consist of whole planes normal to `axis`."""
    for span in view.spans(axis):
        yield from _pieces(view.load((slice(None),) * axis + (span,)), axis)


def slabs(view: PhaseView, *, overlap: int = 0) -> Iterator[PhaseView]:
    """Load and yield slabs along axis 0 that together cover the volume.

    Each slab except the last extends `overlap` planes into the next.
    """
    for span in view.spans(0):
        loaded = view.load((slice(span.start, span.stop + overlap),))
        yield from _pieces(loaded, 0, length=span.stop - span.start, overlap=overlap)


def linked_slabs(view: PhaseView, *, periodic: bool = False) -> Iterator[BoolArray]:
    """Yield the phase in slabs along axis 0, each beginning with the last plane of the previous slab.

    If the volume is periodic along that axis, a final slab of its last and first planes closes the ring.
    """
    ends: list[BoolArray] = []
    for slab in slabs(view, overlap=1):
        inside = slab.binary
        ends = [ends[0] if ends else inside[:1], inside[-1:]]
        yield inside
    if periodic:
        yield np.concatenate(ends[::-1])


def _pieces(part: PhaseView, axis: int, *, length: int | None = None, overlap: int = 0) -> Iterator[PhaseView]:
    """Cut the first `length` planes of an in-memory part into pieces of about `VOXELS_AT_ONCE` voxels."""
    length = part.shape[axis] if length is None else length
    step = max(1, VOXELS_AT_ONCE * part.shape[axis] // math.prod(part.shape))
    for start in range(0, length, step):
        piece = slice(start, min(start + step, length) + overlap)
        yield part.load((slice(None),) * axis + (piece,))


def read_window(array: Any, start: Sequence[int], stop: Sequence[int], periodic: Sequence[bool]) -> Any:
    """Return ``array[start:stop]``; beyond the array, wrap along periodic axes and fill with 0 along the others."""
    padding = []
    for axis, (low, high, n) in enumerate(zip(start, stop, array.shape, strict=True)):
        inside = slice(max(low, 0), min(high, n))
        outside = (inside.start - low, high - inside.stop)
        wraps = periodic[axis] and outside != (0, 0)
        array = array[(slice(None),) * axis + (np.arange(low, high) % n if wraps else inside,)]
        padding.append((0, 0) if wraps else outside)
    return np.pad(np.asarray(array), padding)
