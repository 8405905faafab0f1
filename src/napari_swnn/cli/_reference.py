"""The reference: an image file with the phase of interest, the region and the scale."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from napari_swnn.core.descriptor.reference import Reference


def add_reference_options(parser: argparse.ArgumentParser) -> None:
    """What an image does not say itself."""
    parser.add_argument("--phase", type=int, help="value of the phase of interest (the highest of two if left)")
    parser.add_argument("--roi", type=Path, help="image of the same size, above 0 inside the region of interest")
    parser.add_argument("--voxel-size", type=float, default=1.0, help="side of a pixel")
    parser.add_argument("--unit", default="voxel", help="unit of the voxel size, for example um")


def read_reference(options: argparse.Namespace) -> Reference:
    """Read the image with the options that were given."""
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
            f"--phase must say which phase of {path} is of interest, got none for {len(values)} values from "
            f"{values[0]} to {values[-1]}; segment the image first if these are grey levels"
        )
    return int(values[-1])
