"""Appearance and metadata key of the project's napari layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

METADATA_KEY = "swnn"
"""Key of the napari-swnn entry in layer metadata."""
PHASE_COLOUR = (0.9, 0.6, 0.1, 1.0)
"""Colour of the phase of interest when napari's default colours cannot be used."""
PREVIEW_NAME = "SWNN preview"
"""Prefix of the name of the layer that previews a training."""
SCRIBBLES = "scribbles"
"""Role, in the metadata, of layers with scribbles, which are no segmentation."""


def read_metadata(layer: Any) -> Mapping[str, Any]:
    """Return the entries of napari-swnn in the metadata of a layer; empty if there are none."""
    return layer.metadata.get(METADATA_KEY) or {}


def phase_colours(phase: int, background: int, colour: Any = PHASE_COLOUR) -> dict[int | None, Any]:
    """Return the label colours for a background label other than 0.

    napari makes only label 0 transparent; by default a phase with label 0 would be a hole in an opaque background.
    """
    return {phase: colour, background: "transparent", None: "transparent"}


def layer_data(levels: Sequence[Any]) -> tuple[Any, bool]:
    """Return the data of a layer and its ``multiscale`` argument.

    napari would read a list with one array as a stack of planes; a single level is therefore returned as an array.

    Parameters
    ----------
    levels : sequence of array_like
        Resolutions of one image, finest first.
    """
    multiscale = len(levels) > 1
    return (list(levels) if multiscale else levels[0]), multiscale
