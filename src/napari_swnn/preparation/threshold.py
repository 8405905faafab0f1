"""Segmentation by thresholds of the grey value."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isfinite
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_choice, check_in_range, check_whole
from napari_swnn._phases import MOST_PHASES
from napari_swnn.preparation._levels import li, otsu
from napari_swnn.preparation._tiles import Tile, Work
from napari_swnn.preparation.histogram import grey_histogram
from napari_swnn.preparation.step import Step

METHODS = ("otsu", "li", "multi_otsu", "local", "manual")
_TWO_PHASES = ("otsu", "li", "local")
_TRUNCATE = 4.0
_MAX_RADIUS = 10_000


@dataclass(frozen=True)
class Threshold(Step):
    """Segmentation by the grey value; labels count from 0, from dark to bright.

    A pixel belongs to the brighter phase if its grey value exceeds the threshold.

    Parameters
    ----------
    method : {"otsu", "li", "multi_otsu", "local", "manual"}
        ``"otsu"`` and ``"li"`` find one threshold from the histogram of the whole image, ``"multi_otsu"`` one for each
        pair of neighbouring phases. ``"local"`` compares each pixel with the Gaussian mean of its surroundings.
        ``"manual"`` takes `levels`.
    n_phases : int
        Number of phases, from 2 to 8; above 2 for ``"multi_otsu"`` and ``"manual"`` only.
    levels : tuple of float
        Grey values of the thresholds in ascending order, for ``"manual"`` only; they determine the number of phases.
    radius : float
        Radius in pixels of the surroundings, for ``"local"`` only.
    offset : float
        Grey value by which a pixel must exceed the mean of its surroundings, for ``"local"`` only.

    Raises
    ------
    ValueError
        If a value is out of range or does not fit the method.
    """

    method: str = "otsu"
    n_phases: int = 2
    levels: tuple[float, ...] = ()
    radius: float = 50.0
    offset: float = 0.0

    name = "threshold"
    kind = ("grey", "labels")

    def __post_init__(self) -> None:
        check_choice(self.method, METHODS, name="method")
        object.__setattr__(self, "levels", _check_levels(self.levels, self.method))
        if self.method == "manual":
            object.__setattr__(self, "n_phases", len(self.levels) + 1)
        check_whole(self.n_phases, name="n_phases", low=2, high=MOST_PHASES)
        if self.method in _TWO_PHASES and self.n_phases != 2:
            raise ValueError(
                f"n_phases must be 2 for the method {self.method!r}, got {self.n_phases}; use 'multi_otsu' or 'manual'"
            )
        radius = check_in_range(self.radius, 1, _MAX_RADIUS, name="radius", hint="it is a length in pixels")
        object.__setattr__(self, "radius", radius)
        object.__setattr__(self, "offset", check_in_range(self.offset, -1e9, 1e9, name="offset"))

    @property
    def margin(self) -> int:
        """Distance in pixels over which a pixel of the image influences the result."""
        return ceil(_TRUNCATE * self._sigma) + 1 if self.method == "local" else 0

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        if self.method == "manual":
            return f"threshold at {', '.join(f'{level:g}' for level in self.levels)}"
        if self.method == "local":
            return f"local threshold (radius {self.radius:g} px)"
        name = {"otsu": "Otsu", "li": "Li", "multi_otsu": "multi-Otsu"}[self.method]
        return f"threshold ({name}, {self.n_phases} phases)"

    @property
    def _sigma(self) -> float:
        return self.radius / 3

    def find_levels(self, values: Any) -> tuple[float, ...]:
        """Return the thresholds of an image; the brighter phase lies above each.

        Parameters
        ----------
        values : (y, x) or (z, y, x) array
            Grey values; all sections together determine the thresholds.

        Raises
        ------
        ValueError
            If the image has fewer grey values than phases, or the method has no thresholds for the whole image.
        """
        if self.method == "manual":
            return self.levels
        if self.method == "local":
            raise ValueError("method must find thresholds for the whole image, got 'local'; choose another")
        histogram = grey_histogram(values)
        n_values = int(np.count_nonzero(histogram.counts))
        if n_values < self.n_phases:
            raise ValueError(
                f"image must have at least {self.n_phases} grey values to separate {self.n_phases} phases, "
                f"got {n_values}; crop to a region with contrast"
            )
        return (li(histogram),) if self.method == "li" else otsu(histogram, self.n_phases)

    def resolve(self, values: Any) -> Work:
        """Find the thresholds of the whole image; see `Step.resolve`."""
        if self.method == "local":
            return self._compare_with_surroundings
        levels = self.find_levels(values)
        return lambda grey, tile: divide(grey, levels)

    def _compare_with_surroundings(self, grey: NDArray[Any], tile: Tile) -> NDArray[Any]:
        from scipy import ndimage

        mean = ndimage.gaussian_filter(grey, self._sigma, truncate=_TRUNCATE)
        labels: NDArray[Any] = (grey > mean + np.float32(self.offset)).astype(np.uint8)
        return labels


def divide(grey: NDArray[Any], levels: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return the labels of grey values: the number of thresholds that a pixel exceeds.

    Parameters
    ----------
    grey : (y, x) array
        Grey values.
    levels : tuple of float
        Thresholds in ascending order.
    """
    return np.searchsorted(np.array(levels, np.float32), grey, side="left").astype(np.uint8)


def _check_levels(levels: Any, method: str) -> tuple[float, ...]:
    values = tuple(levels) if isinstance(levels, list | tuple | np.ndarray) else (levels,)
    if not all(isinstance(level, Real) and isfinite(level) for level in values):
        raise ValueError(f"levels must be finite numbers, got {levels!r}")
    numbers = tuple(float(level) for level in values)
    if any(low >= high for low, high in pairwise(numbers)):
        raise ValueError(f"levels must ascend, got {', '.join(f'{level:g}' for level in numbers)}; sort them")
    if bool(numbers) != (method == "manual"):
        required = "one or more for the method 'manual'" if method == "manual" else f"empty for the method {method!r}"
        raise ValueError(f"levels must be {required}, got {len(numbers)} of them")
    return numbers
