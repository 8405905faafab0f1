"""Local patterns of the sections, at any scale: the descriptor of the method (Eq. 7-8 of the paper)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.ndimage import uniform_filter

from napari_swnn._types import BoolArray, FloatArray
from napari_swnn.core.descriptor.section import Section

MAX_PATTERNS = 65_536
"""Maximum number of patterns per direction; more would not change the quantiles noticeably."""


def extract_patterns(
    sections: Iterable[Section],
    template_size: int,
    *,
    scale: int = 1,
    n_channels: int = 1,
    max_patterns: int = MAX_PATTERNS,
    rng: np.random.Generator | None = None,
) -> FloatArray:
    """Return the local patterns of sections at a given scale.

    At scale `s` a pattern is a window of side ``t * s`` pixels, averaged over blocks of ``s * s`` pixels. Windows start
    at every pixel (not at every block), so coarse scales have about as many patterns as fine ones.

    Parameters
    ----------
    sections : iterable of Section
        Sections; only windows entirely inside the region of interest are used.
    template_size : int
        Side `t` of a pattern, in blocks.
    scale : int
        Side `s` of a block, in pixels.
    n_channels : int
        Number of phases to extract, from the phase of interest on; see `Reference.n_channels`.
    max_patterns : int
        Maximum number of patterns; a larger set is randomly subsampled to this number.
    rng : numpy.random.Generator, optional
        Random generator for the subsampling; by default a generator with a fixed seed.

    Returns
    -------
    numpy.ndarray
        ``(n, n_channels, t, t)`` float32 area fractions of the phases, in [0, 1].

    Raises
    ------
    ValueError
        If no window fits.
    """
    sections = list(sections)
    side = template_size * scale
    counts = np.array([np.count_nonzero(windows_inside(section.inside, side)) for section in sections])
    if counts.sum() == 0:
        raise ValueError(too_small_message(sections, side))
    chosen = _choose(int(counts.sum()), max_patterns, rng or np.random.default_rng(0))
    first = np.concatenate([[0], np.cumsum(counts)])
    parts = []
    for section, low, high in zip(sections, first[:-1], first[1:], strict=True):
        # Recomputed for each section: the corners of all sections of a large volume would not fit in memory.
        corners = np.argwhere(windows_inside(section.inside, side))
        corners = corners[_between(chosen, low, high) - low]
        parts.append(_gather(section.indicators(n_channels), corners, template_size, scale))
    return np.concatenate(parts)


def count_patterns(sections: Iterable[Section], template_size: int) -> int:
    """Return the number of patterns at the finest scale, all windows entirely inside the region of interest."""
    return sum(int(np.count_nonzero(windows_inside(section.inside, template_size))) for section in sections)


def largest_window(sections: Iterable[Section]) -> int:
    """Return the side, in pixels, of the largest square window entirely inside a region of interest."""
    return max(_largest_square(section.inside) for section in sections)


def too_small_message(sections: Iterable[Section], side: int) -> str:
    """Return the error message for a reference or region of interest too small for a single pattern."""
    found = largest_window(sections)
    return (
        f"the reference and its region of interest must hold a square of at least {side} pixels (one pattern), "
        f"the largest inside is {found}; use a larger image or region, or a smaller template_size"
    )


def windows_inside(inside: BoolArray, side: int) -> BoolArray:
    """Return a mask ``(h - side + 1, w - side + 1)`` of the top-left corners of windows that lie entirely inside."""
    h, w = inside.shape
    if min(h, w) < side:
        return np.zeros((0, 0), bool)
    if inside.all():
        return np.ones((h - side + 1, w - side + 1), bool)
    table = np.pad(np.cumsum(np.cumsum(inside, 0, dtype=np.int64), 1), ((1, 0), (1, 0)))
    area = table[side:, side:] - table[:-side, side:] - table[side:, :-side] + table[:-side, :-side]
    fitting: BoolArray = area == side * side
    return fitting


def _between(ordered: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return the entries of a sorted array in the half-open interval from `low` to `high`."""
    start, stop = np.searchsorted(ordered, (low, high))
    between: np.ndarray = ordered[start:stop]
    return between


def _largest_square(inside: BoolArray) -> int:
    if inside.all():
        return int(min(inside.shape))
    low = 0
    high = min(inside.shape)
    while low < high:  # bisection: wherever a square fits, all smaller ones fit too
        middle = (low + high + 1) // 2
        low, high = (middle, high) if windows_inside(inside, middle).any() else (low, middle - 1)
    return low


def _choose(n: int, most: int, rng: np.random.Generator) -> np.ndarray:
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def _gather(channels: FloatArray, corners: np.ndarray, template_size: int, scale: int) -> FloatArray:
    steps = scale * np.arange(template_size)
    rows = corners[:, 0, None, None] + steps[:, None]  # (n, t, 1)
    columns = corners[:, 1, None, None] + steps  # (n, 1, t)
    return np.stack([block_averages(channel, scale)[rows, columns] for channel in channels], axis=1)


def block_averages(image: FloatArray, scale: int) -> FloatArray:
    """Return the mean of each block of `scale` x `scale` pixels, one block starting at every pixel.

    Returns
    -------
    numpy.ndarray
        ``(h - scale + 1, w - scale + 1)``.
    """
    if scale == 1:
        return image
    averages: FloatArray = uniform_filter(image, scale, origin=-(scale // 2), mode="constant")
    return averages[: image.shape[0] - scale + 1, : image.shape[1] - scale + 1]
