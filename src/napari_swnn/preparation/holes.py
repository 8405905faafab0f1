"""Filling of holes: regions that one phase encloses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_whole
from napari_swnn._phases import MOST_PHASES
from napari_swnn.preparation._tiles import Tile, Work
from napari_swnn.preparation.step import Step

_MAX_SIZE = 1_000_000


@dataclass(frozen=True)
class FillHoles(Step):
    """Filling of holes of at most `max_size` pixels.

    A hole of a phase is a region of other phases that this phase encloses and that does not touch the edge of the
    image. It becomes that phase, with everything inside it. Pixels that share a corner only are not connected.

    Parameters
    ----------
    max_size : int
        Largest number of pixels of a hole that is filled.
    phase : int, optional
        Label of the phase whose holes are filled; by default each phase in turn, from the lowest label.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    max_size: int
    phase: int | None = None

    name = "fill_holes"
    kind = ("labels", "labels")

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_size", check_whole(self.max_size, name="max_size", high=_MAX_SIZE))
        if self.phase is not None:
            object.__setattr__(self, "phase", check_whole(self.phase, name="phase", low=0))

    @property
    def margin(self) -> int:
        """Distance in pixels over which a pixel of the image influences the result."""
        return (self.max_size + 1) * (MOST_PHASES if self.phase is None else 1)

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        which = "" if self.phase is None else f" of phase {self.phase}"
        return f"fill holes{which} up to {self.max_size} px"

    def resolve(self, values: Any) -> Work:
        """Return the function that treats one tile; see `Step.resolve`."""
        return self._fill

    def _fill(self, labels: NDArray[Any], tile: Tile) -> NDArray[Any]:
        filled = labels.copy()
        given = [self.phase] if (labels == self.phase).any() else []  # one that is absent may exceed the data type
        for phase in np.unique(labels) if self.phase is None else given:
            filled[self._holes(filled != phase)] = phase
        return filled

    def _holes(self, outside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return True in the holes, given the pixels outside the phase."""
        from scipy import ndimage

        numbers, count = ndimage.label(outside)
        is_hole = np.bincount(numbers.ravel(), minlength=count + 1) <= self.max_size
        for border in (numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]):
            is_hole[border] = False
        is_hole[0] = False
        holes: NDArray[np.bool_] = is_hole[numbers]
        return holes
