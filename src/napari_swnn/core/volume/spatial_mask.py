"""Spatial masks, which restrict the structure to a part of a volume (sect. 3.3 of the paper)."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from napari_swnn._axes import spatial_labels
from napari_swnn._checks import check_choice, check_whole
from napari_swnn._label_values import to_region
from napari_swnn._types import Shape
from napari_swnn.core.grid.sampled_field import SampledField, expand_axes

METHODS = ("composite", "noise")


@dataclass(frozen=True, eq=False)
class SpatialMask:
    """Part of a volume that contains structure.

    Parameters
    ----------
    mask : array_like
        Booleans, or labels that are nonzero inside, ``(z, y, x)`` or ``(y, x)``, of any size. The mask is stretched
        over the volume, and each voxel takes the nearest entry.
    outside : int, optional
        Label of voxels outside the mask. By default the background label with ``method="composite"``; with
        ``method="noise"``, the default keeps the output of the network.
    axis : int
        Axis of a volume along which a 2-D mask is extruded.
    method : {"composite", "noise"}
        ``"composite"`` applies the mask to the finished structure, which does not change inside. ``"noise"`` is the
        method of the paper, which multiplies the noise by the mask at every scale: within a few voxels of the border,
        the structure changes to the output of the network for zero noise.

    Raises
    ------
    TypeError
        If the mask contains neither booleans nor whole numbers.
    ValueError
        If the mask is empty or has the wrong number of dimensions, or the method is unknown.
    """

    mask: Any
    _: KW_ONLY
    outside: int | None = None
    axis: int = 0
    method: str = "composite"

    def __post_init__(self) -> None:
        array = spatial_labels(to_region(self.mask, name="mask"), name="mask", planar=False)
        if array.ndim not in (2, 3):
            raise ValueError(f"mask must be 2-D or 3-D, got an array of shape {array.shape}")
        if not array.any():
            raise ValueError("mask must hold at least one voxel, got an empty mask; mark the part with structure")
        # Copied, so that later changes of the caller's array do not affect existing volumes.
        inside = np.array(array)
        inside.flags.writeable = False
        object.__setattr__(self, "mask", inside)
        if self.outside is not None:
            outside = check_whole(self.outside, name="outside", low=-(2**31), high=2**32 - 1)
            object.__setattr__(self, "outside", outside)
        object.__setattr__(self, "axis", check_whole(self.axis, name="axis", low=0, high=2))
        check_choice(self.method, METHODS, name="method")

    def over(self, extents: Shape, periodic: tuple[bool, ...]) -> SampledField:
        """Apply the mask to the extents of a volume.

        Raises
        ------
        ValueError
            If the mask has more axes than the volume.
        """
        inside = expand_axes(self.mask, len(extents), axis=self.axis, name="mask")
        return SampledField(inside, "nearest", extents, periodic)


def as_mask(mask: Any) -> SpatialMask | None:
    """Convert an array to a mask; return a mask or None unchanged."""
    return mask if mask is None or isinstance(mask, SpatialMask) else SpatialMask(mask)
