"""``napari-swnn ensemble``: several models of one image, with several realisations each."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn._progress import describe_progress
from napari_swnn.cli._command import add_command
from napari_swnn.cli._pairs import parse_pairs
from napari_swnn.cli._plan import report_cost, report_plan
from napari_swnn.cli._progress import run_with_progress
from napari_swnn.cli._reference import add_image_argument, add_reference_options, read_reference
from napari_swnn.cli._run import add_run_options, cluster_client, explain_resuming
from napari_swnn.cli._shape import add_shape_option, full_shape
from napari_swnn.core.training.config import PRESETS

if TYPE_CHECKING:
    from napari_swnn.runs import EnsembleStep


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "ensemble",
        run,
        "Train several models on an image and generate several realisations with each model.",
        example="section.png --porosity 0.3 --trainings 4 --realisations 5 -o rock-ensemble",
    )
    add_image_argument(parser)
    add_reference_options(parser)
    parser.add_argument("--porosity", type=float, help="target porosity (default: the porosity of the image)")
    parser.add_argument(
        "--fractions",
        nargs="+",
        metavar="LABEL=FRACTION",
        help="target fraction of each phase instead of --porosity, for example 1=0.4 2=0.5",
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard", help="named training configuration")
    parser.add_argument("--trainings", type=int, default=4, help="number of models to train")
    parser.add_argument("--realisations", type=int, default=5, help="number of realisations for each model")
    add_shape_option(parser)
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument("--no-validation", action="store_true", help="do not compare the volumes with the image")
    parser.add_argument("--output", "-o", type=Path, default=Path("ensemble"), help="folder for the results")
    add_run_options(parser, "resume the unfinished ensemble in the output folder")


def run(options: argparse.Namespace) -> None:
    """Run or resume an ensemble in a folder."""
    from napari_swnn import EnsembleSpec, iter_ensemble

    shape = full_shape(options.shape, 3)
    n_volumes = options.trainings * options.realisations
    with cluster_client(options.scheduler, options.wait) as client, explain_resuming():
        reference = read_reference(options)
        spec = EnsembleSpec(
            reference,
            out=options.output,
            porosity=options.porosity,
            preset=options.preset,
            shape=shape,
            n_trainings=options.trainings,
            n_realisations=options.realisations,
            seed=options.seed,
            validate=not options.no_validation,
            device=options.device,
            fractions=parse_pairs(options.fractions, float, "--fractions"),
        )
        steps = iter_ensemble(spec, resume=options.resume, client=client)
        plan = spec.plan(0)
        report_plan(plan, options)
        report_cost(plan, shape, n_trainings=options.trainings, n_volumes=n_volumes, shared=client is not None)
        result = run_with_progress(steps, _describe_ensemble)
    print(result.summary())
    print(f"Wrote models, volumes, reports and tables to {options.output}/")


def _describe_ensemble(step: EnsembleStep) -> str:
    text = f"{step.index}/{step.n_steps} done  {step.activity}"
    return text if step.detail is None else f"{text}  {describe_progress(step.detail)}"
