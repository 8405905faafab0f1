"""Cropping to a rectangle."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from napari_swnn._checks import check_whole
from napari_swnn.preparation._tiles import TILE
from napari_swnn.preparation.step import Step


@dataclass(frozen=True)
class Crop(Step):
    """Rectangle of an image that is kept.

    Parameters
    ----------
    top, left : int
        First row and column, in pixels.
    height, width : int
        Size in pixels.

    Raises
    ------
    ValueError
        If a number is not whole, negative, or a size is 0.
    """

    top: int
    left: int
    height: int
    width: int

    name = "crop"
    kind = ("grey", "grey")

    def __post_init__(self) -> None:
        for name, low in (("top", 0), ("left", 0), ("height", 1), ("width", 1)):
            object.__setattr__(self, name, check_whole(getattr(self, name), name=name, low=low))

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        return f"crop to {self.height} × {self.width} px from row {self.top}, column {self.left}"

    def window(self, values: Any) -> Any:
        """Return the rectangle of an image, without copying it.

        Parameters
        ----------
        values : (y, x) or (z, y, x) array, numpy or dask
            Grey values or labels.

        Raises
        ------
        ValueError
            If the rectangle does not lie within the image.
        """
        height, width = values.shape[-2:]
        bottom = self.top + self.height
        right = self.left + self.width
        if bottom > height or right > width:
            raise ValueError(
                f"crop must lie within the image of {height} × {width} px, got rows {self.top} to {bottom} and "
                f"columns {self.left} to {right}; choose a smaller rectangle"
            )
        return values[..., self.top : bottom, self.left : right]

    def iter_apply(self, values: Any, *, tile: int = TILE) -> Generator[float, None, NDArray[Any]]:
        """Return the rectangle as the result of a generator; see `Step.iter_apply`."""
        result: NDArray[Any] = self.window(values)
        yield 1.0
        return result
