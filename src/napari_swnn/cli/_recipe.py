"""Options that describe the steps of a preparation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn.cli._progress import run_with_progress

if TYPE_CHECKING:
    from napari_swnn.preparation import Recipe, Step

STEPS = ("crop", "crop_data_bar", "flatten", "denoise", "threshold", "scribbles", "specks", "holes", "smooth")
"""Names of the options that stand for steps."""


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe steps; the steps are applied in the order of the help text."""
    steps = parser.add_argument_group("steps, in this order")
    steps.add_argument("--recipe", type=Path, help="JSON file with all steps, instead of the options below")
    steps.add_argument("--crop-data-bar", action="store_true", help="crop the data bar at the bottom or top")
    steps.add_argument(
        "--crop", type=int, nargs=4, metavar=("TOP", "LEFT", "HEIGHT", "WIDTH"), help="rectangle to keep, in pixels"
    )
    steps.add_argument("--flatten", type=float, metavar="RADIUS", help="flatten the background; radius in pixels")
    steps.add_argument(
        "--denoise",
        nargs="+",
        metavar=("METHOD", "STRENGTH"),
        help="median, non_local_means or total_variation, and its strength (default: 1)",
    )
    steps.add_argument(
        "--threshold",
        nargs="+",
        metavar=("METHOD", "LEVEL"),
        help="otsu, li, multi_otsu or local, or one or more grey levels",
    )
    steps.add_argument("--phases", type=int, default=2, help="number of phases for --threshold multi_otsu")
    steps.add_argument("--radius", type=float, default=50.0, help="radius in pixels for --threshold local")
    steps.add_argument(
        "--scribbles",
        type=Path,
        help="image of the size of the micrograph with strokes 1, 2, … for the phases and 0 elsewhere",
    )
    steps.add_argument("--specks", type=int, metavar="PIXELS", help="remove regions of at most this many pixels")
    steps.add_argument(
        "--holes",
        type=int,
        nargs="+",
        metavar=("PIXELS", "PHASE"),
        help="fill enclosed regions of at most this many pixels in a phase (default: in every phase)",
    )
    steps.add_argument("--smooth", type=float, metavar="RADIUS", help="majority filter; radius in pixels")


def read_recipe(options: argparse.Namespace, grey: Any) -> Recipe:
    """Return the recipe of the options, or of the recipe file.

    Parameters
    ----------
    options : argparse.Namespace
        Options of the command.
    grey : numpy.ndarray
        Grey values ``(y, x)`` or ``(z, y, x)``, in which a data bar is found and scribbles are learned.
    """
    from napari_swnn.preparation import FillHoles, Recipe, RemoveSpecks, Smooth

    chosen = [name for name in STEPS if getattr(options, name) not in (None, False)]
    if options.recipe is not None:
        if chosen:
            raise ValueError(
                f"--recipe must hold all steps, got --{chosen[0].replace('_', '-')} beside it; leave one of them out"
            )
        return Recipe.load(options.recipe)
    if (options.threshold is None) == (options.scribbles is None):
        raise ValueError("one of --threshold and --scribbles must be set, got both or neither; choose one")
    recipe = Recipe(tuple(_grey_steps(options, grey)))
    if options.scribbles is not None:
        recipe = _learn(options, grey, recipe)
    else:
        recipe = recipe.then(_threshold(options.threshold, options.phases, options.radius))
    if options.holes is not None and len(options.holes) > 2:
        raise ValueError(
            f"--holes must have a size and at most one phase, got {len(options.holes)} numbers; see --help"
        )
    for step, values in ((RemoveSpecks, [options.specks]), (FillHoles, options.holes), (Smooth, [options.smooth])):
        if values not in (None, [None]):
            recipe = recipe.then(step(*values))
    return recipe


def _grey_steps(options: argparse.Namespace, grey: Any) -> list[Step]:
    from napari_swnn.preparation import Crop, Denoise, FlattenBackground, find_data_bar

    steps: list[Step] = []
    if options.crop_data_bar:
        bar = find_data_bar(grey)
        print("No data bar found" if bar is None else f"Data bar in rows {bar.top} to {bar.bottom - 1}")
        if bar is not None:
            steps.append(bar.crop)
    if options.crop is not None:
        steps.append(Crop(*options.crop))
    if options.flatten is not None:
        steps.append(FlattenBackground(options.flatten))
    if options.denoise is not None:
        method, *strength = options.denoise
        steps.append(Denoise(method, *_numbers(strength, "--denoise", most=1)))
    return steps


def _threshold(words: list[str], n_phases: int, radius: float) -> Step:
    from napari_swnn.preparation import Threshold

    if words[0].isidentifier():
        if len(words) > 1:
            raise ValueError(f"--threshold must be a method or grey levels, got {' '.join(words)}; use one of them")
        return Threshold(words[0], n_phases, radius=radius)
    return Threshold("manual", levels=_numbers(words, "--threshold"))


def _numbers(words: list[str], option: str, most: int | None = None) -> tuple[float, ...]:
    try:
        numbers = tuple(float(word) for word in words)
    except ValueError as error:
        raise ValueError(f"{option} must have numbers, got {' '.join(words)}; see --help") from error
    if most is not None and len(numbers) > most:
        raise ValueError(f"{option} must have at most {most} number, got {' '.join(words)}; see --help")
    return numbers


def _learn(options: argparse.Namespace, grey: Any, recipe: Recipe) -> Recipe:
    from napari_swnn.io import read_labels
    from napari_swnn.preparation import iter_learn

    steps = iter_learn(grey, read_labels(options.scribbles), recipe)
    return run_with_progress(steps, lambda step: f"learning from scribbles  {step.description}")
