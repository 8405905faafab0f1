"""Resolution of a picture as a pixel size, unless it is one for print or screen."""

from __future__ import annotations

from collections.abc import Sequence

from napari_swnn._voxel_sides import VoxelSides
from napari_swnn._voxel_size import SAME_LENGTH

MOST_PRINTED = 1200 / 0.0254
"""Resolution in pixels per metre (1200 dpi) up to which it describes a print or a screen instead of the material."""


def sides_of_resolution(per_metre: Sequence[float]) -> VoxelSides:
    """Return the sides of the pixels for a resolution along y and x.

    Drawing programs, scanners' software and cameras store 72, 96, 300 or 600 dpi in every picture, whatever it shows.
    A resolution of at most 1200 dpi is therefore no pixel size. Unequal resolutions are kept at any size, since such
    pixels are no squares.

    Parameters
    ----------
    per_metre : sequence of float
        Pixels per metre along y and x, above 0.
    """
    sides = VoxelSides.of_metres([1 / number for number in per_metre])
    lengths = [1 / number for number in per_metre]
    square = max(lengths) <= SAME_LENGTH * min(lengths)
    return VoxelSides.unknown(len(lengths)) if square and max(per_metre) <= 1.001 * MOST_PRINTED else sides
