"""Micrograph to prepare: one section of an Image layer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._checks import is_lazy
from napari_swnn.preparation import Crop, to_grey
from napari_swnn.widgets.kit.errors import BadInputError

if TYPE_CHECKING:
    from napari.layers import Image

IMAGE = "image"
"""Key of the control that selects the image."""


@dataclass(frozen=True, eq=False)
class ImageSource:
    """One section of an Image layer, which is read when it is needed.

    Attributes
    ----------
    name : str
        Name of the layer.
    values : array_like
        Values, ``(height, width)``, or ``(height, width, channels)`` of a colour image; they must not be modified.
    sections : tuple of int
        Position of the section along the leading axes of the layer; empty for a single section.
    layer : napari.layers.Image or None
        Layer of the image, which work in a thread must not access.
    """

    name: str
    values: Any
    sections: tuple[int, ...] = ()
    layer: Any = None

    @classmethod
    def take(cls, layer: "Image", sections: tuple[int, ...] = ()) -> "ImageSource":
        """Return a section of a layer without reading its values.

        Parameters
        ----------
        layer : napari.layers.Image
            Layer with grey or colour values, of any number of axes.
        sections : tuple of int
            Position along each of the leading axes; positions outside the layer are clipped.

        Raises
        ------
        BadInputError
            If the layer has fewer than two axes or no pixels.
        """
        data = layer.data[0] if layer.multiscale else layer.data
        n_leading = layer.ndim - 2
        if n_leading < 0 or 0 in data.shape:
            raise BadInputError(IMAGE, f"“{layer.name}” has no section of pixels; choose a 2-D image or a stack.")
        if not isinstance(data, np.ndarray) and not is_lazy(data):
            import dask.array

            data = dask.array.from_array(data)
        wanted = (*sections, *(0 for _ in range(n_leading)))[:n_leading]
        index = tuple(max(0, min(int(at), n - 1)) for at, n in zip(wanted, data.shape, strict=False))
        return cls(layer.name, data[index] if index else data, index, layer)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of pixels, ``(height, width)``."""
        height, width = self.values.shape[:2]
        return int(height), int(width)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes of `values`."""
        return ("y", "x", "c")[: self.values.ndim]

    @property
    def title(self) -> str:
        """Name of the layer, with the position of the section in a stack."""
        return " · ".join((self.name, *(f"section {at}" for at in self.sections)))

    @property
    def whole(self) -> Crop:
        """The whole section as a rectangle."""
        return Crop(0, 0, *self.shape)

    def read(self, part: Crop) -> np.ndarray:
        """Return the grey values of a part, ``(height, width)``.

        Raises
        ------
        ValueError
            If the values are not finite.
        """
        rows = slice(part.top, part.top + part.height)
        columns = slice(part.left, part.left + part.width)
        return to_grey(np.asarray(self.values[rows, columns]), self.axes)


def count_sections(layer: "Image") -> tuple[int, ...]:
    """Return the number of sections along each leading axis of a layer; empty for a single section."""
    data = layer.data[0] if layer.multiscale else layer.data
    return tuple(int(n) for n in data.shape[: max(layer.ndim - 2, 0)])
