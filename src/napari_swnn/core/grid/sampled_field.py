"""Array that is stretched over a volume and sampled at the voxel centres of any scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.grid.windows import Window

Sampling: TypeAlias = Literal["linear", "ends", "nearest"]
"""Interpolation between the entries of an array.

``"linear"``: the entries are cells that fill the volume, with linear interpolation between cell centres. ``"ends"``:
linear interpolation, with the first and last entries on opposite faces of the volume. ``"nearest"``: the value of the
cell, without interpolation.
"""


@dataclass(frozen=True, eq=False)
class SampledField:
    """Values over a volume, as a pure function of position.

    Attributes
    ----------
    values : numpy.ndarray
        Array with as many axes as the volume; the field is uniform along axes with one entry.
    sampling : {"linear", "ends", "nearest"}
        Interpolation between the entries.
    extents : tuple of int
        Extents of the volume, in voxels of the finest scale.
    periodic : tuple of bool
        One flag per axis. Beyond the faces of a non-periodic axis, the outermost values are repeated.
    """

    values: NDArray[Any]
    sampling: Sampling
    extents: Shape
    periodic: tuple[bool, ...]

    def window(self, window: Window, *, scale: int = 1) -> NDArray[Any]:
        """Return the values at the voxel centres of a window.

        Parameters
        ----------
        window : Window
            Window on the grid of `scale`.
        scale : int
            Edge length of a voxel of the window, in voxels of the finest scale.

        Returns
        -------
        numpy.ndarray
            Array that broadcasts to the shape of the window; uniform values may be returned with extents of 1.
        """
        places = [
            self._places(axis, (np.arange(a, b) + 0.5) * scale)
            for axis, (a, b) in enumerate(zip(window.start, window.stop, strict=True))
        ]
        needed = [np.unique(np.concatenate([low, high])) for low, high, _ in places]
        values: NDArray[Any] = self.values[np.ix_(*needed)]
        if (values == values.flat[0]).all():
            return values.reshape(-1)[:1].reshape((1,) * values.ndim)
        for axis, (entries, (low, high, weight)) in enumerate(zip(needed, places, strict=True)):
            if len(entries) > 1:
                values = _between(values, axis, np.searchsorted(entries, low), np.searchsorted(entries, high), weight)
        return values

    def _places(self, axis: int, centres: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
        """Return the two entries between which each position lies, and the weight of the second."""
        n = self.values.shape[axis]
        extent = self.extents[axis]
        periodic = self.periodic[axis]
        if periodic:
            centres = centres % extent
        position = {
            "linear": centres * n / extent - 0.5,
            "ends": centres * (n - 1) / extent,
            "nearest": np.floor(centres * n / extent),
        }[self.sampling]
        low = np.floor(position).astype(np.intp)
        weight = (position - low).astype(np.float32)
        if periodic and self.sampling == "linear":
            return low % n, (low + 1) % n, weight
        high = low + (self.sampling != "nearest")
        return np.clip(low, 0, n - 1), np.clip(high, 0, n - 1), weight


def _between(
    values: NDArray[Any], axis: int, low: NDArray[np.intp], high: NDArray[np.intp], weight: FloatArray
) -> NDArray[Any]:
    first = np.take(values, low, axis)
    if not weight.any():
        return first
    along = [1] * values.ndim
    along[axis] = -1
    # In this form, interpolation between two equal entries returns exactly their value.
    blended: NDArray[Any] = first + weight.reshape(along) * (np.take(values, high, axis) - first)
    return blended


def expand_axes(values: NDArray[Any], ndim: int, *, axis: int = 0, name: str) -> NDArray[Any]:
    """Return `values` with `ndim` axes; an array with one axis fewer is extruded along `axis`.

    Raises
    ------
    ValueError
        If the number of axes of the array does not fit.
    """
    if values.ndim == 0:
        return values.reshape((1,) * ndim)
    if values.ndim == ndim:
        return values
    if not (values.ndim == ndim - 1 == 2):
        allowed = "2-D or 3-D" if ndim == 3 else "2-D"
        raise ValueError(f"{name} must be {allowed} for a {ndim}-D model, got an array of shape {values.shape}")
    return np.expand_dims(values, axis)
