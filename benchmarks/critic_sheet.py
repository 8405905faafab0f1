"""Sections with and without the critic side by side: python benchmarks/critic_sheet.py --cases spheres berea.

Takes the volumes that `known_truth.py --keep benchmarks/output` kept, with `--preset connected`, with
`--preset standard`, and with `--preset standard --set two_phase_critic=0`. Draws a part of the section that was learned
from, a true section, and one of a volume of each model. Writes docs/images/critic-sheet.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from _materials import CASES, DATA, make_case

ROOT = Path(__file__).resolve().parents[1]
SIDE, PLANE = 120, 60
VARIANTS = {
    "standard-two_phase_critic=0": "without the critic",
    "standard": "standard",
    "connected": "connected",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=["spheres", "berea"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", type=Path, default=ROOT / "benchmarks" / "output")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images" / "critic-sheet.png")
    options = parser.parse_args()
    options.cases_from, options.section, options.side, options.truths = None, 256, SIDE, 1
    titles = ["part of the section", "a true section", *VARIANTS.values()]
    size = (1.75 * len(titles), 1.85 * len(options.cases))
    figure, axes = plt.subplots(len(options.cases), len(titles), figsize=size, squeeze=False, layout="constrained")
    for line, name in zip(axes, options.cases, strict=True):
        case = make_case(name, options)
        kept = [read(options.kept / f"known-{name}-{variant}-{options.seed}.npz") for variant in VARIANTS]
        images = [case.section[:SIDE, :SIDE], case.cubes[0][PLANE], *(volume[PLANE] for volume in kept)]
        for ax, image in zip(line, images, strict=True):
            ax.imshow(image, cmap="gray", interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, fontsize=9)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    figure.savefig(options.output, dpi=120)
    print(f"wrote {options.output}")


def read(path: Path) -> np.ndarray:
    """Return the first of the volumes in a file."""
    with np.load(path) as stored:
        return np.unpackbits(stored["volumes"], axis=-1)[0]


if __name__ == "__main__":
    main()
