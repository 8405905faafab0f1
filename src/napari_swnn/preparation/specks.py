"""Removal of specks: regions of few pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_whole
from napari_swnn._types import Labels
from napari_swnn.preparation._regions import contacts, find_regions
from napari_swnn.preparation._tiles import Tile, Work
from napari_swnn.preparation.step import Step

_MAX_SIZE = 1_000_000


@dataclass(frozen=True)
class RemoveSpecks(Step):
    """Removal of regions of at most `max_size` pixels, of any phase.

    A speck takes the label that it shares most pixel edges with. Neighbours that are specks themselves count only if a
    speck has no others; among equal numbers of edges the lowest label is taken. Pixels that share a corner only are not
    connected.

    Parameters
    ----------
    max_size : int
        Largest number of pixels of a region that is removed.

    Raises
    ------
    ValueError
        If `max_size` is not a whole number of at least 1.
    """

    max_size: int

    name = "remove_specks"
    kind = ("labels", "labels")

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_size", check_whole(self.max_size, name="max_size", high=_MAX_SIZE))

    @property
    def margin(self) -> int:
        """Distance in pixels over which a pixel of the image influences the result."""
        return 2 * self.max_size + 1  # the neighbour of a speck may be a speck

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        return f"remove specks up to {self.max_size} px"

    def resolve(self, values: Any) -> Work:
        """Return the function that treats one tile; see `Step.resolve`."""
        return self._remove

    def _remove(self, labels: NDArray[Any], tile: Tile) -> NDArray[Any]:
        regions = find_regions(labels)
        specks = regions.sizes <= self.max_size
        if not specks.any():
            return labels
        one, other = contacts(regions.numbers, specks)
        among = np.unique(regions.labels)
        votes = np.zeros((len(specks), len(among)), np.int64)
        np.add.at(votes, (one, np.searchsorted(among, regions.labels[other])), np.where(specks[other], 0, 1))
        alone = specks & (votes.sum(axis=1) == 0)
        only_specks = alone[one]
        np.add.at(votes, (one[only_specks], np.searchsorted(among, regions.labels[other[only_specks]])), 1)
        decided = specks & (votes.sum(axis=1) > 0)  # a single region that fills the image has no neighbour
        new: Labels = np.where(decided, among[np.argmax(votes, axis=1)], regions.labels)
        return new[regions.numbers]
