"""Estimated and measured time: python benchmarks/estimate.py [--materials 2] [--preset standard].

Estimates the time from a new benchmark of the machine, then trains and generates a volume of 128³. Prints estimate,
measurement and ratio.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

import _paper
import napari_swnn as swnn

SHAPE = (128, 128, 128)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--preset", choices=tuple(swnn.PRESETS), default="standard")
    options = parser.parse_args()
    for material in options.materials:
        reference = swnn.Reference(_paper.load_image(options.data, material).astype(np.uint8))
        with tempfile.TemporaryDirectory() as folder:
            start = perf_counter()
            plan = swnn.plan_training(reference, preset=options.preset)
            estimate = swnn.estimate_cost(plan, SHAPE, cache=Path(folder) / "timings.json")
            measuring = perf_counter() - start
        start = perf_counter()
        model = swnn.train(reference, preset=options.preset)
        training = perf_counter() - start
        start = perf_counter()
        swnn.generate(model, SHAPE)
        generation = perf_counter() - start
        print(f"M{material} {options.preset}: benchmark took {measuring:.1f} s")
        for task, expected, took in (
            ("training", estimate.training, training),
            ("generation", estimate.generation, generation),
        ):
            print(
                f"    {task}: estimated {expected:.1f} s, measured {took:.1f} s, ratio {expected / took:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
