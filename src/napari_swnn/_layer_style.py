"""How the layers of a volume look, and where they keep what is known of it."""

from __future__ import annotations

from typing import Any

METADATA_KEY = "swnn"
"""Of a layer's metadata, what this project knows of it."""
PHASE_COLOUR = (0.9, 0.6, 0.1, 1.0)
"""Of the phase of interest, where napari's own colours will not do."""


def phase_colours(phase: int, background: int, colour: Any = PHASE_COLOUR) -> dict[int | None, Any]:
    """Colours of labels, by label, for a background that is not 0.

    napari leaves out label 0 only: the phase would be a hole in an opaque block.
    """
    return {phase: colour, background: "transparent", None: "transparent"}


PREVIEW_NAME = "SWNN preview"
"""Beginning of the name of the layer that shows a training."""
