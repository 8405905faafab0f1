"""``napari-swnn demo``: train, generate and validate on a built-in sample."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from napari_swnn._checks import check_shape
from napari_swnn.cli._command import add_command
from napari_swnn.cli._paths import check_writable
from napari_swnn.cli._plan import plan_and_report, report_cost
from napari_swnn.cli._progress import describe_generation, run_with_progress
from napari_swnn.cli._training import save_or_keep, train_plan
from napari_swnn.core.numerics.memory import check_memory
from napari_swnn.core.training.config import PRESETS

SAMPLES = ("silica", "rock", "electrode", "superalloy")


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "demo",
        run,
        "Train, generate and validate on a built-in sample; no display is needed.",
        example="--sample rock --porosity 0.25 --preset draft",
    )
    parser.add_argument("--sample", choices=SAMPLES, default="rock", help="synthetic reference")
    parser.add_argument("--porosity", type=float, default=0.25, help="target porosity")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard", help="named training configuration")
    parser.add_argument("--size", type=int, default=128, help="edge length of the volume in voxels")
    parser.add_argument("--seed", type=int, default=0, help="random seed for training and generation")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="folder for the results")


def run(options: argparse.Namespace) -> None:
    """Train, generate and validate; write the model, the volume, the report and a figure."""
    from napari_swnn import Reference, VolumeSpec, _sample_data, iter_generation, validate
    from napari_swnn.figures import reconstruction_figure, save_figure
    from napari_swnn.io import write_tiff

    labels, attributes, _ = getattr(_sample_data, f"{options.sample}_like")()[0]
    scale = {"voxel_size": attributes["scale"][0], "unit": attributes["units"][0]}
    reference = Reference(labels, **scale)
    plan = plan_and_report(reference, options)
    check_memory(check_shape([options.size] * 3))
    report_cost(plan, (options.size,) * 3, exact=True)
    options.output.mkdir(parents=True, exist_ok=True)
    check_writable(options.output / "model.swnn")
    model = train_plan(plan)
    save_or_keep(model, options.output / "model.swnn", overwrite=True)
    spec = VolumeSpec((options.size,) * 3, seed=options.seed, exact=True)
    volume = run_with_progress(iter_generation(model, spec), describe_generation)
    write_tiff(options.output / "volume.tif", volume, **scale)
    report = validate(volume, reference)
    report.save(options.output / "report.json")
    print(report.summary())
    figure = reconstruction_figure(volume, reference, report, target=plan.porosity)
    save_figure(figure, options.output / "reconstruction.png")
    print(f"Wrote model.swnn, volume.tif, report.json and reconstruction.png to {options.output}/")
