"""Scribbles of the user as an immutable value."""

from dataclasses import dataclass

import numpy as np

from napari_swnn._types import Labels


@dataclass(frozen=True, slots=True)
class Strokes:
    """Scribbled pixels of an image; only these are stored, so that many versions can be kept.

    Attributes
    ----------
    shape : tuple of int
        Shape of the image, ``(height, width)``.
    pixels : bytes
        Flat indices of the scribbled pixels, as 64-bit integers.
    labels : bytes
        Label of each of these pixels, from 1 on, as 8-bit integers.
    """

    shape: tuple[int, int]
    pixels: bytes = b""
    labels: bytes = b""

    @classmethod
    def from_layer(cls, labels: Labels) -> "Strokes":
        """Return the non-zero pixels of a Labels layer, ``(height, width)``."""
        pixels = np.flatnonzero(labels)
        values = np.asarray(labels).reshape(-1)[pixels]
        height, width = labels.shape
        return cls((height, width), pixels.astype(np.int64).tobytes(), values.astype(np.uint8).tobytes())

    def to_layer(self) -> Labels:
        """Return the strokes as labels, ``(height, width)``; other pixels are 0."""
        labels = np.zeros(self.shape, np.uint8)
        labels.reshape(-1)[np.frombuffer(self.pixels, np.int64)] = np.frombuffer(self.labels, np.uint8)
        return labels

    @property
    def used(self) -> tuple[int, ...]:
        """Labels that have at least one pixel, in ascending order."""
        return tuple(sorted(set(self.labels)))
