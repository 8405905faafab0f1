"""Colour maps of layers of labels."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


def has_colours(layer: "LabelsLayer", colours: Mapping[int, Any]) -> bool:
    """Return True if a layer with napari's own colours, in which label 0 is transparent, shows labels as wanted."""
    for label, wanted in colours.items():
        found = layer.get_color(label)
        hidden = isinstance(wanted, str)
        if hidden != (found is None):
            return False
        if not hidden and not np.allclose(found, wanted, atol=1 / 255):  # model files hold bytes
            return False
    return True


def make_colormap(colours: Mapping[int | None, Any] | Mapping[int, Any]) -> Any:
    """Return the napari colour map with a colour, or ``"transparent"``, for each label; others are transparent."""
    from napari.utils.colormaps import DirectLabelColormap

    shown: dict[int | None, Any] = {}
    for label, colour in colours.items():
        shown[label] = colour if isinstance(colour, str) else np.array(colour, float)
    return DirectLabelColormap(color_dict={**shown, None: "transparent"})
