"""The shape of the volumes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def add_shape_option(parser: argparse.ArgumentParser) -> None:
    """Voxels along each axis, a cube if left."""
    parser.add_argument(
        "--shape", type=int, nargs="+", default=[128], help="voxels along z y x, or one number for a cube"
    )


def full_shape(shape: Sequence[int], dimension: int) -> tuple[int, ...]:
    """What was typed, with one number for a cube, as a number for each axis."""
    return tuple(shape) * dimension if len(shape) == 1 else tuple(shape)
