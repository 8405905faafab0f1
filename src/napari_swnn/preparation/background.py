"""Flattening of an uneven background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_choice, check_in_range
from napari_swnn._types import FloatArray
from napari_swnn.preparation._tiles import PIXELS_AT_ONCE, Tile, Work, n_sections, section
from napari_swnn.preparation.disc import disc
from napari_swnn.preparation.step import Step

METHODS = ("gaussian", "opening")
_PIXELS_PER_RADIUS = 8
"""Resolution of the reduced image: pixels in one radius."""
_MAX_RADIUS = 100_000


@dataclass(frozen=True)
class FlattenBackground(Step):
    """Removal of brightness variations that are much larger than the structure.

    The background is estimated on a reduced image and subtracted; the mean brightness of each section is kept.

    Parameters
    ----------
    radius : float
        Length in pixels above which variations count as background: several times the largest grain or pore.
    method : {"gaussian", "opening"}
        ``"gaussian"`` takes a Gaussian mean. ``"opening"`` takes the grey level below all objects that are narrower
        than a disc, like a rolling ball, and suits bright objects on a dark background.

    Raises
    ------
    ValueError
        If a value is out of range.
    """

    radius: float
    method: str = "gaussian"

    name = "flatten"
    kind = ("grey", "grey")

    def __post_init__(self) -> None:
        radius = check_in_range(self.radius, 2, _MAX_RADIUS, name="radius", hint="it is a length in pixels")
        object.__setattr__(self, "radius", radius)
        check_choice(self.method, METHODS, name="method")

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        return f"flatten the background ({self.method}, {self.radius:g} px)"

    def resolve(self, values: Any) -> Work:
        """Estimate the background on a reduced image; see `Step.resolve`."""
        factor = max(1, int(self.radius / _PIXELS_PER_RADIUS))
        backgrounds = [self._background(section(values, i), factor) for i in range(n_sections(values.shape))]

        def subtract(grey: NDArray[Any], tile: Tile) -> NDArray[Any]:
            background = backgrounds[tile.section]
            return np.asarray(grey - (_enlarge(background, factor, tile) - background.mean()), np.float32)

        return subtract

    def _background(self, image: Any, factor: int) -> FloatArray:
        from scipy import ndimage

        reduced = reduce_by(image, factor)
        radius = self.radius / factor
        if self.method == "gaussian":
            smooth: FloatArray = ndimage.gaussian_filter(reduced, radius)
            return smooth
        # The noise of single pixels would lower the opening.
        opened = ndimage.grey_opening(ndimage.gaussian_filter(reduced, 1.0), footprint=disc(radius))
        flat: FloatArray = ndimage.gaussian_filter(opened, radius)
        return flat


def reduce_by(image: Any, factor: int) -> FloatArray:
    """Return the means of squares of `factor` × `factor` pixels; incomplete squares at the end have fewer pixels."""
    height, width = image.shape
    rows = np.arange(0, height, factor)
    columns = np.arange(0, width, factor)
    n_columns = np.diff(np.append(columns, width))
    reduced = np.empty((len(rows), len(columns)))
    n_together = max(1, PIXELS_AT_ONCE // (width * factor))  # rows of squares that are read together
    for first in range(0, len(rows), n_together):
        slab = np.asarray(image[first * factor : (first + n_together) * factor], np.float64)
        within = np.arange(0, len(slab), factor)
        sums = np.add.reduceat(np.add.reduceat(slab, within, axis=0), columns, axis=1)
        reduced[first : first + n_together] = sums / (np.diff(np.append(within, len(slab)))[:, None] * n_columns)
    return reduced


def _enlarge(reduced: FloatArray, factor: int, tile: Tile) -> FloatArray:
    """Interpolate a reduced image at the pixels of a tile, linearly between the centres of its squares."""
    rows, columns = (
        np.clip((np.arange(span.start, span.stop) + 0.5) / factor - 0.5, 0, length - 1)
        for span, length in zip(tile.padded, reduced.shape, strict=True)
    )
    return _interpolate(_interpolate(reduced, rows).T, columns).T


def _interpolate(values: FloatArray, at: FloatArray) -> FloatArray:
    """Interpolate linearly along the first axis."""
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, len(values) - 1)
    weight = (at - low)[:, None]
    result: FloatArray = values[low] * (1 - weight) + values[high] * weight
    return result
