"""Colours, sizes and output shared by all figures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_swnn._types import Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REFERENCE_COLOUR, RESULT_COLOUR, SURFACE_COLOUR, SOLID_COLOUR = "#222222", "#c8553d", "#d9a441", "#d8d8d8"
MARKERS = "osD^vP"
"""Markers of the realisations, used cyclically."""

TITLE, TEXT = 10, 8
"""Font sizes, in points."""


def save_figure(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Write a figure to a file, in the format given by the file extension."""
    figure.savefig(path, dpi=dpi)


def format_units(text: str) -> str:
    """Return a text with proper unit symbols: µm for um."""
    return re.sub(r"(?<![A-Za-z])um(?![A-Za-z])", "µm", text)


def tidy(axes: Axes) -> None:
    """Remove the upper and right borders of the plot."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT)
