"""Accuracy on the paper's four materials: python benchmarks/accuracy.py [--preset standard] [--materials 1 2 3 4].

Trains one model for each image, generates four volumes of 128³ and prints their errors beside those of the
authors' networks, whose volumes were thresholded for the exact porosity. Ours come from `generate` with its defaults; a
last line gives the score with `exact=True`. Models and volumes are saved in benchmarks/output/.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np

import _paper
import napari_swnn as swnn

OUTPUT = Path(__file__).parent / "output"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--preset", choices=tuple(swnn.PRESETS), default="standard")
    parser.add_argument("--volumes", type=int, default=4)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    yardstick = _paper.load_yardstick(options.yardstick)
    OUTPUT.mkdir(exist_ok=True)
    for material in options.materials:
        report(material, _paper.load_image(options.data, material), yardstick, options)


def report(material, image, yardstick, options) -> None:
    name, start = f"M{material} {options.preset}", perf_counter()
    model = swnn.train(swnn.Reference(image.astype(np.uint8)), preset=options.preset, seed=options.seed)
    training = perf_counter() - start
    model.save(OUTPUT / f"M{material}-{options.preset}.swnn")
    volumes, start = [], perf_counter()
    for seed in range(1, options.volumes + 1):
        volumes.append(swnn.generate(model, (options.size,) * 3, seed=seed) == 1)
    generation = (perf_counter() - start) / options.volumes
    np.save(OUTPUT / f"M{material}-{options.preset}.npy", volumes[0])
    figures = _paper.mean_of([yardstick.compare(volume, image) for volume in volumes])
    porosity = float(np.mean([volume.mean() for volume in volumes]))
    facts = _paper.mean_of([yardstick.describe(volume) for volume in volumes])
    print(f"\n{name} ({_paper.MATERIALS[material]}): trained in {training:.0f} s, {generation:.1f} s per volume")
    print(*model.provenance["choice"])
    print(yardstick.row(name, figures))
    print(yardstick.row("authors' network, exact", _paper.AUTHORS_EXACT[material]))
    print(yardstick.row("ratio", _paper.ratios(material, figures)))
    print(
        f"score {_paper.score(material, figures):.3f}   porosity {porosity:.4f}, target {image.mean():.4f}, "
        f"mean off by {porosity - image.mean():+.4f}   "
        + "  ".join(f"{key} {value:.3f}" for key, value in facts.items()),
        flush=True,
    )
    seeds = range(1, options.volumes + 1)
    exact = [swnn.generate(model, (options.size,) * 3, seed=seed, exact=True) == 1 for seed in seeds]
    figures = _paper.mean_of([yardstick.compare(volume, image) for volume in exact])
    print(f"exact porosity: score {_paper.score(material, figures):.3f}", flush=True)


if __name__ == "__main__":
    main()
