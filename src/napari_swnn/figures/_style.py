"""Colours, sizes and output shared by all figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import numpy as np

from napari_swnn._files import replaced_when_complete
from napari_swnn._layer_style import PALETTE, to_hex
from napari_swnn._types import FloatArray, Labels, Path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REFERENCE_COLOUR, RESULT_COLOUR, SURFACE_COLOUR, SOLID_COLOUR = "#222222", "#c8553d", "#d9a441", "#d8d8d8"
PHASE_COLOURS = tuple(to_hex(colour) for colour in PALETTE)
"""Colours of phases in the order of the report, the phase of interest first, where none are given."""
MARKERS = "osD^vP"
"""Markers of the realisations, used cyclically."""

TITLE, TEXT = 10, 8
"""Font sizes, in points."""


Colours = Mapping[int, str]
"""Colour of each label, as ``"#rrggbb"``."""


def colour_phases(labels: Iterable[int], given: Colours | None = None) -> dict[int, str]:
    """Return a colour for each phase: the given one, otherwise one from `PHASE_COLOURS`."""
    return {label: (given or {}).get(label, PHASE_COLOURS[i % len(PHASE_COLOURS)]) for i, label in enumerate(labels)}


def paint(labels: Labels, colours: Colours) -> FloatArray:
    """Return labels ``(h, w)`` as a picture ``(h, w, 3)``; labels without a colour are white."""
    from matplotlib.colors import to_rgb

    picture = np.ones((*labels.shape, 3))
    for label, colour in colours.items():
        picture[labels == label] = to_rgb(colour)
    return picture


def save_figure(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """Write a figure to a file, in the format given by the file extension."""
    with replaced_when_complete(FilePath(path)) as partial:
        figure.savefig(partial, dpi=dpi)


def tidy(axes: Axes) -> None:
    """Remove the upper and right borders of the plot."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TEXT)
