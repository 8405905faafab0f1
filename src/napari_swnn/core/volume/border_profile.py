"""Porosity as a function of the distance to the border of a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_swnn._checks import check_in_range, check_label, check_labels
from napari_swnn._types import BoolArray, FloatArray, Labels
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.volume.regions import RegionField

_LEAST_PIXELS = 50
"""Number of pixels below which a band is too small to measure its porosity."""


@dataclass(frozen=True, slots=True)
class BorderProfile:
    """Porosity as a piecewise linear function of the distance to the border of a region, constant beyond its ends.

    Attributes
    ----------
    distances : tuple of float
        Increasing distances from the border, in voxels; the border lies between two voxels.
    porosities : tuple of float
        Porosities at these distances, in [0, 1].

    Raises
    ------
    ValueError
        If there are fewer than two distances, they do not increase from 0 or above, or a porosity is not in [0, 1].
    """

    distances: tuple[float, ...]
    porosities: tuple[float, ...]

    def __post_init__(self) -> None:
        places = tuple(check_in_range(d, 0, np.inf, name="distances", open_high=True) for d in self.distances)
        values = tuple(check_in_range(p, 0, 1, name="porosities") for p in self.porosities)
        if len(places) != len(values) or len(places) < 2 or any(b <= a for a, b in pairwise(places)):
            raise ValueError(
                f"distances must be at least two increasing numbers, one for each porosity, got {self.distances} for "
                f"{self.porosities}"
            )
        object.__setattr__(self, "distances", places)
        object.__setattr__(self, "porosities", values)

    @classmethod
    def measure(cls, labels: Any, regions: Any, *, region: int, phase: int, width: int) -> BorderProfile:
        """Measure the profile in a reference.

        Parameters
        ----------
        labels : array_like
            Segmented section ``(y, x)`` or volume ``(z, y, x)``.
        regions : array_like
            Label of the region of each pixel, with the shape of `labels`.
        region : int
            Region to measure.
        phase : int
            Phase of interest.
        width : int
            Distance in pixels beyond which the porosity is constant.

        Returns
        -------
        BorderProfile
            One value for each pixel of distance, except where bands are joined because they hold few pixels. In a
            section, distances are those in its plane, which are longer than those in space: by a factor of 1.18 on
            average for borders of all directions.

        Raises
        ------
        TypeError, ValueError
            If an array holds no labels, the shapes differ, or the region has no pixels within or beyond `width`.
        """
        given, where = check_labels(labels), check_labels(regions, name="regions")
        if given.shape != where.shape:
            raise ValueError(f"regions must have the shape of labels, {given.shape}, got {where.shape}")
        inside = where == check_label(region, name="region")
        distances = border_distances(inside)[inside]
        found = given[inside] == check_label(phase)
        far = distances >= width
        if far.sum() < _LEAST_PIXELS or (~far).sum() < _LEAST_PIXELS:
            raise ValueError(
                f"region {region} must have at least {_LEAST_PIXELS} pixels within {width} pixels of its border and as "
                f"many beyond, got {int((~far).sum())} and {int(far.sum())}; choose another width"
            )
        places, values = _bands(distances[~far], found[~far], width)
        return cls((*places, float(width)), (*values, float(found[far].mean())))

    @property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest porosity."""
        return min(self.porosities), max(self.porosities)

    def at(self, distances: FloatArray) -> FloatArray:
        """Return the porosities at distances, float32."""
        return np.interp(distances, self.distances, self.porosities).astype(np.float32)


@dataclass(frozen=True, eq=False)
class BorderField:
    """Porosity around the borders of a region, as a pure function of position.

    Attributes
    ----------
    profile : BorderProfile
        Porosity by distance.
    regions : RegionField
        Global structure.
    region : int
        Label of the region.
    """

    profile: BorderProfile
    regions: RegionField
    region: int

    def window(self, window: Window, *, scale: int = 1) -> NDArray[Any]:
        """Return the porosities at the voxel centres of a window on the grid of `scale`; uniform ones with extents 1.

        Voxels outside the region have the porosity at its border.
        """
        reach = ceil(self.profile.distances[-1] / scale) + 1
        labels: Labels = self.regions.window(window.grown(reach), scale=scale)
        inside = labels == self.region
        if inside.all():
            return self._uniform(self.profile.porosities[-1], inside.ndim)
        if not inside.any():
            return self._uniform(self.profile.porosities[0], inside.ndim)
        near = border_distances(inside, scale=scale)[window.slices(window.grown(reach).start)]
        return self.profile.at(near)

    @staticmethod
    def _uniform(value: float, ndim: int) -> FloatArray:
        return np.full((1,) * ndim, value, np.float32)


def border_distances(inside: BoolArray, *, scale: int = 1) -> FloatArray:
    """Return the distance of each voxel centre inside a region from its border, 0 outside.

    Parameters
    ----------
    inside : numpy.ndarray
        Booleans, True inside the region. The faces of the array are no border.
    scale : int
        Edge length of a voxel.

    Returns
    -------
    numpy.ndarray
        Distances in units of the edge length divided by `scale`; infinite if the region has no border.
    """
    if inside.all():
        return np.full(inside.shape, np.inf)
    distances: FloatArray = np.maximum(ndimage.distance_transform_edt(inside) - 0.5, 0) * scale
    return distances


def _bands(distances: FloatArray, found: BoolArray, width: int) -> tuple[list[float], list[float]]:
    """Return the mean distance and the porosity of bands one pixel wide, or wider where they hold few pixels."""
    order = np.argsort(distances, kind="stable")
    distances, found = distances[order], found[order]
    ends = [int(end) for end in np.searchsorted(distances, np.arange(1, width + 1))]
    places: list[float] = []
    values: list[float] = []
    first = 0
    for end in ends:
        if end - first < _LEAST_PIXELS and end != ends[-1]:
            continue
        if end - first >= _LEAST_PIXELS:
            places.append(float(distances[first:end].mean()))
            values.append(float(found[first:end].mean()))
        first = end
    return places, values


def check_profile(profile: BorderProfile, limits: tuple[float, float] | None) -> Sequence[float]:
    """Return the porosities of a profile.

    Raises
    ------
    ValueError
        If a model was not trained for a range of porosities.
    """
    if limits is None:
        raise ValueError(
            "a border profile needs a model for a range of porosities, got a model of a single one; train it with "
            "porosity=(low, high)"
        )
    return profile.porosities
