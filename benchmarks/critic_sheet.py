"""Sections with and without the critic side by side: python benchmarks/critic_sheet.py --cases spheres berea.

Takes the models that `known_truth.py --critic 0 0.3 --models benchmarks/output` saved. Draws a part of the section that
was learned from, a true section, and one of a new volume of each model. Writes docs/images/critic-sheet.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import napari_swnn as swnn
from _materials import CASES, DATA, make_case

ROOT = Path(__file__).resolve().parents[1]
SIDE, PLANE, SEED = 120, 60, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=["spheres", "berea"])
    parser.add_argument("--critic", nargs="+", default=["0", "0.3"], help="weights of the critic, as in the file names")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--models", type=Path, default=ROOT / "benchmarks" / "output")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images" / "critic-sheet.png")
    options = parser.parse_args()
    options.cases_from, options.section, options.side, options.truths = None, 256, SIDE, 1
    titles = ["part of the section", "a true section", *(f"critic, weight {weight}" for weight in options.critic)]
    figure, axes = plt.subplots(len(options.cases), len(titles), figsize=(8.6, 2.3 * len(options.cases)), dpi=150)
    for line, name in zip(np.atleast_2d(axes), options.cases, strict=True):
        case = make_case(name, options)
        images = [case.section[:SIDE, :SIDE], case.cubes[0][PLANE]]
        for weight in options.critic:
            model = swnn.Model.load(options.models / f"known-{name}-{options.preset}-{weight}-0.swnn")
            images.append(swnn.generate(model, (SIDE,) * 3, seed=SEED)[PLANE] == model.labels.phase)
        for ax, image in zip(line, images, strict=True):
            ax.imshow(image, cmap="gray", interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, fontsize=9)
    for ax, title in zip(np.atleast_2d(axes)[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    figure.subplots_adjust(left=0.03, right=0.995, top=0.94, bottom=0.005, wspace=0.03, hspace=0.03)
    figure.savefig(options.output)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
