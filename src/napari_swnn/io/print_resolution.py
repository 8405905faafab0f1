"""Resolution of a picture as a pixel size, unless it is one for print or screen."""

from __future__ import annotations

from collections.abc import Sequence

from napari_swnn._voxel_sides import VoxelSides
from napari_swnn._voxel_size import SAME_LENGTH

INCH = 0.0254
"""Length of an inch in metres."""
_MOST_PRINTED = 1200
"""Resolution in pixels per inch up to which it describes a print or a screen instead of the material."""
_USUAL = (72, 75, 96, 100, 120, 144, 150, 180, 200, 240, 250, 300, 350, 360, 400, 500, 600, 720, 800, 1200)
"""Resolutions in pixels per inch of screens, cameras and printers."""


def sides_of_resolution(per_metre: Sequence[float], *, metric: bool = False) -> VoxelSides:
    """Return the sides of the pixels for a resolution along y and x.

    Drawing programs, scanners' software and cameras store 72, 96, 300 or 600 dpi in every picture, whatever it shows.
    A resolution of at most 1200 dpi is therefore no pixel size. If it is stored in centimetres, only the usual
    resolutions of print and screen are none, since other programs store a true pixel size in this form. Unequal
    resolutions are always kept, since such pixels are no squares.

    Parameters
    ----------
    per_metre : sequence of float
        Pixels per metre along y and x, above 0.
    metric : bool
        True if the file states pixels per centimetre, not per inch.
    """
    lengths = [1 / number for number in per_metre]
    if max(lengths) > SAME_LENGTH * min(lengths):
        return VoxelSides.of_metres(lengths)
    dpi = max(per_metre) * INCH
    usual = any(abs(dpi - known) < 0.006 * known for known in _USUAL)
    is_printed = usual if metric and dpi > _USUAL[0] else dpi <= 1.001 * _MOST_PRINTED
    return VoxelSides.unknown(len(lengths)) if is_printed else VoxelSides.of_metres(lengths)
