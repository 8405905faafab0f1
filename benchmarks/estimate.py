"""What was foretold against what happened: python benchmarks/estimate.py [--materials 2] [--preset standard].

Measures the machine anew, estimates, then trains and generates a volume of 128³, and prints both, with their ratio.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

import _paper
import napari_swnn as swnn
from napari_swnn.core.training.config import PRESETS
from napari_swnn.core.training.cost import estimate_cost
from napari_swnn.core.training.plan import plan_training

SHAPE = (128, 128, 128)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--preset", choices=tuple(PRESETS), default="standard")
    options = parser.parse_args()
    for material in options.materials:
        reference = swnn.Reference(_paper.load_image(options.data, material).astype(np.uint8))
        with tempfile.TemporaryDirectory() as folder:
            start = perf_counter()
            foretold = estimate_cost(
                plan_training(reference, preset=options.preset), SHAPE, cache=Path(folder) / "timings.json"
            )
            measuring = perf_counter() - start
        start = perf_counter()
        model = swnn.train(reference, preset=options.preset)
        training = perf_counter() - start
        start = perf_counter()
        swnn.generate(model, SHAPE)
        generation = perf_counter() - start
        print(f"M{material} {options.preset}: measured for {measuring:.1f} s")
        for what, expected, took in (
            ("training", foretold.training, training),
            ("generation", foretold.generation, generation),
        ):
            print(f"    {what} foretold {expected:.1f} s, took {took:.1f} s: ratio {expected / took:.2f}", flush=True)


if __name__ == "__main__":
    main()
