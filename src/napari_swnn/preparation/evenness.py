"""Evenness of the brightness of an image: whether a phase is brighter in one part of it than in another."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_swnn._types import Labels

_PARTS = 3
"""Number of parts along each axis: the middle of an image can differ from its edges and corners."""
_SMALLEST = 8
"""Side of a part in pixels below which an image is not judged."""
_TOLERANCE = 0.12
"""Difference between parts, relative to the contrast of the phases, from which a threshold can be wrong."""
_ERRORS = 6
"""Number of standard errors of a part, of independent pixels, by which the parts of an even image may differ."""


def is_uneven(grey: NDArray[Any], labels: Labels) -> bool:
    """Return True if the phases of an image are brighter in one part of it than in another.

    A threshold for the whole image can then be wrong by more than the sampling error of the porosity. Only the grey
    values within each phase are compared, so that a part with more pores does not count as a darker one.

    Parameters
    ----------
    grey : (y, x) array
        Grey values.
    labels : (y, x) array of int
        Labels of the phases, found from the grey values.
    """
    side = min(grey.shape) // _PARTS
    found = np.unique(labels)
    if side < _SMALLEST or len(found) < 2:
        return False
    means = {label: float(grey[labels == label].mean(dtype=np.float64)) for label in found}
    rest = np.array(grey, np.float32)
    for label, mean in means.items():
        rest[labels == label] -= np.float32(mean)
    parts = [part for rows in np.array_split(rest, _PARTS) for part in np.array_split(rows, _PARTS, axis=1)]
    levels = [float(part.mean(dtype=np.float64)) for part in parts]
    contrast = float(np.diff(sorted(means.values())).min())
    error = float(rest.std(dtype=np.float64)) / sqrt(min(part.size for part in parts))
    return max(levels) - min(levels) > _TOLERANCE * contrast + _ERRORS * error
