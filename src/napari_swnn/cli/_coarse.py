"""Options for a coarse scan to which a model adds detail."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_swnn.core.volume import CoarseScan

_FRACTIONS = "fractions"
_KINDS = (_FRACTIONS, "samples", "majority")


def add_coarse_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--coarse",
        type=Path,
        metavar="SCAN",
        help="add detail to a coarse scan, whose voxels are 2, 4 or 8 times as large; --shape is that of the result",
    )
    parser.add_argument(
        "--coarse-kind",
        choices=_KINDS,
        help="meaning of a voxel of the scan: fractions of the phase of interest from 0 to 1 (default for numbers with "
        "a fraction), labels of every 2nd, 4th or 8th voxel (samples, default for whole numbers), or labels of the "
        "prevalent phase (majority)",
    )
    parser.add_argument(
        "--coarse-grey",
        type=float,
        nargs=2,
        metavar=("BACKGROUND", "PHASE"),
        help="the scan holds grey values: those of voxels that are all background, and all of the phase of interest",
    )
    parser.add_argument(
        "--coarse-noise",
        type=float,
        default=0.0,
        metavar="DEVIATION",
        help="standard deviation of the noise of the scan, within which the result agrees with it",
    )


def read_scan(options: argparse.Namespace) -> CoarseScan | None:
    """Read the coarse scan of the options; None if there is none.

    Raises
    ------
    ValueError
        If options are given that do not belong together.
    """
    from napari_swnn.core.volume import CoarseScan
    from napari_swnn.io import read_image

    kind = options.coarse_kind
    grey = options.coarse_grey
    if options.coarse is None:
        if kind is not None or grey is not None or options.coarse_noise:
            raise ValueError("--coarse-kind, --coarse-grey and --coarse-noise need a scan; add --coarse SCAN")
        return None
    values = read_image(options.coarse).values
    if grey is not None:
        if kind is not None:
            raise ValueError("--coarse-grey means grey values, and --coarse-kind fractions or labels; omit one of them")
        background, phase = grey
        return CoarseScan.from_grey(values, background=background, phase=phase, noise=options.coarse_noise)
    if kind is None:
        kind = _FRACTIONS if values.dtype.kind == "f" else "samples"
    if kind == _FRACTIONS:
        return CoarseScan(values, noise=options.coarse_noise)
    if options.coarse_noise:
        raise ValueError(f"--coarse-noise needs fractions or grey values, got {kind}; omit it")
    return CoarseScan.from_labels(values, kind=kind)
