"""``napari-swnn train``: a model file from a segmented image."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from napari_swnn.cli._command import add_command
from napari_swnn.cli._paths import check_new, check_writable
from napari_swnn.cli._plan import foretell, planned
from napari_swnn.cli._reference import add_reference_options, read_reference
from napari_swnn.cli._training import trained
from napari_swnn.core.training.config import PRESETS


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(commands, "train", run, "Train a model on a segmented image.")
    parser.add_argument("image", type=Path, help="segmented section: TIFF, PNG, BMP or .npy, one value for each phase")
    add_reference_options(parser)
    parser.add_argument(
        "--porosity",
        type=float,
        nargs="+",
        metavar=("P", "HIGH"),
        help="fraction of the phase in the volumes (the image's own if left); two numbers: one model for the range",
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard", help="how long to train")
    parser.add_argument("--dimension", type=int, choices=(2, 3), default=3, help="3 for volumes, 2 for sections")
    parser.add_argument("--seed", type=int, default=0, help="of all random draws")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--output", "-o", type=Path, default=Path("model.swnn"), help="model file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace the model file that is there")


def run(options: argparse.Namespace) -> None:
    """Train a model and write its file."""
    check_writable(options.output)
    check_new(options.output, "--output", overwrite=options.overwrite)
    plan = planned(read_reference(options), options, dimension=options.dimension)
    foretell(plan, (128,) * plan.choice.network.dimension)
    model = trained(plan)
    model.save(options.output)
    print(f"Wrote {options.output}")
