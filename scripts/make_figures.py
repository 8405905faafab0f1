#!/usr/bin/env python3
"""Draw the figures of the documentation: python scripts/make_figures.py --model demo-output/model.swnn.

The descriptor, its resampling and the loss are computed on the sample of `napari-swnn demo`; the cascade is that of the
model, and the picture of the README shows the volume beside it. `make demo` makes both. VTK comes with the extra `dev`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import napari_swnn as swnn
from napari_swnn import _sample_data
from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.loss.directions import pattern_directions
from napari_swnn.core.network.evaluation import compute_grey_and_coarse, make_noise_source

ROOT = Path(__file__).resolve().parents[1]
T = 7
"""Side of the patterns."""
BLUE, GOLD, GREY = "#2b6ca3", "#d9911a", "#9aa0a8"
STYLE = {"font.size": 10, "axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False, "figure.dpi": 100}


def read_section() -> NDArray[np.float32]:
    """Return the section of the sample, 1 in the pores."""
    return _sample_data.rock_like()[0][0].astype(np.float32)


def take_patterns(section: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return every window ``(n, 1, T, T)`` of the section."""
    windows = np.lib.stride_tricks.sliding_window_view(section, (T, T))
    return np.ascontiguousarray(windows.reshape(-1, 1, T, T))


def show(axes: Axes, image: NDArray[np.float32], title: str = "", **options: object) -> None:
    """Draw an image without ticks; pores are dark."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest", **options)
    axes.set(xticks=[], yticks=[], title=title)
    for spine in axes.spines.values():
        spine.set_visible(True)


def choose_windows(piece: NDArray[np.float32], porosities: tuple[float, ...]) -> list[tuple[int, int]]:
    """Return the corner of a window for each porosity, far from those of the others."""
    means = np.lib.stride_tricks.sliding_window_view(piece, (T, T)).mean((2, 3))
    rows, columns = np.indices(means.shape)
    chosen: list[tuple[int, int]] = []
    for porosity in porosities:
        far = [np.hypot(rows - row, columns - column) < 20 for row, column in chosen]
        unfit = np.abs(means - porosity) + np.any(far, axis=0) if far else np.abs(means - porosity)
        row, column = np.unravel_index(np.argmin(unfit), means.shape)
        chosen.append((int(row), int(column)))
    return chosen


def draw_descriptor(section: NDArray[np.float32]) -> Figure:
    """Draw a section with some windows, these patterns in order of their porosity, and the histogram of all of them."""
    patterns = take_patterns(section)
    piece = section[:96, :96]
    corners = choose_windows(piece, (0, 0.14, 0.3, 0.43, 0.57, 0.71, 0.86, 1))
    figure = plt.figure(figsize=(9.4, 3.3), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=[1, 0.75, 1.25])
    axes = left.subplots()
    show(axes, piece, "some windows of a section")
    for row, column in corners:
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), T, T, fill=False, edgecolor=GOLD, linewidth=1.6))
    grid = middle.subplots(4, 2).ravel()
    for small, (row, column) in zip(grid, corners, strict=True):
        pattern = section[row : row + T, column : column + T]
        show(small, pattern)
        small.set_xlabel(f"{pattern.mean():.2f}", fontsize=8, labelpad=1)
    middle.suptitle("their patterns\nand porosities", fontsize=10)
    axes = right.subplots()
    means = patterns.mean((1, 2, 3))
    axes.hist(means, np.arange(T * T + 2) / T**2 - 0.5 / T**2, color=GREY)
    axes.axvline(means.mean(), color=BLUE)
    axes.text(means.mean() + 0.02, axes.get_ylim()[1] * 0.75, f"mean {means.mean():.2f}:\nthe porosity", color=BLUE)
    axes.set(
        yscale="log", xlabel="porosity of a pattern", ylabel="number of patterns", title="the patterns of all windows"
    )
    return figure


def draw_resampling(section: NDArray[np.float32]) -> Figure:
    """Draw the weights of patterns for two targets, and patterns drawn with them."""
    patterns = take_patterns(section)
    means = patterns.mean((1, 2, 3))
    family = TargetFamily(patterns)
    bins = np.linspace(-0.02, 1.02, 27)
    figure = plt.figure(figsize=(9.4, 4.6), layout="constrained")
    for part, target in zip(figure.subfigures(1, 3), (0.10, float(means.mean()), 0.35), strict=True):
        top, bottom = part.subplots(2, 1, height_ratios=[1, 1.1])
        chosen = family.at(target)
        top.hist(means, bins, weights=np.full(len(means), 1 / len(means)), color=GREY, alpha=0.7, label="section")
        top.hist(means, bins, weights=chosen.weights, histtype="step", color=GOLD, linewidth=1.8, label="resampled")
        top.set(yscale="log", ylim=(1e-4, 1), xlabel="porosity of a pattern")
        own = " (its own)" if target == means.mean() else ""
        top.set_title(f"target {target:.2f}{own}", fontsize=10)
        top.legend(fontsize=8, frameon=False)
        drawn = chosen.draw(48, np.random.default_rng(3))[:, 0]
        drawn = drawn[np.random.default_rng(4).permutation(len(drawn))]
        tiles = np.pad(drawn.reshape(6, 8, T, T), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=0.35)
        show(bottom, tiles.transpose(0, 2, 1, 3).reshape(6 * (T + 2), 8 * (T + 2)))
    return figure


def draw_distance(section: NDArray[np.float32]) -> Figure:
    """Draw directions, and the sorted projections of two sets of patterns on one of them."""
    patterns = take_patterns(section)[:, 0]
    rng = np.random.default_rng(0)
    blurred = take_patterns(gaussian_filter(section, 1.2, mode="wrap"))[:, 0]
    directions = pattern_directions(60, 1, T, local=0.65, generator=torch.Generator().manual_seed(4))[:, 0].numpy()
    chosen = [(2, "along a line"), (24, "a rectangle"), (36, "a bar"), (33, "bar less surroundings"), (55, "the whole")]
    figure = plt.figure(figsize=(9.4, 4.7), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1.7])
    for axes, (i, name) in zip(upper.subplots(1, len(chosen)), chosen, strict=True):
        limit = np.abs(directions[i]).max()
        axes.imshow(directions[i], cmap="PuOr_r", vmin=-limit, vmax=limit)
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, fontsize=9)
    upper.suptitle("projection directions θ: weights of the pixels of a pattern", fontsize=10)
    left, right = lower.subplots(1, 2)
    few = rng.choice(len(patterns), 400, replace=False)
    for axes, i in ((left, 2), (right, 33)):
        projected = [np.sort((values[few] * directions[i]).sum((1, 2))) for values in (patterns, blurred)]
        share = (np.arange(len(few)) + 0.5) / len(few)
        axes.plot(projected[0], share, color=BLUE, label="reference")
        axes.plot(projected[1], share, color=GOLD, label="generated, too blurred")
        axes.fill_betweenx(share, *projected, color=GOLD, alpha=0.3, linewidth=0)
        distance = np.abs(projected[0] - projected[1]).mean()
        axes.set(xlabel="projection θ · x, sorted", ylabel="share of patterns")
        axes.set_title(f"{dict(chosen)[i]}: the shaded area is {distance:.3f}", fontsize=10)
        axes.legend(fontsize=8, frameon=False, loc="lower right")
    return figure


def draw_cascade(model: swnn.Model, section: NDArray[np.float32]) -> Figure:
    """Draw the same place of a volume after each stage, and the section at each scale below."""
    stages = model.to(torch.device("cpu"))
    side, n = 128, len(stages)
    noise = make_noise_source(1)
    figure, grid = plt.subplots(2, n + 1, figsize=(2.35 * (n + 1), 4.9), layout="constrained")
    for k in range(n):
        scale = stages[k].config.scale
        window = Window((32 // scale, 0, 0), (32 // scale + 1, side // scale, side // scale))
        grey, _ = compute_grey_and_coarse(stages[: k + 1], window, noise)
        name = "every voxel" if scale == 1 else f"1/{scale} resolution"
        show(grid[0, k], (grey[0, 0].numpy() + 1) / 2, f"stage {k + 1}: {name}")
        blocks = section[:side, :side].reshape(side // scale, scale, side // scale, scale)
        show(grid[1, k], blocks.mean((1, 3)))
        span = T - 0.5
        grid[1, k].add_patch(Rectangle((-0.5, -0.5), span, span, fill=False, edgecolor=GOLD, linewidth=2))
    labels = swnn.generate(model, (33, side, side), seed=1)[32]
    show(grid[0, n], labels.astype(np.float32), "segmented")
    show(grid[1, n], section[:side, :side], "the section")
    grid[0, 0].set_ylabel("generated")
    grid[1, 0].set_ylabel("section, one pattern framed")
    return figure


def draw_readme(section: NDArray[np.float32], volume: NDArray[np.integer]) -> Figure:
    """Draw a section, an arrow, and the volume that was made from it."""
    from rendering import GOLD as CAST
    from rendering import STONE, render_block

    block = render_block(volume, {0: STONE}, {1: CAST}, size=760)
    figure = plt.figure(figsize=(9.6, 5.2), dpi=100)
    left = figure.add_axes((0.01, 0.15, 0.36, 0.76))
    left.imshow(1 - section, cmap="gray", vmin=-0.15, vmax=1.15, interpolation="nearest")
    left.set_axis_off()
    right = figure.add_axes((0.48, 0.06, 0.52, 0.94))
    right.imshow(block)
    right.set_axis_off()
    figure.text(0.19, 0.025, "one segmented section", ha="center", fontsize=12)
    figure.text(0.74, 0.025, "a volume, and the pores in one corner of it", ha="center", fontsize=12)
    figure.text(0.43, 0.5, "→", ha="center", va="center", fontsize=40, color=GREY)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG of 256 colours."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    plt.close(figure)
    image = Image.fromarray(pixels).quantize(256, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(f"wrote {path} ({path.stat().st_size // 1024} kB)")


def main() -> None:
    """Draw all figures."""
    parser = argparse.ArgumentParser(description="Draw the figures of the documentation.")
    parser.add_argument("--model", type=Path, default=ROOT / "demo-output" / "model.swnn", help="model of the demo")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images", help="folder for the pictures")
    options = parser.parse_args()
    plt.rcParams.update(STYLE)
    section = read_section()
    explanation = options.output / "explanation"
    save(draw_descriptor(section), explanation / "descriptor.png")
    save(draw_resampling(section), explanation / "resampling.png")
    save(draw_distance(section), explanation / "distance.png")
    if options.model.is_file():
        save(draw_cascade(swnn.Model.load(options.model), section), explanation / "cascade.png")
        volume = swnn.io.read_labels(options.model.with_name("volume.tif"))
        save(draw_readme(section, volume), options.output / "readme.png")


if __name__ == "__main__":
    main()
