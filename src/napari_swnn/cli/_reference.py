"""Options that describe the reference: image, phase of interest, region of interest and voxel size."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from napari_swnn.core.descriptor.reference import Reference


def add_reference_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe an image: phase, region of interest, voxel size and unit."""
    parser.add_argument("--phase", type=int, help="label of the phase of interest (default: the higher of two labels)")
    parser.add_argument("--roi", type=Path, help="mask image of the same size, non-zero inside the region of interest")
    parser.add_argument("--voxel-size", type=float, default=1.0, help="edge length of a pixel or voxel")
    parser.add_argument("--unit", default="voxel", help="unit of the voxel size, for example um")


def read_reference(options: argparse.Namespace) -> Reference:
    """Read the image and return it as a reference."""
    from napari_swnn import Reference
    from napari_swnn.io import read_labels

    labels = read_labels(options.image)
    phase = _highest_of_two(labels, options.image) if options.phase is None else options.phase
    roi = None if options.roi is None else read_labels(options.roi) > 0
    return Reference(labels, phase=phase, roi=roi, voxel_size=options.voxel_size, unit=options.unit)


def _highest_of_two(labels: np.ndarray, path: Path) -> int:
    import numpy as np

    values = np.unique(labels)
    if len(values) > 2:
        raise ValueError(
            f"--phase must name the phase of interest of {path}, got none for {len(values)} labels from "
            f"{values[0]} to {values[-1]}; segment the image first if these are grey values"
        )
    return int(values[-1])
