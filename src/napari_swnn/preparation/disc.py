"""Digital disc, the neighbourhood of several steps."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import BoolArray


def disc(radius: float) -> BoolArray:
    """Return a square array that is True within `radius` pixels of its centre."""
    reach = int(radius)
    squares = np.arange(-reach, reach + 1) ** 2
    inside: BoolArray = squares[:, None] + squares <= radius**2
    return inside
