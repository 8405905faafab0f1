"""Snapshot of the reference in the viewer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._types import Labels
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.layers.reading import copy_values, read_voxel_size

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.core.descriptor.reference import Reference


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Copy of the reference layers, which the user may paint on, rename or remove at any time.

    Attributes
    ----------
    name : str
        Name of the reference layer.
    labels : numpy.ndarray
        Labels, ``(y, x)`` or ``(z, y, x)``.
    region : numpy.ndarray or None
        Region of interest as booleans, with the shape of `labels`.
    voxel : VoxelSize
        Edge length of a pixel; its unit is ``"voxel"`` if the layer has no unit of length.
    """

    name: str
    labels: Labels
    region: np.ndarray | None
    voxel: VoxelSize

    @classmethod
    def take(cls, layer: "LabelsLayer", region: "LabelsLayer | None" = None) -> "Snapshot":
        """Copy a reference layer and, if passed, the layer that marks the region of interest.

        Raises
        ------
        BadInputError
            If the layers cannot be used as a reference.
        """
        labels = copy_values(layer, "reference")
        inside = None if region is None else copy_values(region, "region") != 0
        if inside is not None and inside.shape != labels.shape:
            own, other = format_shape(inside.shape), format_shape(labels.shape)
            text = f"The region of interest has {own} pixels, the reference {other}; draw it on the same image."
            raise BadInputError("region", text)
        if inside is not None and not inside.any():
            raise BadInputError("region", "The region of interest is empty; paint where the material is.")
        return cls(layer.name, labels, inside, read_voxel_size(layer, labels.ndim, "reference"))

    def reference(self, phase: int) -> "Reference":
        """Return the checked reference for a phase of interest."""
        from napari_swnn.core.descriptor.reference import Reference

        size, unit = self.voxel.value, self.voxel.unit
        return Reference(self.labels, phase=phase, roi=self.region, voxel_size=size, unit=unit)

    def equals(self, other: "Snapshot") -> bool:
        """Compare names, labels, regions of interest and voxel sizes."""
        return (
            (self.name, self.voxel) == (other.name, other.voxel)
            and np.array_equal(self.labels, other.labels)
            and np.array_equal(self._inside(), other._inside())
        )

    def _inside(self) -> np.ndarray:
        return np.ones((), bool) if self.region is None else self.region

    def phases(self) -> dict[int, float]:
        """Return the fraction of each label within the region of interest."""
        visible = self.labels if self.region is None else self.labels[self.region]
        values, counts = np.unique(visible, return_counts=True)
        return {int(value): float(count / visible.size) for value, count in zip(values, counts, strict=True)}


def choose_phase(phases: dict[int, float], wanted: int | None) -> int:
    """Return the wanted label if it exists, otherwise 1 if it exists, otherwise the highest label."""
    if wanted in phases:
        return wanted
    return 1 if 1 in phases else max(phases)
