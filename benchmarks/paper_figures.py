"""Figures of the paper, made again: python benchmarks/paper_figures.py [--figures structures curves ...].

structures    Fig. 3        reference, sections along each axis and a view in 3-D of the four materials
curves        Figs. 4, A.1  two-point correlation and lineal path, with the origin enlarged
porosities    Figs. 7, 8    five target porosities: sections and two-point correlation, from one range model
transport     Figs. 5f, 6f  conductivity of M1 and permeability of M2 as dots, for --models models with
                            --reconstructions volumes each, beside volumes of the authors' networks
fields        Figs. 5, 6    temperature and velocity in the middle plane
masks         Fig. 11       three spatial masks
noise         Fig. 12       graded mean of the noise, with a network of the authors, which has a single scale
composition   Fig. 14       three structures inside a fourth

Models are read from --saved, by default benchmarks/output (as accuracy.py writes them: M2-standard.swnn, and
M2-standard-seed1.swnn for a second one), or trained with --preset and kept there. Volumes have --size voxels along each
axis; --dimension 2 draws sections of twice that size, except in transport and fields, which need volumes. The true
volumes with which the paper compares M1 and M2 are not among the data; in transport, volumes of the authors' networks
stand for them, at the exact porosity. Solved values are kept in benchmarks/output/transport.json, so that the dots can
be computed in several runs. Pictures go to docs/images/paper.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

import _paper
import napari_swnn as swnn
from contact_sheet import authors_volume
from masks import masks
from napari_swnn.figures import draw_surface
from napari_swnn.physics import SolverOptions, effective_conductivity, permeability

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "benchmarks" / "output"
TARGETS = (0.10, 0.15, 0.20, 0.25, 0.30)
CONDUCTIVITIES = {1: 0.026, 0: 1.4}
"""Pores and solid of silica, in W/(m·K), as in the paper."""
ORIGIN = 8
REACH = 32
SOLVER = SolverOptions(tolerance=1e-3, throw=False)
OURS, THEIRS = "#c8553d", "#4477aa"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _paper.add_arguments(parser)
    parser.add_argument("--figures", nargs="+", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--preset", choices=tuple(swnn.PRESETS), default="draft")
    parser.add_argument("--saved", type=Path, default=OUTPUT, help="folder of the models")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--models", type=int, default=1)
    parser.add_argument("--reconstructions", type=int, default=5)
    parser.add_argument("--dimension", type=int, choices=(2, 3), default=3, help="2: sections, for a quick look")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images" / "paper")
    options = parser.parse_args()
    OUTPUT.mkdir(exist_ok=True)
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.figures:
        FIGURES[name](options)


def load_model(material: int, options: argparse.Namespace, *, seed: int = 0) -> swnn.Model:
    """Return a model of a material, trained if there is none."""
    name = f"M{material}" + "-2d" * (options.dimension == 2) + f"-{options.preset}" + f"-seed{seed}" * (seed > 0)
    return load(name, material, options, seed=seed)


def load_range(material: int, options: argparse.Namespace) -> swnn.Model:
    """Return a model of a material for the range of the targets, trained if there is none."""
    name = f"M{material}-range-{options.dimension}d-{options.preset}"
    return load(name, material, options, porosity=(TARGETS[0], TARGETS[-1]))


def load(name: str, material: int, options: argparse.Namespace, **target: Any) -> swnn.Model:
    path = options.saved / f"{name}.swnn"
    if not path.is_file():
        reference = swnn.Reference(_paper.load_image(options.data, material).astype(np.uint8))
        swnn.train(reference, preset=options.preset, dimension=options.dimension, **target).save(path)
    return swnn.Model.load(path)


def shape_of(options: argparse.Namespace) -> tuple[int, ...]:
    """Return the shape of volumes, or of sections that are as large as the images."""
    return (2 * options.size,) * 2 if options.dimension == 2 else (options.size,) * 3


def plane_of(options: argparse.Namespace) -> tuple[int, ...]:
    """Return the shape of one large plane."""
    return (1,) * (options.dimension - 2) + (2 * options.size,) * 2


def volume_of(material: int, options: argparse.Namespace, *, model: int = 0, seed: int = 1) -> np.ndarray:
    """Return a volume with the exact porosity, as labels."""
    return swnn.generate(load_model(material, options, seed=model), shape_of(options), seed=seed, exact=True)


def draw_structures(options: argparse.Namespace) -> None:
    volumes = options.dimension == 3
    titles = ("reference", "normal to z", "normal to y", "normal to x", "in 3-D")
    if not volumes:
        titles = ("reference", *(f"realisation {i}" for i in (1, 2, 3)))
    n = len(options.materials)
    figure, axes = plt.subplots(
        n, len(titles), figsize=(1.9 * len(titles), 1.95 * n + 0.2), squeeze=False, layout="constrained"
    )
    for line, material in zip(axes, options.materials, strict=True):
        image = _paper.load_image(options.data, material)
        first = volume_of(material, options) == 1
        side = first.shape[0]
        shown = [image[:side, :side]]
        if volumes:
            shown += [np.take(first, side // 2, axis) for axis in range(3)]
            draw_surface(line[4], first)
        else:
            shown += [first, *(volume_of(material, options, seed=seed) == 1 for seed in (2, 3))]
        for ax, section in zip(line, shown, strict=False):
            show(ax, section)
        line[0].set_ylabel(f"M{material}")
        print(f"M{material}: porosity {first.mean():.4f}, reference {image.mean():.4f}", flush=True)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    save(figure, options.output / f"structures-{options.dimension}d.png")


def draw_curves(options: argparse.Namespace) -> None:
    figure, axes = plt.subplots(
        len(options.materials), 2, figsize=(8.5, 2.3 * len(options.materials)), squeeze=False, layout="constrained"
    )
    statistics = (swnn.statistics.two_point_correlation, swnn.statistics.lineal_path)
    for line, material in zip(axes, options.materials, strict=True):
        image = _paper.load_image(options.data, material).astype(np.uint8)
        volumes = [volume_of(material, options, seed=seed) for seed in range(1, options.reconstructions + 1)]
        for ax, statistic in zip(line, statistics, strict=True):
            wanted = statistic(image, phase=1, max_distance=REACH).values
            found = [statistic(volume, phase=1, max_distance=REACH).values for volume in volumes]
            draw_curve(ax, wanted, found)
            inset = ax.inset_axes((0.5, 0.45, 0.48, 0.5))
            draw_curve(inset, wanted[: ORIGIN + 1], [values[: ORIGIN + 1] for values in found])
            inset.tick_params(labelsize=6)
            error = np.abs(np.mean(found, axis=0) - wanted)
            print(f"M{material} {statistic.__name__}: largest distance of the mean {error.max():.4f}", flush=True)
        line[0].set_ylabel(f"M{material}")
    axes[0, 0].set_title("two-point correlation", fontsize=9)
    axes[0, 1].set_title("lineal path", fontsize=9)
    for ax in axes[-1]:
        ax.set_xlabel("distance in voxels; dashed: reference")
    save(figure, options.output / f"curves-{options.dimension}d.png")


def draw_curve(ax: Any, wanted: np.ndarray, found: list[np.ndarray]) -> None:
    for values in found:
        ax.plot(values, color=OURS, lw=0.8, alpha=0.6)
    ax.plot(wanted, "k--", lw=1.2)
    ax.margins(x=0)


def draw_porosities(options: argparse.Namespace) -> None:
    """Draw sections of each target, and below them the two-point correlation, one row of each for a material."""
    n = len(options.materials)
    figure, axes = plt.subplots(n, 6, figsize=(11.5, 1.95 * n), squeeze=False, layout="constrained")
    for line, material in zip(axes, options.materials, strict=True):
        model = load_range(material, options)
        met = []
        for i, (ax, target) in enumerate(zip(line, TARGETS, strict=False)):
            labels = swnn.generate(model, shape_of(options), seed=1, porosity=target)
            show(ax, labels if labels.ndim == 2 else labels[options.size // 2])
            curve = swnn.statistics.two_point_correlation(labels, phase=1, max_distance=REACH).values
            line[5].plot(curve, color=plt.get_cmap("viridis")(i / 5), lw=1)
            line[5].plot(0, target, "k_")
            met.append(float((labels == 1).mean()))
        line[0].set_ylabel(f"M{material}")
        print(f"M{material}: porosities " + " ".join(f"{value:.3f}" for value in met), flush=True)
    for ax, target in zip(axes[0], TARGETS, strict=False):
        ax.set_title(f"porosity {target:.2f}", fontsize=9)
    axes[0, 5].set_title("two-point correlation", fontsize=9)
    save(figure, options.output / "porosities.png")


def draw_transport(options: argparse.Namespace) -> None:
    tasks: dict[int, tuple[str, Callable[[np.ndarray], float]]] = {
        1: ("thermal conductivity of M1 in W/(m·K)", conductivity),
        2: ("permeability of M2 in voxel²", flow),
    }
    wanted = [material for material in tasks if material in options.materials]
    figure, axes = plt.subplots(1, len(wanted), figsize=(4 * len(wanted), 3.4), squeeze=False, layout="constrained")
    for ax, material in zip(axes[0], wanted, strict=True):
        title, solve = tasks[material]
        theirs = solve_all(material, solve, options, None)
        ax.axhspan(min(theirs), max(theirs), color=THEIRS, alpha=0.15, lw=0)
        ax.plot(np.zeros(len(theirs)), theirs, "s", color=THEIRS)
        lowest, highest = min(theirs), max(theirs)
        for model in range(options.models):
            ours = solve_all(material, solve, options, model)
            ax.plot(np.full(len(ours), model + 1), ours, "o", color=OURS)
            lowest, highest = min(lowest, *ours), max(highest, *ours)
        names = ["authors'\nnetwork", *(f"model {model + 1}" for model in range(options.models))]
        ax.set_xticks(range(len(names)), names)
        ax.set_xlim(-0.5, len(names) - 0.5)
        if 2 * lowest < highest:  # otherwise, all would be one line far from 0
            ax.set_ylim(bottom=0)
        ax.set_title(title, fontsize=9)
    save(figure, options.output / "transport.png")


def solve_all(
    material: int, solve: Callable[[np.ndarray], float], options: argparse.Namespace, model: int | None
) -> list[float]:
    """Return a property of the volumes of one of our models, or of the authors' network, solved once for each."""
    path = OUTPUT / "transport.json"
    known = json.loads(path.read_text()) if path.is_file() else {}
    source = "authors" if model is None else f"{options.preset} {model}"
    found = []
    for seed in range(1, options.reconstructions + 1):
        key = f"M{material} {options.size} {source} {seed}"
        if key not in known:
            made = (
                their_volume(material, options, seed)
                if model is None
                else volume_of(material, options, model=model, seed=seed)
            )
            known[key] = solve(made)
            path.write_text(json.dumps(known, indent=0))
        found.append(known[key])
    print(f"M{material}: {source} {listed(found)}", flush=True)
    return found


def listed(values: list[float]) -> str:
    shown = " ".join(f"{value:.4g}" for value in values)
    return f"{shown}; mean {np.mean(values):.4g}, standard deviation {np.std(values, ddof=1):.2g}"


def their_volume(material: int, options: argparse.Namespace, seed: int) -> np.ndarray:
    """Return a volume of the authors' network with exactly the porosity of the reference."""
    porosity = float(_paper.load_image(options.data, material).mean())
    volume = authors_volume(options.data / f"M{material}.pytorch", porosity, side=options.size, seed=seed)
    return volume.astype(np.uint8)


def conductivity(volume: np.ndarray) -> float:
    return float(effective_conductivity(volume, CONDUCTIVITIES, axis=0, options=SOLVER).value)


def flow(volume: np.ndarray) -> float:
    return float(permeability(volume, phase=1, axis=0, boundary="mirror", options=SOLVER).value)


def draw_fields(options: argparse.Namespace) -> None:
    kinds = {1: (solve_temperature, "inferno", "temperature"), 2: (solve_speed, "viridis", "speed")}
    wanted = [material for material in kinds if material in options.materials]
    figure, axes = plt.subplots(len(wanted), 3, figsize=(9, 3 * len(wanted)), squeeze=False, layout="constrained")
    for line, material in zip(axes, wanted, strict=True):
        solve, colours, label = kinds[material]
        for seed, ax in enumerate(line, start=1):
            volume = volume_of(material, options, seed=seed)
            values, title = solve(volume)
            ax.set_facecolor("#d8d8d8")
            # A few narrow throats are much faster than the rest.
            image = ax.imshow(values, cmap=colours, vmin=0, vmax=np.nanquantile(values, 0.98))
            ax.contour(volume[:, options.size // 2], [0.5], colors="white", linewidths=0.4)
            ax.set_title(title, fontsize=9)
            ax.set(xticks=[], yticks=[])
        figure.colorbar(image, ax=line, label=label, shrink=0.8, ticks=[])
        line[0].set_ylabel(f"M{material}, gradient along z")
    save(figure, options.output / "fields.png")


def solve_temperature(volume: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the temperature in the middle plane normal to y, and the conductivity."""
    solved = effective_conductivity(volume, CONDUCTIVITIES, axis=0, options=SOLVER)
    return solved.field[:, len(volume) // 2], f"{float(solved.value):.3f} W/(m·K)"


def solve_speed(volume: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the speed in the pores of the middle plane normal to y, and the permeability."""
    solved = permeability(volume, phase=1, axis=0, boundary="mirror", options=SOLVER)
    speed = np.linalg.norm(solved.velocity, axis=0)
    middle = len(volume) // 2
    return np.where(volume == 1, speed, np.nan)[:, middle], f"{float(solved.value):.3g} voxel²"


def draw_masks(options: argparse.Namespace) -> None:
    size = 2 * options.size
    found = masks(size)
    n = len(options.materials)
    figure, axes = plt.subplots(3, n + 1, figsize=(1.9 * (n + 1), 5.9), squeeze=False, layout="constrained")
    for line, (name, mask) in zip(axes, found.items(), strict=True):
        show(line[0], mask)
        line[0].set_ylabel(name, fontsize=8)
        for ax, material in zip(line[1:], options.materials, strict=True):
            model = load_model(material, options)
            labels = swnn.generate(model, plane_of(options), seed=1, mask=swnn.SpatialMask(mask, outside=0))
            show(ax, labels.reshape(size, size))
    for ax, title in zip(axes[0], ("mask", *(f"M{material}" for material in options.materials)), strict=True):
        ax.set_title(title, fontsize=9)
    save(figure, options.output / "masks.png")


def draw_noise(options: argparse.Namespace) -> None:
    n = len(options.materials)
    figure, axes = plt.subplots(n, 1, figsize=(8, 2.3 * n), squeeze=False, layout="constrained")
    for ax, material in zip(axes[:, 0], options.materials, strict=True):
        model = swnn.Model.from_authors(options.data / f"M{material}.pytorch")
        gradient = swnn.NoiseGradient(mean=(-0.25, 0.25), axis=2)
        labels = swnn.generate(model, (1, options.size, 4 * options.size), seed=1, noise=gradient)
        show(ax, labels[0])
        ax.set_ylabel(f"M{material}")
        halves = [float((half == 1).mean()) for half in np.array_split(labels, 4, axis=2)]
        print(f"M{material}: porosity of the quarters " + " ".join(f"{value:.3f}" for value in halves), flush=True)
    axes[0, 0].set_title("mean of the noise from -0.25 to 0.25", fontsize=9)
    save(figure, options.output / "noise.png")


def draw_composition(options: argparse.Namespace) -> None:
    """Fill the phases of a coarse section of M4, split into left and right, with M1, M2 and M3."""
    size = 2 * options.size
    side = options.size // 2
    outer = swnn.generate(load_model(4, options), (*plane_of(options)[:-2], side, side), seed=3).reshape(side, side)
    regions = outer.astype(np.uint8) + 1
    regions[(regions == 2) & (np.arange(regions.shape[1]) >= regions.shape[1] // 2)] = 3
    parts: dict[int, Any] = {
        region: swnn.Part(load_model(material, options), labels={1: 2 * material - 1, 0: 2 * material})
        for region, material in ((1, 3), (2, 1), (3, 2))
    }
    labels = swnn.compose(parts, plane_of(options), regions=regions, seed=1).reshape(size, size)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4.1), layout="constrained")
    left.imshow(regions, cmap="Set2", interpolation="nearest")
    left.set_title("regions, from a model of M4", fontsize=9)
    right.imshow(labels, cmap="Paired", interpolation="nearest")
    right.set_title("M3 in the matrix, M1 and M2 in the blocks", fontsize=9)
    for ax in (left, right):
        ax.set_axis_off()
    save(figure, options.output / "composition.png")


def show(ax: Any, image: np.ndarray) -> None:
    ax.imshow(image, cmap="gray", interpolation="nearest")
    ax.set(xticks=[], yticks=[])


def save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=80)
    plt.close(figure)
    print(f"wrote {path}", flush=True)


FIGURES: dict[str, Callable[[argparse.Namespace], None]] = {
    "structures": draw_structures,
    "curves": draw_curves,
    "porosities": draw_porosities,
    "transport": draw_transport,
    "fields": draw_fields,
    "masks": draw_masks,
    "noise": draw_noise,
    "composition": draw_composition,
}


if __name__ == "__main__":
    main()
