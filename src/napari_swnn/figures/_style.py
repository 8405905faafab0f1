"""Colours, sizes and files: what all figures share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_swnn._types import Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REFERENCE_COLOUR, RESULT_COLOUR, SURFACE_COLOUR, SOLID_COLOUR = "#222222", "#c8553d", "#d9a441", "#d8d8d8"
MARKERS = "osD^vP"
"""Markers of the realisations, repeated if there are more."""

TITLE, TEXT = 10, 8
"""Font sizes, in points."""


def save_figure(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Write a figure to a file, in the format of its ending."""
    figure.savefig(path, dpi=dpi)


def format_units(text: str) -> str:
    """Return a text with the proper signs of units: µm for um."""
    return re.sub(r"(?<![A-Za-z])um(?![A-Za-z])", "µm", text)


def tidy(axes: Axes) -> None:
    """Remove the parts of the frame that are not axes."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT)
