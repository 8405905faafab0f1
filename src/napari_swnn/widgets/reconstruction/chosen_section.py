"""Measured section that volumes pass through, without the controls that choose it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_swnn._types import AXES, Shape
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape


@dataclass(frozen=True, eq=False)
class ChosenSection:
    """Section that volumes pass through.

    Attributes
    ----------
    labels : numpy.ndarray
        ``(h, w)`` labels.
    axis : int
        Axis normal to the section.
    position : int
        Position of the plane along the axis.
    name : str
        Name of the layer.
    """

    labels: np.ndarray
    axis: int
    position: int
    name: str

    @property
    def through(self) -> dict[str, Any]:
        """The section as an argument of `napari_swnn.constrain`."""
        return {AXES[self.axis]: (self.position, self.labels)}

    def metadata(self) -> dict[str, Any]:
        """Return metadata for a layer as JSON-serialisable values."""
        return {"axis": self.axis, "position": self.position, "layer": self.name}

    def check(self, shape: Shape) -> None:
        """Raise an error if the section is no plane of a volume.

        Raises
        ------
        BadInputError
            If its shape differs from that of the plane, or the plane lies outside the volume.
        """
        across = tuple(extent for axis, extent in enumerate(shape) if axis != self.axis)
        if self.labels.shape != across:
            raise BadInputError(
                "through",
                f"The section ({format_shape(self.labels.shape)}) must have the size of the plane "
                f"({format_shape(across)}); change the size of the volume, or crop the section.",
            )
        if self.position >= shape[self.axis]:
            raise BadInputError("through", f"The section must lie below voxel {shape[self.axis]}; lower its position.")
