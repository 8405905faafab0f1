"""``napari-swnn compose``: structures of several models in the regions of a global structure."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from napari_swnn.cli._command import add_command
from napari_swnn.cli._paths import check_writable
from napari_swnn.cli._progress import describe_generation, run_with_progress
from napari_swnn.cli._run import add_run_options, cluster_client, explain_resuming
from napari_swnn.cli._shape import full_shape


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "compose",
        run,
        "Fill the regions of a global structure with the structures of several models.",
        example="alloy.toml --shape 256 --seed 1 -o alloy.ome.zarr",
    )
    parser.add_argument("composition", type=Path, help="TOML file that names the regions and what fills each of them")
    parser.add_argument("--shape", type=int, nargs="+", help="voxels along z, y and x, instead of those of the file")
    parser.add_argument("--seed", type=int, help="random seed, instead of that of the file")
    parser.add_argument("--output", "-o", type=Path, default=Path("volume.tif"), help="output file, .tif or .ome.zarr")
    add_run_options(parser, "resume the unfinished run in the output file")


def run(options: argparse.Namespace) -> None:
    """Compose a volume and write it to a file."""
    from dataclasses import replace

    from napari_swnn import iter_composition
    from napari_swnn.runs import read_composition

    if not options.output.is_dir():
        check_writable(options.output)
    composition = read_composition(options.composition)
    if options.shape is not None:
        composition = replace(composition, shape=full_shape(options.shape, len(composition.shape)))
    if options.seed is not None:
        composition = replace(composition, seed=options.seed)
    with cluster_client(options.scheduler, options.wait) as client, explain_resuming():
        steps = iter_composition(
            composition, out=options.output, resume=options.resume, client=client, device=options.device
        )
        run_with_progress(steps, describe_generation)
    print(f"Wrote {options.output}")
