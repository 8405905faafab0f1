"""Connectivity of volumes, which cannot be measured on sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._types import AXES, BoolArray, FloatArray
from napari_swnn.statistics import euler_number, percolation
from napari_swnn.validation._formatting import to_json


@dataclass(frozen=True, eq=False, slots=True)
class Connectivity:
    """Connectivity of the phase of interest in one volume; voxels are connected through their faces.

    Attributes
    ----------
    percolates : tuple of bool
        True, for z, y and x, if a cluster connects the two faces normal to the axis.
    connected_by_axis : numpy.ndarray
        ``(3,)`` fraction of the phase in such clusters, between 0 and 1.
    connected_fraction : float
        Mean of these fractions over the axes.
    largest_fraction : float
        Fraction of the phase in its largest cluster.
    n_clusters : int
        Number of clusters.
    euler_density : float
        Euler number (components minus tunnels plus cavities) per volume, in the inverse cube of the length unit.
    """

    percolates: tuple[bool, ...]
    connected_by_axis: FloatArray
    connected_fraction: float
    largest_fraction: float
    n_clusters: int
    euler_density: float

    @classmethod
    def of(cls, inside: BoolArray, voxel_size: float) -> Connectivity:
        """Measure a boolean volume ``(z, y, x)``; `voxel_size` is the edge length of a voxel."""
        found = percolation(inside)
        return cls(
            percolates=tuple(map(bool, found.by_axis)),
            connected_by_axis=np.asarray(found.connected_by_axis),
            connected_fraction=found.connected_fraction,
            largest_fraction=found.largest_fraction,
            n_clusters=found.n_clusters,
            euler_density=euler_number(inside, voxel_size=voxel_size).density,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-serialisable dictionary."""
        return {
            "percolates": dict(zip(AXES, self.percolates, strict=True)),
            "connected_by_axis": dict(zip(AXES, to_json(self.connected_by_axis), strict=True)),
            "connected_fraction": to_json(self.connected_fraction),
            "largest_fraction": to_json(self.largest_fraction),
            "n_clusters": self.n_clusters,
            "euler_density": to_json(self.euler_density),
        }
