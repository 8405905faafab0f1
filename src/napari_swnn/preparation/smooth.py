"""Smoothing of the interfaces between phases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_in_range
from napari_swnn._types import BoolArray
from napari_swnn.preparation._tiles import Tile, Work
from napari_swnn.preparation.step import Step

_MAX_RADIUS = 100


@dataclass(frozen=True)
class Smooth(Step):
    """Majority filter: each pixel takes the label that most pixels within `radius` have.

    Among equal numbers, the label of the pixel itself is kept, otherwise the lowest label taken. The image is continued
    by its mirror image.

    Parameters
    ----------
    radius : float
        Radius of the neighbourhood in pixels, from 1 to 100.

    Raises
    ------
    ValueError
        If `radius` is out of range.
    """

    radius: float

    name = "smooth"
    kind = ("labels", "labels")

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", check_in_range(self.radius, 1, _MAX_RADIUS, name="radius"))

    @property
    def margin(self) -> int:
        """Distance in pixels over which a pixel of the image influences the result."""
        return int(self.radius)

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        return f"smooth (majority within {self.radius:g} px)"

    def resolve(self, values: Any) -> Work:
        """Return the function that treats one tile; see `Step.resolve`."""
        return self._take_majority

    def _take_majority(self, labels: NDArray[Any], tile: Tile) -> NDArray[Any]:
        among = np.unique(labels)
        winner = np.full(labels.shape, among[0], labels.dtype)
        # Counts are doubled, so that the label of the pixel itself wins a tie.
        most = np.full(labels.shape, -1, np.int32)
        for label in among:
            inside = labels == label
            votes = 2 * count_within(inside, self.radius) + inside
            better = votes > most
            winner[better] = label
            np.copyto(most, votes, where=better)
        return winner


def count_within(inside: BoolArray, radius: float) -> NDArray[np.int32]:
    """Return the number of true pixels within `radius` of each pixel; the image is mirrored at its edges.

    The rows of the disc are differences of running sums, so the time grows with the radius and not with its square.
    """
    reach = int(radius)
    height, width = inside.shape
    padded = np.pad(inside, reach, mode="symmetric")
    sums = np.zeros((height + 2 * reach, width + 2 * reach + 1), np.int32)
    np.cumsum(padded, axis=1, out=sums[:, 1:])
    counts = np.zeros(inside.shape, np.int32)
    for dy in range(-reach, reach + 1):
        half = int(np.sqrt(radius**2 - dy**2))
        rows = sums[reach + dy : reach + dy + height]
        counts += rows[:, reach + half + 1 : reach + half + 1 + width]
        counts -= rows[:, reach - half : reach - half + width]
    return counts
