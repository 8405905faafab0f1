"""Data bar of an electron micrograph: the strip with text and scale bar at an edge of the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._types import FloatArray
from napari_swnn.preparation.crop import Crop
from napari_swnn.preparation.grey import to_grey

_MIN_ROWS = 6
_MAX_PART = 0.35
"""Largest part of the height of an image that a data bar covers."""
_TOLERANCE = 0.02
"""Difference of grey values that counts as equal, as a fraction of their range: lossy compression blurs the text."""
_ROW_BACKGROUND = 0.3
"""Least fraction of a row of the bar that is background; the rest is text."""
_EVEN_ROW = 0.95
"""Least fraction of a frame line that has one grey value."""
_BAR_BACKGROUND = 0.55
_LEAST_TEXT = 0.002
_SHARPNESS = 0.35
"""Least decrease of the fraction of background between the bar and the rows beside it."""
_ROWS_BESIDE = 5
_EQUAL_NEIGHBOURS = 0.6
"""Least fraction of neighbours in the bar with equal grey values: a bar is drawn, so it has no noise."""
_EVEN_IMAGE = 0.8
"""Fraction of neighbours with equal grey values above which the rest is no micrograph but a segmented image."""


@dataclass(frozen=True, slots=True)
class DataBar:
    """Strip of rows with text or a scale bar, at the top or the bottom of an image.

    Attributes
    ----------
    top, bottom : int
        First row of the strip, and the row after its last one.
    crop : Crop
        Rectangle without the strip.
    """

    top: int
    bottom: int
    crop: Crop


def find_data_bar(image: Any) -> DataBar | None:
    """Return the data bar of a micrograph, or None if it has none.

    A data bar is a strip over the full width of at most 35 % of the height. It has one background value without noise,
    some text or a scale bar, and ends abruptly.

    Parameters
    ----------
    image : array_like
        Micrograph as taken by `to_grey`; the first section of a stack is examined.
    """
    grey = to_grey(image)
    if grey.ndim == 3:
        grey = grey[0]
    height, width = grey.shape
    n_edge = int(height * _MAX_PART) + _ROWS_BESIDE + 1
    if height < 4 * _MIN_ROWS or n_edge >= height:
        return None
    low, high = (np.asarray(part) for part in (grey[:n_edge], grey[height - n_edge :]))
    value_range = float(max(low.max(), high.max()) - min(low.min(), high.min()))
    below = _count_bar_rows(high[::-1], value_range)
    if below:
        return DataBar(height - below, height, Crop(0, 0, height - below, width))
    above = _count_bar_rows(low, value_range)
    return DataBar(0, above, Crop(above, 0, height - above, width)) if above else None


def _count_bar_rows(rows: FloatArray, value_range: float) -> int:
    """Return the height of a bar that begins with the first row, or 0."""
    if value_range == 0:
        return 0
    tolerance = _TOLERANCE * value_range
    counts, edges = np.histogram(rows[:_MIN_ROWS], 256)
    peak = int(np.argmax(counts))
    first = rows[:_MIN_ROWS]
    background = float(np.median(first[(first >= edges[peak]) & (first <= edges[peak + 1])]))
    is_background = np.abs(rows - background) <= tolerance
    fraction = is_background.mean(axis=1)
    even = (np.abs(rows - np.median(rows, axis=1, keepdims=True)) <= tolerance).mean(axis=1) >= _EVEN_ROW
    ends = np.flatnonzero((fraction < _ROW_BACKGROUND) & ~even)
    n_rows = int(ends[0]) if len(ends) else len(rows)
    if not _MIN_ROWS <= n_rows <= len(rows) - _ROWS_BESIDE:
        return 0
    bar = slice(0, n_rows)
    inside = float(is_background[bar].mean())
    equal = (np.abs(np.diff(rows, axis=1)) <= value_range / 512).mean(axis=1)
    is_bar = (
        _BAR_BACKGROUND <= inside <= 1 - _LEAST_TEXT
        and inside - float(fraction[n_rows : n_rows + _ROWS_BESIDE].mean()) >= _SHARPNESS
        and float(equal[bar].mean()) >= _EQUAL_NEIGHBOURS
        and float(equal[n_rows:].mean()) <= _EVEN_IMAGE
    )
    return n_rows if is_bar else 0
