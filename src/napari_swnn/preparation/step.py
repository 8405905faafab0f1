"""Base class of the steps of a recipe."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_swnn._steps import drain
from napari_swnn.preparation._tiles import TILE, Work, iter_map

Content: TypeAlias = Literal["grey", "labels"]
"""Meaning of the values of an image."""


@dataclass(frozen=True)
class Step:
    """One step of a recipe; compared by value.

    A step first measures the whole image (`resolve`), for example to find a threshold, and then treats it tile by tile.

    Attributes
    ----------
    name : str
        Name of the step in a recipe file.
    kind : pair of "grey" or "labels"
        Values that the step takes and gives.
    """

    name: ClassVar[str]
    kind: ClassVar[tuple[Content, Content]]

    @property
    def margin(self) -> int:
        """Distance in pixels over which a pixel of the image influences the result."""
        return 0

    @property
    def description(self) -> str:
        """Short text for a list of steps."""
        raise NotImplementedError

    def resolve(self, values: Any) -> Work:
        """Measure the whole image and return the function that treats one tile.

        Parameters
        ----------
        values : (y, x) or (z, y, x) array
            Grey values or labels.
        """
        raise NotImplementedError

    def iter_apply(self, values: Any, *, tile: int = TILE) -> Generator[float, None, NDArray[Any]]:
        """Apply the step to an image, tile by tile.

        Parameters
        ----------
        values : (y, x) or (z, y, x) array, numpy or dask
            Grey values or labels.
        tile : int
            Preferred edge length of a tile in pixels; it does not change the result.

        Yields
        ------
        float
            Completed fraction, in [0, 1].

        Returns
        -------
        numpy.ndarray
            Grey values (float32) or labels.
        """
        dtype = np.float32 if self.kind[1] == "grey" else np.uint8 if self.kind[0] == "grey" else values.dtype
        return (yield from iter_map(values, self.resolve(values), margin=self.margin, dtype=dtype, side=tile))

    def apply(self, values: Any) -> NDArray[Any]:
        """Apply the step to an image.

        Parameters
        ----------
        values : (y, x) or (z, y, x) array, numpy or dask
            Grey values or labels.

        Returns
        -------
        numpy.ndarray
            Grey values (float32) or labels.
        """
        return drain(self.iter_apply(values))

    def to_dict(self) -> dict[str, Any]:
        """Return the name and the settings of the step as values that JSON can hold."""
        settings = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"step": self.name, **{k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()}}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Step:
        """Return the step with settings as read from JSON.

        Raises
        ------
        TypeError
            If a setting is unknown or missing.
        ValueError
            If a setting is out of range.
        """
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()})
