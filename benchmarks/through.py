"""Volumes that pass through a measured section: python benchmarks/through.py [--preset standard] [--seeds 1 2 3].

A model of one of the paper's images is constrained to pass through that image at the middle plane, once for each seed.
Sections at each distance from the plane are compared with those of the unconstrained volumes with the same seeds, and
both with the patterns of all sections of the unconstrained volumes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap

import napari_swnn as swnn
from _paper import MATERIALS, add_arguments, load_image
from napari_swnn.core.loss.sliced_wasserstein import sliced_wasserstein_distance

OUTPUT = Path(__file__).parent / "output"
COLOURS = ListedColormap(["#e8e4dc", "#2b4c7e"])
TEMPLATE = 7
DEPTH = 64
"""Number of planes of the volumes."""
DISTANCES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.set_defaults(materials=[2])
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--picture", type=Path, help="file for a picture of the first volume")
    options = parser.parse_args()
    OUTPUT.mkdir(exist_ok=True)
    for material in options.materials:
        section = load_image(options.data, material)[: options.side, : options.side].astype(np.uint8)
        model = trained(material, options)
        print(f"{MATERIALS[material]}: section of porosity {section.mean():.3f}, model of {model.porosity:.3f}")
        constrained, free = [], []
        for seed in options.seeds:
            constrained.append(through(model, section, seed))
            free.append(swnn.generate(model, (DEPTH, *section.shape), seed=seed) == 1)
        report(constrained, free, section)
        if options.picture:
            picture(constrained[0], section, options.picture)


def trained(material: int, options: argparse.Namespace) -> swnn.Model:
    path = OUTPUT / f"through-M{material}-{options.preset}.swnn"
    if not path.is_file():
        reference = swnn.Reference(load_image(options.data, material).astype(np.uint8), phase=1)
        swnn.train(reference, preset=options.preset, seed=0).save(path)
    return swnn.Model.load(path)


def through(model: swnn.Model, section: np.ndarray, seed: int) -> np.ndarray:
    """Return a volume that passes through a section at its middle plane, and print how the fit went."""
    sections = {"z": (DEPTH // 2, section)}
    estimate = swnn.estimate_constraint(model, swnn.ConstraintSpec(through=sections, seed=seed))
    start, busy = time.perf_counter(), time.process_time()
    constrained = swnn.constrain(model, through=sections, seed=seed)
    start, busy = time.perf_counter() - start, time.process_time() - busy
    found = constrained.provenance["known_voxels"]
    volume = swnn.generate(constrained, (DEPTH, *section.shape), seed=seed) == 1
    assert (volume[DEPTH // 2] == section).all()
    print(
        f"seed {seed}: {found['wrong_at_first']:.1%} wrong at first, {found['wrong_before_setting']:.2%} before they "
        f"are set; {busy:.0f} s of CPU, {start:.0f} s in all, {estimate.seconds:.0f} s estimated; "
        f"overlay of {estimate.n_file_bytes / 1e6:.1f} MB",
        flush=True,
    )
    return volume


def report(constrained: list[np.ndarray], free: list[np.ndarray], section: np.ndarray) -> None:
    """Print the figures of sections at each distance from the plane, mean and standard deviation over volumes."""
    pool = np.concatenate([patterns(plane) for volume in free for plane in volume[::2]])
    own = pattern_distance(patterns(section == 1), pool)
    print(f"patterns of the section itself: {own:.4f} from those of the unconstrained volumes")
    each = np.array([pattern_distance(patterns(plane), pool) for volume in free for plane in volume[::4]])
    porosities = np.array([volume.mean(axis=(1, 2)) for volume in free])
    print("planes of the unconstrained volumes:")
    print(f"patterns {each.mean():.4f} ± {each.std():.4f}, largest {each.max():.4f}")
    print(
        f"porosity {porosities.mean():.3f} ± {porosities.std():.3f}, {porosities.min():.3f} to {porosities.max():.3f}"
    )
    print("| distance | porosity | patterns | phase changes | correlation with the plane |")
    print("|---|---|---|---|---|")
    for distance in DISTANCES:
        found = [np.array([rows(v, distance, pool) for v in volumes]) for volumes in (constrained, free)]
        cells = [
            " / ".join(f"{values[:, k].mean():.3f} ± {values[:, k].std():.3f}" for values in found) for k in range(4)
        ]
        print(f"| {distance} | {' | '.join(cells)} |", flush=True)
    heights = range(TEMPLATE, DEPTH - TEMPLATE, TEMPLATE)
    across = np.concatenate([across_patterns(v, z) for v in free for z in heights])
    for name, volumes in (("constrained", constrained), ("unconstrained", free)):
        distances = [pattern_distance(across_patterns(v, DEPTH // 2), across) for v in volumes]
        print(f"patterns across the plane, {name}: {', '.join(f'{d:.4f}' for d in distances)}", flush=True)


def rows(volume: np.ndarray, distance: int, pool: np.ndarray) -> tuple[float, ...]:
    """Return porosity, pattern distance, phase changes and correlation, averaged over both sides of the plane."""
    both = []
    middle = DEPTH // 2
    for sign in (-1, 1):
        z = min(DEPTH - 1, middle + sign * distance)
        inner = z - sign
        plane = volume[z]
        both.append(
            (
                plane.mean(),
                pattern_distance(patterns(plane), pool),
                (plane != volume[inner]).mean(),
                correlation(volume[middle], plane),
            )
        )
    return tuple(np.mean(both, axis=0))


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation coefficient of two sections: their two-point correlation, normalised."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def patterns(section: np.ndarray) -> np.ndarray:
    """Return the patterns of a section as points."""
    windows = np.lib.stride_tricks.sliding_window_view(section, (TEMPLATE, TEMPLATE))
    return windows[::2, ::2].reshape(-1, TEMPLATE**2)


def across_patterns(volume: np.ndarray, z: int) -> np.ndarray:
    """Return the patterns of the sections across a plane whose middle row lies in the plane."""
    slab = volume[z - TEMPLATE // 2 : z + TEMPLATE // 2 + 1]
    parts = [np.lib.stride_tricks.sliding_window_view(slab, TEMPLATE, axis=axis) for axis in (1, 2)]
    return np.concatenate([part[:, ::2, ::2].transpose(1, 2, 0, 3).reshape(-1, TEMPLATE**2) for part in parts])


def pattern_distance(points: np.ndarray, pool: np.ndarray) -> float:
    rng = np.random.default_rng(0)
    chosen = pool[rng.choice(len(pool), min(len(pool), 4 * len(points)), replace=False)]
    a, b = (torch.from_numpy(each.astype(np.float32)) for each in (points, chosen))
    return float(sliced_wasserstein_distance(a, b, n_projections=64))


def picture(volume: np.ndarray, section: np.ndarray, path: Path) -> None:
    """Draw the section, planes next to it, and a section across it."""
    middle = len(volume) // 2
    figure, axes = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
    shown = {
        "the section": section,
        "the volume at its plane": volume[middle],
        "across it": volume[:, len(volume) // 2],
    }
    shown |= {f"{d} voxels further": volume[middle + d] for d in (2, 6)} | {"far away": volume[4]}
    for ax, (title, plane) in zip(axes.flat, shown.items(), strict=True):
        ax.imshow(plane, cmap=COLOURS, vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title, fontsize=9)
        ax.set_axis_off()
    axes.flat[2].axhline(middle, color="#c0392b", lw=0.8)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
