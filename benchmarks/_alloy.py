"""Synthetic alloy of three phases, in 2-D and 3-D: grains, and colonies of lamellae with a direction each.

The regions are level sets and largest values of smooth Gaussian fields. The lamellae of a colony (label 1, in a matrix
of label 0) are a level set of a stretched field, thin along the last axis of the colony, whose axes are exchanged and
rotated as those of a part are. With a widening above 0, the lamellae become wider towards the borders of their colony.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_swnn.core.volume.border_profile import border_distances

MATRIX, LAMELLAE, GRAINS = 0, 1, 2
FIRST, SECOND, THIRD, EQUIAXED = 1, 2, 4, 3
"""Regions: colonies, of which there is a third one in 3-D, and the equiaxed grains."""
STRETCHED = {2: (9.0, 2.2), 3: (9.0, 9.0, 2.2)}
"""Widths of the correlation of lamellae along the axes of a colony, for each dimension."""
COLONY_SIZE = 20.0
LEVEL = 0.4
REACH = 5.0
"""Distance from a border over which the widening decays, in voxels."""


@dataclass(frozen=True)
class Turn:
    """Orientation of a colony, in the words of `swnn.Part`."""

    angle: float = 0.0
    axis: int = 0
    axes: tuple[int, ...] | None = None

    def rows(self, ndim: int) -> np.ndarray:
        """Return the direction in the volume of each axis of the colony, as rows."""
        first, second = (a for a in range(ndim) if ndim == 2 or a != self.axis)
        c, s = np.cos(np.radians(self.angle)), np.sin(np.radians(self.angle))
        back = np.eye(ndim)
        back[first, first], back[first, second] = c, s
        back[second, first], back[second, second] = -s, c
        axes = self.axes or tuple(range(ndim))
        return np.stack([back[axes.index(a)] for a in range(ndim)])


TURNS = {
    2: {FIRST: Turn(), SECOND: Turn(40.0)},
    3: {FIRST: Turn(), SECOND: Turn(40.0), THIRD: Turn(30.0, axis=2, axes=(2, 0, 1))},
}
"""Orientation of each colony, for each dimension."""


def field(shape: tuple[int, ...], sigmas: tuple[float, ...], seed: int, turn: Turn | None = None) -> np.ndarray:
    """Return a periodic Gaussian field of variance 1 with the covariance exp(-r^2 / 4 sigma^2), rotated."""
    waves = np.meshgrid(*(2 * np.pi * np.fft.fftfreq(n).astype(np.float32) for n in shape), indexing="ij", sparse=True)
    rows = (turn or Turn()).rows(len(shape)).astype(np.float32)
    own = [sum(part * wave for part, wave in zip(row, waves, strict=True)) for row in rows]
    kernel = np.exp(-sum((k * sigma) ** 2 for k, sigma in zip(own, sigmas, strict=True)) / 2).astype(np.float32)
    white = np.random.default_rng(seed).standard_normal(shape, np.float32)
    values = np.fft.ifftn(np.fft.fftn(white) * kernel).real.astype(np.float32)
    return (values - values.mean()) / values.std()


def truth(shape: tuple[int, ...], *, seed: int, widening: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels and the regions of a realisation."""
    turns = TURNS[len(shape)]
    smooth = [field(shape, (COLONY_SIZE,) * len(shape), seed + i) for i in range(1 + len(turns))]
    colonies = np.array(list(turns), np.uint8)[np.argmax(smooth[1:], axis=0)]
    regions = np.where(smooth[0] > 0.9, EQUIAXED, colonies).astype(np.uint8)
    labels = np.full(shape, GRAINS, np.uint8)
    for region, turn in turns.items():
        inside = regions == region
        lamellae = field(shape, STRETCHED[len(shape)], seed + 10 + region, turn)
        level = LEVEL - (widening * np.exp(-border_distances(inside)[inside] / REACH) if widening else 0)
        labels[inside] = np.where(lamellae[inside] > level, LAMELLAE, MATRIX)
    return labels, regions
