"""``napari-swnn generate``: generation of volumes with a trained model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from napari_swnn._types import AXES
from napari_swnn.cli._coarse import add_coarse_options, read_scan
from napari_swnn.cli._command import add_command
from napari_swnn.cli._pairs import parse_pairs
from napari_swnn.cli._paths import check_writable
from napari_swnn.cli._progress import describe_generation, run_with_progress
from napari_swnn.cli._run import add_run_options, cluster_client, explain_resuming
from napari_swnn.cli._shape import add_shape_option, full_shape
from napari_swnn.cli._through import add_through_option, describe_draw, read_sections

ALL_AXES = "all"
MANY_VOXELS = 2**28
"""Number of voxels above which the porosity of an OME-Zarr is measured at a coarser level."""


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "generate",
        run,
        "Generate volumes of any size with a trained model.",
        example="rock.swnn --shape 512 --seed 1 -o rock.ome.zarr",
    )
    parser.add_argument("model", type=Path, help="model file written by 'napari-swnn train'")
    add_shape_option(parser)
    parser.add_argument(
        "--porosity",
        type=float,
        help="target porosity, for a model trained for a range (default: the porosity of the reference)",
    )
    parser.add_argument(
        "--fractions",
        nargs="+",
        metavar="LABEL=FRACTION",
        help="target fractions of phases instead of --porosity, for a model trained for ranges, for example 1=0.4",
    )
    parser.add_argument(
        "--periodic",
        nargs="?",
        const=ALL_AXES,
        default="",
        metavar="AXES",
        help="make the volume periodic along these axes, for example zy (all axes if AXES is omitted)",
    )
    add_through_option(parser)
    add_coarse_options(parser)
    parser.add_argument(
        "--exact", action="store_true", help="match the target porosity exactly in each volume; takes twice as long"
    )
    parser.add_argument(
        "--scale",
        type=int,
        default=1,
        help="edge length of a voxel in voxels of the model, for the same structure at a coarser resolution",
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed; each seed gives a different realisation")
    parser.add_argument(
        "--n", type=int, default=1, help="number of realisations with consecutive seeds, stacked along a leading axis"
    )
    parser.add_argument("--output", "-o", type=Path, default=Path("volume.tif"), help="output file, .tif or .ome.zarr")
    add_run_options(parser, "resume the unfinished run in the output file")


def run(options: argparse.Namespace) -> None:
    """Generate volumes and write them to a file."""
    from napari_swnn import ConstraintSpec, Model, VolumeSpec, iter_constrain, iter_generation
    from napari_swnn.runs.through import check_fits

    if not options.output.is_dir():
        check_writable(options.output)
    model = Model.load(options.model)
    through = read_sections(options.through)
    scan = read_scan(options)
    with cluster_client(options.scheduler, options.wait) as client, explain_resuming():
        spec = VolumeSpec(
            full_shape(options.shape, model.dimension),
            seed=options.seed,
            porosity=options.porosity,
            periodic=_periodic_axes(options.periodic, model.dimension),
            exact=options.exact,
            scale=options.scale,
            fractions=parse_pairs(options.fractions, float, "--fractions"),
            coarse=scan,
        )
        if through is not None:
            check_fits(model, spec, through, n=options.n)
            constraint = ConstraintSpec(through, None, options.seed, spec.porosity, spec.fractions)
            model = run_with_progress(iter_constrain(model, constraint, device=options.device), describe_draw)
        steps = iter_generation(
            model,
            spec,
            n=options.n,
            out=options.output,
            resume=options.resume,
            client=client,
            device=options.device,
        )
        run_with_progress(steps, describe_generation)
    print(f"Porosity {_porosity_of(options.output, model.labels.phase):.4f}; wrote {options.output}")


def _periodic_axes(axes: str, dimension: int) -> tuple[bool, ...]:
    names = "".join(AXES[-dimension:])
    if axes != ALL_AXES and not set(axes) <= set(names):
        raise ValueError(f"--periodic must name axes of a {dimension}-D model, {names}, got {axes!r}")
    return tuple(axes == ALL_AXES or name in axes for name in names)


def _porosity_of(path: Path, phase: int) -> float:
    """Return the volume fraction of a phase, measured at a coarser level for a very large OME-Zarr."""
    import dask.array as da

    from napari_swnn.io import is_ome_zarr, open_ome_zarr

    if is_ome_zarr(path):
        levels = open_ome_zarr(path).levels
        labels = next((level for level in levels if level.size <= MANY_VOXELS), levels[-1])
    else:
        import tifffile

        labels = da.from_array(tifffile.memmap(path, mode="r"))
    return float((labels == phase).mean().compute())
