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
"""One for each realisation, over again if there are more."""

TITLE, TEXT = 10, 8
"""Sizes of type, in points."""


def save_figure(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Write a figure to a file; the ending says the format."""
    figure.savefig(path, dpi=dpi)


def shown(text: str) -> str:
    """Units with their proper signs: µm for um."""
    return re.sub(r"(?<![A-Za-z])um(?![A-Za-z])", "µm", text)


def tidy(axes: Axes) -> None:
    """Leave out the frame where it is no axis."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT)
