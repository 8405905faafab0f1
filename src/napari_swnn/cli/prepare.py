"""``napari-swnn prepare``: labels from a raw micrograph."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn._voxel_size import format_lengths
from napari_swnn.cli._command import add_command
from napari_swnn.cli._paths import check_new, check_writable
from napari_swnn.cli._progress import run_with_progress
from napari_swnn.cli._recipe import add_recipe_options, read_recipe
from napari_swnn.cli._voxel_size import add_voxel_options, choose_voxel_size

if TYPE_CHECKING:
    from napari_swnn._phases import PhaseChoice
    from napari_swnn._types import Labels
    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.preparation import PreparationStep

TIFF = (".tif", ".tiff")


def add_to(commands: Any) -> None:
    """Add the command with its options."""
    parser = add_command(
        commands,
        "prepare",
        run,
        "Segment a raw micrograph: crop, denoise, threshold, clean.",
        example="micrograph.tif --crop-data-bar --denoise median --threshold otsu -o section.tif",
    )
    parser.add_argument("image", type=Path, help="raw micrograph, or a stack of them: TIFF, PNG, JPEG, BMP or .npy")
    parser.add_argument("--output", "-o", type=Path, default=Path("labels.tif"), help="TIFF file for the labels")
    parser.add_argument("--section", type=int, help="number of one section of a stack, from 0 (default: all sections)")
    add_recipe_options(parser)
    parser.add_argument("--save-recipe", type=Path, help="JSON file for the steps, to be used with --recipe")
    parser.add_argument("--phase", type=int, help="label of the phase of interest (default: 1, or the highest label)")
    add_voxel_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")


def run(options: argparse.Namespace) -> None:
    """Prepare labels, write them and print the porosity and a verdict."""
    from napari_swnn._phases import choose_phase, measure_fractions
    from napari_swnn.io import write_tiff
    from napari_swnn.preparation import iter_prepare

    _check_outputs(options)
    grey, voxel = _read(options)
    recipe = read_recipe(options, grey)
    print(recipe.describe())
    labels = run_with_progress(iter_prepare(grey, recipe, axes="zyx"[-grey.ndim :], phase=options.phase), _describe)
    choice = choose_phase(measure_fractions([labels]), options.phase, name="the result")  # refused before writing
    write_tiff(options.output, labels, voxel_size=voxel.value, unit=voxel.unit)
    if options.save_recipe:
        recipe.save(options.save_recipe, overwrite=True)  # checked before the work
    _report(labels, choice, voxel)
    print(f"Wrote {options.output}" + (f" and {options.save_recipe}" if options.save_recipe else ""))


def _check_outputs(options: argparse.Namespace) -> None:
    """Raise an error if an output cannot be written, or exists and --overwrite is not set."""
    if options.output.suffix.lower() not in TIFF:
        raise ValueError(f"--output must end in .tif, which keeps the pixel size, got {options.output}; rename it")
    for option in ("output", "save_recipe"):
        if path := getattr(options, option):
            check_writable(path)
            check_new(path, f"--{option.replace('_', '-')}", overwrite=options.overwrite)


def _read(options: argparse.Namespace) -> tuple[Any, VoxelSize]:
    """Return the grey values and the pixel size."""
    from napari_swnn.io import read_image
    from napari_swnn.preparation import to_grey

    image = read_image(options.image)
    for note in image.notes:
        print(f"Note: {note}.")
    frames = "z" if "z" not in image.axes else "t"
    grey = to_grey(image.values, [frames if name == "t" else name for name in image.axes])
    if options.section is not None:
        n = grey.shape[0] if grey.ndim == 3 else 1
        if not 0 <= options.section < n:
            raise ValueError(f"--section must lie between 0 and {n - 1}, got {options.section}")
        grey = grey[options.section] if grey.ndim == 3 else grey
    if grey.ndim == 2 or image.sides.lengths[0] is None:
        image = replace(image, sides=image.sides.take([-2, -1]))
    return grey, choose_voxel_size([image], options.voxel_size, options.unit)


def _describe(step: PreparationStep) -> str:
    text = f"step {step.index + 1}/{step.n_steps}  {step.description}"
    return text if step.porosity is None else f"{text}  porosity {100 * step.porosity:.2f} %"


def _report(labels: Labels, choice: PhaseChoice, voxel: VoxelSize) -> None:
    from napari_swnn.preparation import assess

    assessment = assess(labels, choice.phase, voxel)
    low, high = assessment.interval
    print(choice.describe())
    length = format_lengths((assessment.correlation_length,), assessment.unit, 3)
    print(
        f"Porosity {100 * assessment.porosity:.2f} %, 95 % interval {100 * low:.2f} to {100 * high:.2f} %; "
        f"correlation length {length}; {assessment.n_objects} separate regions"
    )
    print(f"The image is {assessment.verdict}")
