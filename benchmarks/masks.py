"""Pictures masks.png and periodic.png of docs/how-to/heterogeneous.md: python benchmarks/masks.py [--model FILE].

Uses three masks as in Fig. 11 of the paper: two drawn ones and one from another microstructure. Each is applied with
both methods, to a model of a built-in sample trained with the preset "draft" (a minute or two) or to one from a file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

import napari_swnn as swnn
from napari_swnn._sample_data import rock_like, superalloy_like

IMAGES = Path(__file__).parents[1] / "docs" / "images"
COLOURS = ListedColormap(["#e8e4dc", "#2b4c7e", "#b7c4a1"])
"""Background, pores, outside."""
OUTSIDE = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a trained model of a single porosity")
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--output", type=Path, default=IMAGES)
    options = parser.parse_args()
    if options.model:
        model = swnn.Model.load(options.model)
    else:
        model = swnn.train(swnn.Reference(rock_like()[0][0]), preset="draft")
    picture_of_masks(model, options.size, options.output / "masks.png")
    picture_of_a_period(model, options.output / "periodic.png")


def masks(size: int) -> dict[str, np.ndarray]:
    """Return two drawn masks and one from another microstructure; none needs the size of the volume."""
    y, x = (np.indices((size, size)) + 0.5) / size - 0.5
    radius, angle = np.hypot(y, x), np.arctan2(y, x)
    return {
        "drawn: a ring": (radius > 0.2) & (radius < 0.45),
        "drawn: a star": radius < 0.3 + 0.12 * np.cos(5 * angle),
        "from another microstructure": superalloy_like()[0][0][:48, :48] == 0,
    }


def picture_of_masks(model: swnn.Model, size: int, path: Path) -> None:
    """Draw a row for each mask: the mask, and the middle plane of the volume with both methods."""
    shape = (8, size, size)
    figure, rows = plt.subplots(3, 3, figsize=(7.5, 7.8), layout="constrained")
    for row, (name, mask) in zip(rows, masks(size).items(), strict=True):
        show(row[0], np.where(mask, 0, OUTSIDE), name)
        cut = swnn.generate(model, shape, seed=1, mask=swnn.SpatialMask(mask, outside=OUTSIDE))
        show(row[1], cut[4], 'method="composite"')
        muted = swnn.generate(model, shape, seed=1, mask=swnn.SpatialMask(mask, method="noise"))
        show(row[2], muted[4], 'method="noise"')
        inside = stretched(mask, size)
        print(
            f"{name}: mask {inside.mean():.2f} of the volume; pores inside {(cut[:, inside] == 1).mean():.3f} cut, "
            f"{(muted[:, inside] == 1).mean():.3f} with masked noise, outside {(muted[:, ~inside] == 1).mean():.3f}"
        )
    figure.savefig(path, dpi=100)


def picture_of_a_period(model: swnn.Model, path: Path) -> None:
    """Draw a periodic section and one that is not periodic, each repeated."""
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 4.1), layout="constrained")
    for ax, periodic in zip(axes, (True, False), strict=True):
        section = swnn.generate(model, (64, 96, 96), seed=1, periodic=periodic)[30]
        show(ax, np.tile(section, (2, 2)), f"periodic={periodic}, four times")
        ax.axhline(95.5, color="#c0392b", lw=0.8)
        ax.axvline(95.5, color="#c0392b", lw=0.8)
    figure.savefig(path, dpi=100)


def stretched(mask: np.ndarray, size: int) -> np.ndarray:
    """Return the mask stretched to the volume."""
    nearest = [((np.arange(size) + 0.5) * n / size).astype(int) for n in mask.shape]
    return mask[np.ix_(*nearest)]


def show(ax: Axes, labels: np.ndarray, title: str) -> None:
    ax.imshow(labels, cmap=COLOURS, vmin=0, vmax=2, interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()


if __name__ == "__main__":
    main()
