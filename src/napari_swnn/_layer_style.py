"""Appearance of the project's layers in napari, and the key of their metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

METADATA_KEY = "swnn"
"""Key of this project's entry in the metadata of a layer."""
PHASE_COLOUR = (0.9, 0.6, 0.1, 1.0)
"""Colour of the phase of interest where napari's default colours cannot be used."""
PREVIEW_NAME = "SWNN preview"
"""Beginning of the name of the layer that previews a training."""


def phase_colours(phase: int, background: int, colour: Any = PHASE_COLOUR) -> dict[int | None, Any]:
    """Return the colours of labels for a background other than 0.

    napari makes label 0 transparent and no other: the phase would be a hole in an opaque block.
    """
    return {phase: colour, background: "transparent", None: "transparent"}


def layer_data(levels: Sequence[Any]) -> tuple[Any, bool]:
    """Return the data of a layer and its ``multiscale`` argument.

    napari takes a list of a single array for a stack of planes, so one level goes without the list.

    Parameters
    ----------
    levels : sequence of array_like
        Resolutions of one image, the finest first.
    """
    multiscale = len(levels) > 1
    return (list(levels) if multiscale else levels[0]), multiscale
