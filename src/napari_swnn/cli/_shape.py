"""Command-line option for the shape of the volumes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def add_shape_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for the number of voxels along each axis."""
    parser.add_argument(
        "--shape", type=int, nargs="+", default=[128], help="voxels along z, y and x, or one number for a cube"
    )


def full_shape(shape: Sequence[int], dimension: int) -> tuple[int, ...]:
    """Return the number of voxels along each axis, where a single number represents a cube."""
    return tuple(shape) * dimension if len(shape) == 1 else tuple(shape)
