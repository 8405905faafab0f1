"""Section: one plane of a material, with the phase of each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import BoolArray, FloatArray, Labels

Item = TypeVar("Item")
Positions = NDArray[np.uint8]
"""Positions of phases in `Reference.phases`: 0 is the phase of interest."""


@dataclass(frozen=True, slots=True)
class Section:
    """One plane of the material.

    Attributes
    ----------
    positions : numpy.ndarray
        ``(h, w)`` uint8 positions of the phases of the pixels in `Reference.phases`; 0 in the phase of interest.
    inside : numpy.ndarray
        ``(h, w)`` booleans, ``True`` within the region of interest.
    """

    positions: Positions
    inside: BoolArray

    @classmethod
    def of_phase(cls, image: BoolArray, inside: BoolArray | None = None) -> Section:
        """Return a section of two phases from the booleans of the phase of interest."""
        inside = np.ones(image.shape, bool) if inside is None else inside
        return cls((~np.asarray(image, bool)).astype(np.uint8), inside)

    @property
    def image(self) -> BoolArray:
        """``(h, w)`` booleans, ``True`` in the phase of interest."""
        return self.indicator(0)

    def indicator(self, channel: int) -> BoolArray:
        """Return ``(h, w)`` booleans, ``True`` in the phase at this position."""
        found: BoolArray = self.positions == channel
        return found

    def indicators(self, n_channels: int) -> FloatArray:
        """Return ``(n_channels, h, w)`` float32, 1 in the phase of each channel and 0 elsewhere."""
        channels = np.arange(n_channels, dtype=np.uint8)[:, None, None]
        values: FloatArray = (self.positions == channels).astype(np.float32)
        return values


def find_positions(labels: Labels, phases: Sequence[int]) -> Positions:
    """Return the position in `phases` of each label; labels that are not among them have the last position."""
    positions = np.full(labels.shape, len(phases) - 1, np.uint8)
    for position, phase in enumerate(phases[:-1]):
        positions[labels == phase] = position
    return positions


def thin_evenly(items: Sequence[Item], most: int = 48) -> Sequence[Item]:
    """Thin sections, or their numbers, evenly to between `most` and twice `most`; fewer are returned unchanged."""
    return items[:: max(1, len(items) // most)]
