"""``napari-swnn sample``: a built-in sample as a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from napari_swnn.cli._command import add_command
from napari_swnn.cli._paths import check_new, check_writable

SAMPLES = {
    "silica": "silica_like",
    "rock": "rock_like",
    "electrode": "electrode_like",
    "superalloy": "superalloy_like",
    "three-phase-electrode": "three_phase_electrode",
    "three-phase-alloy": "three_phase_alloy",
    "raw": "raw_micrograph",
}
"""Functions of `napari_swnn._sample_data`, by the name of the sample."""


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    text = "Write a built-in sample: a segmented section, or a raw micrograph to segment."
    parser = add_command(commands, "sample", run, text, example="raw -o SEM.tif")
    parser.add_argument("name", choices=tuple(SAMPLES), help="name of the sample")
    parser.add_argument("--output", "-o", type=Path, required=True, help="TIFF file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def run(options: argparse.Namespace) -> None:
    """Write the sample with its pixel size and the names of its phases."""
    from napari_swnn import _sample_data
    from napari_swnn._voxel_size import format_units
    from napari_swnn.io import save_volume

    check_writable(options.output)
    check_new(options.output, "--output", overwrite=options.overwrite)
    values, attributes, kind = getattr(_sample_data, SAMPLES[options.name])()[0]
    names = attributes.get("metadata", {}).get("swnn", {}).get("phases") if kind == "labels" else None
    size, unit = attributes["scale"][0], attributes["units"][0]
    save_volume(options.output, values, voxel_size=size, unit=unit, names=names)
    print(f"Wrote {options.output}: {values.shape[1]} × {values.shape[0]} pixels of {size} {format_units(unit)}")
