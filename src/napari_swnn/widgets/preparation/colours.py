"""Colours and names of the phases of a segmentation."""

from collections.abc import Sequence
from typing import Any

from napari_swnn._layer_style import PALETTE
from napari_swnn.widgets.layers import colormap


def make_colormap(labels: Sequence[int], phase: int) -> Any:
    """Return the napari colour map of a segmentation.

    With two phases only the phase of interest is coloured, so that the image stays visible in the other.

    Parameters
    ----------
    labels : sequence of int
        Labels of the phases.
    phase : int
        Label of the phase of interest.
    """
    colours: dict[int, Any] = {label: PALETTE[k % len(PALETTE)] for k, label in enumerate(labels)}
    if len(labels) == 2:
        colours = {label: colour if label == phase else "transparent" for label, colour in colours.items()}
    return colormap.make_colormap(colours)


def make_scribble_colormap(n_phases: int) -> Any:
    """Return the napari colour map of scribbles, in which label ``k + 1`` marks phase ``k``."""
    colours: dict[int, Any] = {k + 1: PALETTE[k % len(PALETTE)] for k in range(n_phases)}
    return colormap.make_colormap({0: "transparent", **colours})


def name_by_brightness(n_phases: int) -> tuple[str, ...]:
    """Return names for phases that are numbered from dark to bright."""
    if n_phases == 2:
        return ("dark", "bright")
    if n_phases == 3:
        return ("dark", "medium", "bright")
    return ("darkest", *(f"grey {k}" for k in range(1, n_phases - 1)), "brightest")
