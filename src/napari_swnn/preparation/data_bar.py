"""Data bar of an electron micrograph: the strip with text and scale bar at an edge of the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_swnn.preparation.crop import Crop


@dataclass(frozen=True, slots=True)
class DataBar:
    """Strip of rows with text or a scale bar, at the top or the bottom of an image.

    Attributes
    ----------
    top, bottom : int
        First row of the strip, and the row after its last one.
    crop : Crop
        Rectangle without the strip.
    """

    top: int
    bottom: int
    crop: Crop


def find_data_bar(image: Any) -> DataBar | None:
    """Return the data bar of a micrograph, or None if it has none.

    Parameters
    ----------
    image : (y, x) array
        Grey values.
    """
    return None
