"""Label 0 in 3-D, where napari takes it for the background and yet lends its colour to the surfaces of all others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import Labels

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

WIDE = np.int32
"""Number type with which napari draws label 0 in 3-D as any other label."""
_MOST_VOXELS = 2**27
"""Number of voxels up to which a volume is copied with larger numbers."""


def can_show_zero(layer: "LabelsLayer") -> bool:
    """Return True if label 0 of a layer can be shown in 3-D, which needs a copy with larger numbers."""
    return isinstance(layer.data, np.ndarray) and layer.data.size <= _MOST_VOXELS


def widen_if_zero_shows(labels: Labels, colours: Mapping[int, Any]) -> Labels:
    """Return a volume with the numbers that napari needs in 3-D if label 0 has a colour, otherwise as it is."""
    colour = colours.get(0)
    if labels.ndim < 3 or labels.size > _MOST_VOXELS or is_transparent(colour):
        return labels
    return labels.astype(WIDE)


def is_transparent(colour: Any) -> bool:
    """Return True if a colour of napari hides what has it."""
    return colour is None or isinstance(colour, str) or float(colour[3]) == 0
