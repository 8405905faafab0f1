"""``napari-swnn check``: verification of volumes and models."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from napari_swnn._progress import describe_progress
from napari_swnn.cli._command import add_command
from napari_swnn.cli._progress import run_with_progress


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "check",
        run,
        "Read volumes or models completely and report any damage.",
        example="rock.ome.zarr rock.swnn",
    )
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="PATH", help="model files, or volumes: .ome.zarr, TIFF or .npy"
    )


def run(options: argparse.Namespace) -> None:
    """Verify each file and print a line for it; damage to one does not end the others."""
    from napari_swnn.io.verification import iter_verify

    n_damaged = 0
    for path in options.files:
        try:
            found = run_with_progress(iter_verify(path), describe_progress)
        except (ValueError, OSError) as error:
            n_damaged += 1
            print(f"{path}: {error}", file=sys.stderr)
        else:
            print(f"{path}: whole; {found}")
    if n_damaged:
        raise ValueError(f"{n_damaged} of {len(options.files)} files cannot be used")
