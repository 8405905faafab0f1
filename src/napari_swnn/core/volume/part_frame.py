"""Orientation of a part of a composition: exchanged axes, and a rotation about an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from napari_swnn._types import FloatArray, Shape
from napari_swnn.core.grid.windows import Window

_QUARTERS = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
"""Cosine and sine of multiples of 90 degrees, without rounding."""

Positions = list[NDArray[np.intp]]
"""Index of each voxel along each axis, arrays that broadcast to one shape."""


@dataclass(frozen=True, slots=True)
class PartFrame:
    """Relation between the voxels of a volume and those of a part that is oriented in it.

    The axes of the part are exchanged first, then the part is rotated about the origin of the volume. Each voxel of the
    volume takes the voxel of the part that contains its centre, at any scale.

    Attributes
    ----------
    axes : tuple of int
        Axis of the part that lies along each axis of the volume.
    angle : float
        Angle of rotation in degrees, from the first towards the second of the two other axes.
    axis : int
        Axis of the volume to rotate about; without meaning in 2-D.
    """

    axes: Shape
    angle: float = 0.0
    axis: int = 0

    @property
    def is_rotated(self) -> bool:
        """True if the part is rotated by other than whole turns."""
        return self.angle % 360 != 0

    @property
    def plane(self) -> tuple[int, int]:
        """Two axes of the volume that the rotation mixes."""
        first, second = (a for a in range(len(self.axes)) if len(self.axes) == 2 or a != self.axis)
        return first, second

    def to_part(self, values: Sequence[int]) -> Shape:
        """Reorder one value per axis of the volume, such as its shape, to the axes of the part, without rotation."""
        return tuple(values[self.axes.index(a)] for a in range(len(self.axes)))

    def window_in_part(self, window: Window) -> Window:
        """Return the window of the part that a window of the volume shows, without rotation."""
        return Window(self.to_part(window.start), self.to_part(window.stop))

    def window_in_volume(self, window: Window) -> Window:
        """Return the window of the volume that shows a window of the part, without rotation."""
        return Window(*(tuple(ends[a] for a in self.axes) for ends in (window.start, window.stop)))

    def positions_in_part(self, window: Window) -> Positions:
        """Return the voxels of the part that contain the voxel centres of a window of the volume, on the same scale."""
        turned = self._turn(window, -1)
        return [turned[self.axes.index(a)] for a in range(len(self.axes))]

    def positions_in_volume(self, window: Window) -> Positions:
        """Return the voxels of the volume that contain the voxel centres of a window of the part, on the same scale."""
        start, stop = ([ends[a] for a in self.axes] for ends in (window.start, window.stop))
        turned = self._turn(Window(tuple(start), tuple(stop)), 1)
        # The arrays have the axes of the volume; those of the window have the axes of the part.
        order = [self.axes.index(a) for a in range(len(self.axes))]
        return [np.transpose(p, order) for p in turned]

    def _turn(self, window: Window, sign: int) -> Positions:
        """Rotate the voxel centres of a window by the angle (`sign` 1) or back (-1); return the voxels they lie in."""
        n = len(self.axes)
        centres: list[FloatArray] = []
        for axis, (a, b) in enumerate(zip(window.start, window.stop, strict=True)):
            along = [-1 if other == axis else 1 for other in range(n)]
            centres.append((np.arange(a, b) + 0.5).reshape(along))
        first, second = self.plane
        c, s = _cos_sin(self.angle)
        u, v = centres[first], centres[second]
        centres[first], centres[second] = c * u - sign * s * v, sign * s * u + c * v
        return [np.floor(centre).astype(np.intp) for centre in centres]


def _cos_sin(angle: float) -> tuple[float, float]:
    turns, rest = divmod(angle, 90)
    return _QUARTERS[int(turns) % 4] if rest == 0 else (cos(radians(angle)), sin(radians(angle)))
