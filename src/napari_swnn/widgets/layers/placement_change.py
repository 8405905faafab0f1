"""Changes of the scale and place of several layers in one step."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._voxel_size import LengthUnit, find_length_unit

if TYPE_CHECKING:
    from napari.layers import Layer

MOST_STEPS = 2**31 - 1
"""Most positions of a slider of the viewer. They are counted in the finest pixel of all layers."""


@contextmanager
def change_together(layers: "Iterable[Layer]") -> "Iterator[None]":
    """Let the viewer see the new scales and places of layers when all of them have changed.

    Halfway, one layer would be in one unit and another one in the next, with more positions than the viewer can count.
    """
    changed = list(layers)
    with ExitStack() as stack:
        for layer in changed:
            stack.enter_context(layer.events.blocker_all())
        yield
    for layer in changed:  # to set a value tells the viewer about it, also if it is the same
        layer.scale = layer.scale
        layer.translate = layer.translate
        layer.affine = layer.affine
        layer.events.units()


def count_steps(layers: "Sequence[Layer]") -> float:
    """Return the number of pixels of the finest layer along the longest axis that all layers cover together."""
    units = [find_length_unit(str(layer.units[-1])) for layer in layers]
    ndim = max((layer.ndim for layer in layers), default=0)
    extents = np.full((2, len(layers), ndim), np.nan)
    steps = np.full((len(layers), ndim), np.inf)
    for i, layer in enumerate(layers):
        in_metres = np.ones(layer.ndim) if None in units else _read_metres(layer)
        extents[:, i, -layer.ndim :] = np.asarray(layer.extent.world) * in_metres
        steps[i, -layer.ndim :] = np.abs(layer.extent.step) * in_metres
    known = np.isfinite(extents).all(0)
    low = np.min(extents[0], axis=0, initial=np.inf, where=known)
    high = np.max(extents[1], axis=0, initial=-np.inf, where=known)
    counts = (high - low) / steps.min(axis=0, initial=np.inf)
    return float(counts.max(initial=0, where=np.isfinite(counts)))


def _read_metres(layer: "Layer") -> np.ndarray:
    units: list[LengthUnit | None] = [find_length_unit(str(unit)) for unit in layer.units]
    return np.array([1.0 if unit is None else unit.metres for unit in units])
