"""Counts along lines, with 64 lines packed into each machine word.

Bit ``k`` of a word is a voxel of line ``k``, and successive words of a group of 64 lines are successive positions along
the axis. One AND of two words then compares 64 pairs of voxels, and the counts are exact integers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_swnn.statistics._blocks import PhaseView, columns

if TYPE_CHECKING:
    from napari_swnn._types import BoolArray

Words: TypeAlias = NDArray[np.uint64]
Counts: TypeAlias = NDArray[np.int64]

LineCounter: TypeAlias = Callable[[Words, int, bool], Counts]
"""Function of packed lines, shape ``(n, n_words)``, the largest distance and the periodicity of the lines.

It returns the number of matching positions at distances 0, 1, …, shape ``(max_distance + 1,)``.
"""


def pack_lines(binary: BoolArray, axis: int) -> Words:
    """Pack the lines of `binary` along `axis` into words, shape ``(n, n_words)``; spare bits are 0."""
    lines = np.moveaxis(binary, axis, 0).reshape(binary.shape[axis], -1)  # (n, n_lines)
    octets = np.packbits(lines, axis=1)
    return np.ascontiguousarray(np.pad(octets, ((0, 0), (0, -octets.shape[1] % 8)))).view(np.uint64)


def extend_lines(words: Words, max_distance: int, periodic: bool) -> Words:
    """Append the beginning of each line to its end if the lines are periodic."""
    return np.concatenate([words, words[:max_distance]]) if periodic else words


def count_bits(words: Words) -> int:
    """Return the number of set bits."""
    return int(np.bitwise_count(words).sum(dtype=np.int64))


def sample_lines(
    view: PhaseView, counter: LineCounter, max_distance: int, periodic: Sequence[bool]
) -> tuple[Counts, Counts]:
    """Apply `counter` to all lines along every axis.

    Returns
    -------
    hits, trials : (ndim, max_distance + 1) int
        Number of matching positions, and number of all positions.
    """
    hits = np.zeros((view.ndim, max_distance + 1), np.int64)
    trials = np.zeros_like(hits)
    for axis in range(view.ndim):
        for part in columns(view, axis):
            hits[axis] += counter(pack_lines(part.binary, axis), max_distance, periodic[axis])
            trials[axis] += count_positions(part, counter, axis, max_distance, periodic[axis])
    return hits, trials


def count_positions(part: PhaseView, counter: LineCounter, axis: int, max_distance: int, periodic: bool) -> Any:
    """Count all positions of a part with whole lines along `axis` within the region of interest, at each distance."""
    if part.mask is not None:
        return counter(pack_lines(part.mask, axis), max_distance, periodic)
    n = part.shape[axis]
    lengths = np.full(max_distance + 1, n) if periodic else n - np.arange(max_distance + 1)
    return lengths * (part.labels.size // n)
