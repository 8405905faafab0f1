"""Agreement of thresholds and scribbles with a segmented micrograph, and their time and memory on large images.

Usage: ``python benchmarks/preparation.py [--pair RAW TRUTH] [--seeds 0 1 2] [--sides 1024 8192]``

The scribbles are drawn by rule: ten strokes for each phase, each a random walk inside a region of the truth. Nothing
else of the truth is used.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from napari_swnn.io import read_labels
from napari_swnn.preparation import (
    Denoise,
    FlattenBackground,
    Recipe,
    RemoveSpecks,
    ScribbleClassifier,
    Threshold,
    learn_scribbles,
    prepare,
    to_grey,
)

DATA = Path(__file__).parents[2] / "shared" / "data" / "real"
N_STROKES = 10
STROKE_LENGTH = 25
"""Steps of a stroke, in pixels."""
TURN = 0.35
"""Standard deviation of the change of direction at each step, in radians."""


def draw_strokes(truth: np.ndarray, seed: int) -> np.ndarray:
    """Return scribbles 1, 2, … for the labels of the truth in ascending order: strokes that stay in their phase."""
    rng = np.random.default_rng(seed)
    scribbles = np.zeros(truth.shape, np.uint8)
    for number, label in enumerate(np.unique(truth), start=1):
        inside = np.argwhere(truth == label)
        for start in inside[rng.choice(len(inside), N_STROKES, replace=False)]:
            draw_stroke(scribbles, truth == label, start, number, rng)
    return scribbles


def draw_stroke(
    scribbles: np.ndarray, inside: np.ndarray, start: np.ndarray, number: int, rng: np.random.Generator
) -> None:
    """Paint one stroke, one pixel wide, until it leaves its phase or is long enough."""
    place = start + 0.5
    angle = rng.uniform(0, 2 * np.pi)
    for _ in range(STROKE_LENGTH):
        y, x = np.floor(place).astype(int)
        if not (0 <= y < inside.shape[0] and 0 <= x < inside.shape[1] and inside[y, x]):
            return
        scribbles[y, x] = number
        angle += rng.normal(0, TURN)
        place = place + np.array([np.sin(angle), np.cos(angle)])


def agreement(found: np.ndarray, truth: np.ndarray) -> tuple[float, list[float]]:
    """Return the fraction of equal pixels, and the intersection over union of each label of the truth."""
    ious = []
    for label in np.unique(truth):
        union = ((found == label) | (truth == label)).sum()
        ious.append(float(((found == label) & (truth == label)).sum() / union))
    return float((found == truth).mean()), ious


def report(name: str, found: np.ndarray, truth: np.ndarray) -> None:
    """Print a row of the table."""
    accuracy, ious = agreement(found, truth)
    print(f"| {name} | {accuracy:.3f} | " + " | ".join(f"{iou:.3f}" for iou in ious) + " |", flush=True)


def match_by_brightness(labels: np.ndarray, image: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return thresholded labels, dark to bright, as the most frequent labels of the truth in order of brightness."""
    values, counts = np.unique(truth, return_counts=True)
    frequent = values[np.argsort(-counts)][: labels.max() + 1]
    return np.array(sorted(frequent, key=lambda label: image[truth == label].mean()))[labels]


def compare(raw: Path, truth_path: Path, seeds: list[int]) -> None:
    """Compare thresholds and scribbles with the truth."""
    if not (raw.is_file() and truth_path.is_file()):
        print(f"{raw} and {truth_path} are missing, so nothing is compared with a truth (--pair RAW TRUTH)")
        return
    image = np.asarray(to_grey(read_labels(raw)))
    truth = read_labels(truth_path)
    n = len(np.unique(truth))
    recipes = {
        "median 2, Otsu, two phases": (Denoise("median", 2), Threshold("otsu")),
        "multi-Otsu": (Threshold("multi_otsu", n),),
        "median 2, multi-Otsu": (Denoise("median", 2), Threshold("multi_otsu", n)),
        "flattened, non-local means, multi-Otsu": (
            FlattenBackground(150),
            Denoise("non_local_means", 1),
            Threshold("multi_otsu", n),
        ),
    }
    for name, steps in recipes.items():
        report(name, match_by_brightness(prepare(image, Recipe(steps)), image, truth), truth)
    classifier = ScribbleClassifier(image)
    names = np.append(0, np.unique(truth))
    for seed in seeds:
        scribbles = draw_strokes(truth, seed)
        step = classifier.fit(scribbles)
        labels = classifier.predict(step)[0]
        report(f"scribbles, seed {seed} ({np.count_nonzero(scribbles)} px)", names[labels], truth)
        cleaned = prepare(image, Recipe((step, RemoveSpecks(4))))
        report(f"scribbles, seed {seed}, specks up to 4 px removed", names[cleaned], truth)


def large_image(side: int) -> np.ndarray:
    """Return a noisy 8-bit image of two phases, in memory."""
    from napari_swnn._sample_data import raw_micrograph

    tile = raw_micrograph()[0][0][:512]
    return np.tile(tile, (side // 512, side // 512))


def repaint(side: int) -> None:
    """Time the first and the following strokes on an image in memory."""
    image = to_grey(large_image(side))
    scribbles = np.zeros(image.shape, np.uint8)
    scribbles[100, 20:60] = np.where(image[100, 20:60] < 110, 1, 2)
    scribbles[300:380, 200] = np.where(image[300:380, 200] < 110, 1, 2)
    classifier = ScribbleClassifier(image)
    for number in range(4):
        scribbles[400, 20 + 60 * number : 60 + 60 * number] = 1 + number % 2
        start = time.perf_counter()
        start_of_processor = time.process_time()
        classifier.predict(classifier.fit(scribbles))
        seconds = time.perf_counter() - start
        print(
            f"stroke {number + 1} on {side}²: {seconds:.2f} s, {time.process_time() - start_of_processor:.2f} s of the "
            f"processors, features {classifier.memory / 1e6:.0f} MB",
            flush=True,
        )


def measure_recipe(name: str, side: int) -> None:
    """Print the time and the peak memory of a recipe; called in a process of its own."""
    image = large_image(side)
    before = (FlattenBackground(80), Denoise("median", 2))
    recipe = Recipe((*before, Threshold("otsu"), RemoveSpecks(20)))
    if name == "scribbles":
        strokes = np.zeros((512, 512), np.uint8)
        strokes[100, 20:500] = np.where(image[100, 20:500] < 110, 1, 2)
        recipe = learn_scribbles(image[:512, :512], strokes)
    at_start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    prepare(image, recipe)
    seconds = time.perf_counter() - start
    processor = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{name} on {side}²: {seconds:.0f} s, {processor:.0f} s of the processors, peak {peak / 1e6:.2f} GB "
        f"(at the start {at_start / 1e6:.2f} GB, with the image of {image.nbytes / 1e9:.2f} GB)"
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pair", type=Path, nargs=2, default=[DATA / "rawpair0.tif", DATA / "rawpair0-truth.tif"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--sides", type=int, nargs="*", default=[1024, 8192], help="sides of images that are timed")
    parser.add_argument("--only-recipe", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_recipe:
        measure_recipe(options.only_recipe[0], int(options.only_recipe[1]))
        return
    print(f"{os.cpu_count()} cores")
    compare(*options.pair, options.seeds)
    repaint(1024)
    for side in options.sides:
        for name in ("threshold", "scribbles"):
            subprocess.run([sys.executable, __file__, "--only-recipe", name, str(side)], check=True)


if __name__ == "__main__":
    main()
