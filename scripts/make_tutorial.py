#!/usr/bin/env python3
"""Make the pictures of the tutorial by running its code: python scripts/make_tutorial.py.

Runs every Python block of docs/tutorial/python.md as a reader would, in benchmarks/output/tutorial, and copies the
figures that it saves. It takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import matplotlib.pyplot as plt
from make_figures import save

from napari_swnn.cli import main as run_command

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "tutorial" / "python.md"


def main() -> None:
    """Run the page and save its pictures."""
    parser = argparse.ArgumentParser(description="Make the pictures of the tutorial.")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images" / "tutorial")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    folder = ROOT / "benchmarks" / "output" / "tutorial"
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    run_command(["sample", "raw", "-o", "SEM.tif", "--overwrite"])
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 4.4), layout="constrained")
    left.imshow(names["micrograph"].values, cmap="gray")
    right.imshow(names["labels"], cmap="gray", interpolation="nearest")
    for axes, title in ((left, "SEM.tif"), (right, "labels: 0 is pore, 1 is solid")):
        axes.set(xticks=[], yticks=[], title=title)
    save(figure, options.output / "labels.png")
    for name in ("sections.png", "curves.png"):
        picture = plt.imread(folder / name)
        shown = plt.figure(figsize=(picture.shape[1] / 110, picture.shape[0] / 110), dpi=100)
        shown.add_axes((0, 0, 1, 1)).imshow(picture)
        shown.axes[0].set_axis_off()
        save(shown, options.output / name)


if __name__ == "__main__":
    main()
