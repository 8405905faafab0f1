"""Options that describe the reference: image, phase of interest, region of interest and voxel size."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference


def add_reference_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe an image: phase, region of interest, voxel size and unit."""
    parser.add_argument("--phase", type=int, help="label of the phase of interest (default: 1, or else the highest)")
    parser.add_argument("--roi", type=Path, help="mask image of the same size, non-zero inside the region of interest")
    parser.add_argument("--voxel-size", type=float, default=1.0, help="edge length of a pixel or voxel")
    parser.add_argument("--unit", default="voxel", help="unit of the voxel size, for example um")


def read_reference(options: argparse.Namespace) -> Reference:
    """Read the image and return it as a reference."""
    from napari_swnn import Reference
    from napari_swnn.io import read_labels

    labels = read_labels(options.image)
    roi = None if options.roi is None else read_labels(options.roi) > 0
    return Reference(labels, phase=options.phase, roi=roi, voxel_size=options.voxel_size, unit=options.unit)
