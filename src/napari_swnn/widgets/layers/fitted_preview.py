"""Preview of a training at the size of the volume that follows it."""

from math import prod

import numpy as np

from napari_swnn._types import Labels, Shape

PENDING = 255
"""Label in a preview of what is not computed."""
LARGEST_LISTED = 2**16 - 1
"""Largest label for which napari can list colours without numba; the border needs one."""
MOST_FILLED = 2**23
"""Number of voxels up to which a preview is filled up to the size of the final volume."""
MOST_FILLED_IN_3D = 2**18
"""The same in 3-D, where each refresh draws all of them, and without a GPU the window would stand still meanwhile."""


def fit_preview(labels: Labels, shape: Shape, *, bordered: bool = True, most: int = MOST_FILLED) -> Labels:
    """Return the middle of a preview, with a border of `PENDING` where the final volume is larger.

    Training volumes are larger than a small final volume, above all at coarse scales, and smaller than a large one.

    Parameters
    ----------
    labels : numpy.ndarray
        Labels of the preview.
    shape : tuple of int
        Shape of the final volume, in voxels of the preview; a volume that is too large to draw is not filled up to.
    bordered : bool
        False to leave out the border, as if a phase has the label `PENDING`.
    most : int
        Number of voxels up to which the preview is filled up.
    """
    pairs = list(zip(labels.shape, shape, strict=True))
    starts = [max(0, own - side) // 2 for own, side in pairs]
    middle = labels[tuple(slice(start, start + side) for start, side in zip(starts, shape, strict=True))]
    if not bordered or prod(shape) > most or middle.shape == shape:
        return middle
    lacking = [side - own for own, side in zip(middle.shape, shape, strict=True)]
    border = [(each // 2, each - each // 2) for each in lacking]
    filled: Labels = np.pad(middle.astype(np.promote_types(middle.dtype, np.uint8)), border, constant_values=PENDING)
    return filled
