"""Target porosity as a function of position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_swnn._checks import check_in_range, check_labels, check_mapping, check_whole
from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.grid.sampled_field import SampledField, Sampling, expand_axes
from napari_swnn.core.grid.windows import Window

_TOLERANCE = 1e-6
"""Tolerance at the limits of a model's range, because values are rounded to float32."""


class Field(Protocol):
    """Values over a volume, as a pure function of position."""

    def window(self, window: Window, *, scale: int = 1) -> NDArray[Any]:
        """Return the values at the voxel centres of a window on the grid of `scale`; uniform ones with extents of 1."""
        ...


class FieldSource(Protocol):
    """Values that become a field when they are applied to the extents of a volume, such as a map."""

    def over(self, extents: Shape, periodic: tuple[bool, ...]) -> Field:
        """Apply the values to the extents of a volume."""
        ...


@dataclass(frozen=True, eq=False)
class PorosityMap:
    """Target porosity as a function of position in a volume; created with one of the class methods.

    A map has no fixed size: it is stretched over the volume.

    Attributes
    ----------
    values : numpy.ndarray
        Porosities as float32: a scalar, or an array with one axis (along `axis`), two or three axes.
    sampling : {"linear", "ends", "nearest"}
        Interpolation between the values; see `napari_swnn.core.grid.sampled_field`.
    axis : int
        Axis of a gradient.
    """

    values: FloatArray
    sampling: Sampling = "linear"
    axis: int = 0

    @classmethod
    def constant(cls, porosity: float) -> PorosityMap:
        """Return a uniform map.

        Parameters
        ----------
        porosity : float
            Porosity in [0, 1].

        Raises
        ------
        ValueError
            If `porosity` is not in [0, 1].
        """
        return cls(frozen_values(check_in_range(porosity, 0, 1, name="porosity")))

    @classmethod
    def from_array(cls, values: Any) -> PorosityMap:
        """Return a map from porosities on a grid of any size, interpolated linearly to the voxels of the volume.

        Parameters
        ----------
        values : array_like
            Porosities in [0, 1], ``(z, y, x)`` or ``(y, x)``; a 2-D map is repeated along axis 0 of a volume.

        Raises
        ------
        TypeError
            If the values are not floating-point numbers.
        ValueError
            If the array is neither 2-D nor 3-D, is empty, or contains a value outside [0, 1].
        """
        return _map_of_array(values, "porosity")

    @classmethod
    def from_labels(cls, labels: Any, porosities: Mapping[int, float]) -> PorosityMap:
        """Return a map with one porosity per labelled region, with sharp borders between regions.

        Parameters
        ----------
        labels : array_like
            Integers, ``(z, y, x)`` or ``(y, x)``; a 2-D array is repeated along axis 0 of a volume.
        porosities : mapping
            Mapping from each label to its porosity in [0, 1].

        Raises
        ------
        TypeError
            If the labels are not integers, or `porosities` is no mapping.
        ValueError
            If a label has no porosity, or a porosity lies outside [0, 1].
        """
        regions = check_labels(labels)
        check_mapping(porosities, name="porosities", maps="labels to porosities, such as {1: 0.3}")
        values, places = np.unique(regions, return_inverse=True)
        missing = [int(value) for value in values if int(value) not in porosities]
        if missing:
            raise ValueError(
                f"porosities must include every label, got none for {', '.join(map(str, missing[:8]))}; "
                "assign a porosity to each region, including the background"
            )
        found = [check_in_range(porosities[int(v)], 0, 1, name=f"porosities[{int(v)}]") for v in values]
        return cls(frozen_values(np.array(found)[places].reshape(regions.shape)), "nearest")

    @classmethod
    def gradient(cls, start: float, stop: float, axis: int = 0) -> PorosityMap:
        """Return a linear gradient from one face of the volume to the opposite one.

        Parameters
        ----------
        start, stop : float
            Porosity in [0, 1] at the first and last faces.
        axis : int
            Axis along which the porosity changes.

        Raises
        ------
        ValueError
            If a porosity is not in [0, 1], or the axis is not 0, 1 or 2.
        """
        ends = [check_in_range(start, 0, 1, name="start"), check_in_range(stop, 0, 1, name="stop")]
        return cls(frozen_values(np.array(ends)), "ends", check_whole(axis, name="axis", low=0, high=2))

    @property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest porosity."""
        return float(self.values.min()), float(self.values.max())

    def over(self, extents: Shape, periodic: tuple[bool, ...]) -> SampledField:
        """Apply the map to the extents of a volume.

        Raises
        ------
        ValueError
            If the map has more axes than the volume, or the volume lacks the axis of the gradient.
        """
        ndim = len(extents)
        if self.values.ndim == 1:
            check_whole(self.axis, name="axis", low=0, high=ndim - 1)
            values = self.values.reshape([-1 if axis == self.axis else 1 for axis in range(ndim)])
        else:
            values = expand_axes(self.values, ndim, name="porosity")
        return SampledField(values, self.sampling, extents, periodic)


def as_porosity_map(porosity: Any, *, name: str = "porosity") -> PorosityMap:
    """Convert a number or an array to a map; return a map unchanged. `name` stands for it in error messages."""
    if isinstance(porosity, PorosityMap):
        return porosity
    if np.ndim(porosity) == 0:
        return PorosityMap(frozen_values(check_in_range(porosity, 0, 1, name=name)))
    return _map_of_array(porosity, name)


def check_porosity(
    porosity: Any, *, porosity_range: tuple[float, float] | None, own: float | None
) -> PorosityMap | None:
    """Return the target porosity as a map, or None for a model trained for a single porosity.

    Parameters
    ----------
    porosity : None, float, array_like or PorosityMap
        Argument of `generate`.
    porosity_range : tuple of float or None
        Porosity range that the model was trained for.
    own : float or None
        Porosity of the reference of the model; None if unknown.

    Raises
    ------
    ValueError
        If the model cannot generate this porosity.
    """
    if porosity_range is None:
        _check_single(porosity, own)
        return None
    low, high = porosity_range
    if porosity is None:
        if own is None or not low <= own <= high:
            known = "not known" if own is None else f"{own:.4g}"
            raise ValueError(
                f"porosity must be specified for a model with the range [{low:g}, {high:g}] "
                f"if the reference's is {known}; choose a value in the range"
            )
        porosity = own
    target = as_porosity_map(porosity)
    lowest, highest = target.extremes
    if lowest < low - _TOLERANCE or highest > high + _TOLERANCE:
        came = f"{lowest:.4g}" if lowest == highest else f"values from {lowest:.4g} to {highest:.4g}"
        raise ValueError(
            f"porosity must lie in the model's range [{low:g}, {high:g}], got {came}; "
            "choose values in it, or train with a wider range"
        )
    return target


def _check_single(porosity: Any, own: float | None) -> None:
    if porosity is None:
        return
    lowest, highest = as_porosity_map(porosity).extremes
    if own is None or max(abs(lowest - own), abs(highest - own)) > _TOLERANCE:
        trained = "of a single porosity" if own is None else f"trained for the single porosity {own:.4g}"
        came = f"{lowest:.4g}" if lowest == highest else f"a map from {lowest:.4g} to {highest:.4g}"
        raise ValueError(
            f"porosity must be omitted for a model {trained}, got {came}; train a model for a range of porosities"
        )


def frozen_values(values: Any) -> FloatArray:
    """Return values as a float32 array that cannot be changed."""
    # Copied, so that later changes of the caller's array do not affect existing volumes.
    array = np.array(values, np.float32)
    array.flags.writeable = False
    return array


def _map_of_array(values: Any, name: str) -> PorosityMap:
    array = np.asarray(values)
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(
            f"{name} must hold fractions as floating-point numbers, got {array.dtype}; "
            "to assign one porosity per label, use PorosityMap.from_labels"
        )
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(f"{name} must be a number or a 2-D or 3-D map, got an array of shape {array.shape}")
    low, high = float(array.min()), float(array.max())
    if not 0 <= low <= high <= 1:  # also if a value is NaN
        raise ValueError(f"{name} must hold values in [0, 1], got values from {low:g} to {high:g}")
    return PorosityMap(frozen_values(array))
