"""One model for a range against one model for each porosity: python benchmarks/any_porosity.py [--materials 2].

Trains a model for a range of porosities on each image. For each porosity within the reachable range, prints the mean of
|porosity - target| over four volumes of 128³, and `sw1`, the distance of their patterns from the resampled patterns of
the target. With --single, a model for that one porosity is trained for comparison (minutes each).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np

import _paper
import napari_swnn as swnn
from napari_swnn.core.descriptor.patterns import extract_patterns
from napari_swnn.core.descriptor.resampling import control

OUTPUT = Path(__file__).parent / "output"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--preset", choices=tuple(swnn.PRESETS), default="standard")
    parser.add_argument("--porosities", type=float, nargs="+", default=[0.10, 0.15, 0.20, 0.25, 0.30])
    parser.add_argument(
        "--single", type=float, nargs="*", default=[], help="porosities for which a model of its own is trained too"
    )
    parser.add_argument("--volumes", type=int, default=4)
    options = parser.parse_args()
    yardstick = _paper.load_yardstick(options.yardstick)
    OUTPUT.mkdir(exist_ok=True)
    for material in options.materials:
        reference = swnn.Reference(_paper.load_image(options.data, material).astype(np.uint8))
        compare(material, reference, yardstick, options)


def compare(material: int, reference: swnn.Reference, yardstick, options: argparse.Namespace) -> None:
    low, high = swnn.plan_training(reference, preset=options.preset).reachable
    wanted = [porosity for porosity in options.porosities if low < porosity < high]
    start = perf_counter()
    model = swnn.train(reference, porosity=(wanted[0], wanted[-1]), preset=options.preset)
    print(f"\nM{material}: one model for {wanted[0]:g} to {wanted[-1]:g}, trained in {perf_counter() - start:.0f} s")
    model.save(OUTPUT / f"M{material}-{options.preset}-range.swnn")
    for porosity in wanted:
        row = measure(model, reference, porosity, yardstick, options.volumes)
        line = f"    {porosity:.2f}: |porosity - target| {row['off']:.4f}, mean error {row['bias']:+.4f}"
        line += f", sw1 {row['sw1']:.4f}"
        if any(np.isclose(porosity, options.single)):
            single = swnn.train(reference, porosity=porosity, preset=options.preset)
            alone = measure(single, reference, porosity, yardstick, options.volumes)
            line += f"; single model {alone['sw1']:.4f}, ratio {row['sw1'] / alone['sw1']:.2f}"
        print(line, flush=True)


def measure(model: swnn.Model, reference: swnn.Reference, porosity: float, yardstick, n: int) -> dict[str, float]:
    asked = None if model.porosity_range is None else porosity
    volumes = [swnn.generate(model, (128,) * 3, seed=seed, porosity=asked) == 1 for seed in range(1, n + 1)]
    fractions = np.array([volume.mean() for volume in volumes])
    target = control(extract_patterns(reference.directions[0], yardstick.T), porosity)
    rng = np.random.default_rng(0)
    goal = target.draw(yardstick.N_PATCH, rng).reshape(-1, yardstick.T**2).astype(np.float32)
    distances = [
        yardstick.sliced_w1(yardstick.patterns(yardstick.sections(volume, axis), rng), goal, np.random.default_rng(1))
        for volume in volumes
        for axis in range(3)
    ]
    return {
        "off": float(np.abs(fractions - porosity).mean()),
        "bias": float(fractions.mean() - porosity),
        "sw1": float(np.mean(distances)),
    }


if __name__ == "__main__":
    main()
