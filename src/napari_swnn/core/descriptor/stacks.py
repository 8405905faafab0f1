"""Signs that a volume is a stack of separate sections, whose planes say nothing about its third dimension."""

from __future__ import annotations

import numpy as np

from napari_swnn._types import AXES, BoolArray

_THIN = 16
"""Depth in voxels below which a wide slab is too thin to describe sections normal to its other axes."""
_UNRELATED = 0.1
"""Absolute correlation of neighbouring planes below which they are unrelated."""
_RELATED = 0.4
"""Correlation of neighbouring voxels within the planes above which a structure is resolved."""


def describe_stack(inside: BoolArray) -> list[str]:
    """Return a remark on a volume that may be a stack of separate sections; otherwise an empty list.

    Parameters
    ----------
    inside : (z, y, x) bool
        ``True`` in the phase of interest.
    """
    depth, axis = min((n, i) for i, n in enumerate(inside.shape))
    if depth < _THIN and 4 * depth <= sorted(inside.shape)[1]:  # a slab, not a rod
        sign = f"is only {depth} voxels deep along {AXES[axis]}, which limits the patterns"
    else:
        found = [_neighbour_correlation(inside, i) for i in range(3)]
        axis = int(np.argmin(np.abs(found)))
        within = min(abs(value) for i, value in enumerate(found) if i != axis)
        if not (abs(found[axis]) < _UNRELATED and within > _RELATED) or _is_layered(inside, axis):
            return []
        sign = f"has unrelated planes along {AXES[axis]} (correlation {found[axis]:.2f}, within planes {within:.2f})"
    advice = "pass list(labels)" if axis == 0 else f"pass list(np.moveaxis(labels, {axis}, 0))"
    return [
        f"the volume of shape {inside.shape} {sign}; if these are separate sections, {advice}; if they are colour "
        "channels, pass one of them"
    ]


def _is_layered(inside: BoolArray, axis: int) -> bool:
    """Return True if most planes normal to an axis hold a single phase: those are layers, and no sections."""
    shares = np.moveaxis(inside, axis, 0).mean(axis=(1, 2))
    return bool(np.mean((shares > 0) & (shares < 1)) < 0.5)


def _neighbour_correlation(inside: BoolArray, axis: int) -> float:
    """Return the correlation coefficient of voxels that are neighbours along an axis."""
    lines = np.moveaxis(inside, axis, 0)
    first, second = lines[:-1], lines[1:]
    mean = float(np.mean(inside))
    if not 0 < mean < 1 or len(first) == 0:
        return 1.0
    both = float(np.count_nonzero(first & second)) / first.size
    return (both - float(first.mean()) * float(second.mean())) / (mean * (1 - mean))
