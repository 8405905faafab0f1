"""Volumes that pass through a measured section: python benchmarks/through.py [--preset standard] [--seeds 1 2 3].

A model of one of the paper's images is constrained to pass through that image at the middle plane, once for each seed.
Sections next to the plane, and sections across it, are compared with sections far away in the same volumes. The same
figures of the unconstrained volumes with the same seeds show how much they scatter.
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
FAR = 40
"""Distance from the plane beyond which sections count as far away, in voxels."""
DISTANCES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


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
            free.append(swnn.generate(model, (options.side,) * 3, seed=seed) == 1)
        report("constrained", constrained)
        report("unconstrained", free)
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
    side = len(section)
    sections = {"z": (side // 2, section)}
    estimate = swnn.estimate_constraint(model, swnn.ConstraintSpec(through=sections, seed=seed))
    start, busy = time.perf_counter(), time.process_time()
    constrained = swnn.constrain(model, through=sections, seed=seed)
    start, busy = time.perf_counter() - start, time.process_time() - busy
    found = constrained.provenance["known_voxels"]
    volume = swnn.generate(constrained, (side,) * 3, seed=seed) == 1
    assert (volume[side // 2] == section).all()
    print(
        f"seed {seed}: {found['wrong_at_first']:.1%} wrong at first, {found['wrong_before_setting']:.2%} before they "
        f"are set; {busy:.0f} s of CPU, {start:.0f} s in all, {estimate.seconds:.0f} s estimated; "
        f"overlay of {estimate.n_file_bytes / 1e6:.1f} MB",
        flush=True,
    )
    return volume


def report(name: str, volumes: list[np.ndarray]) -> None:
    """Print the figures of sections at each distance from the middle plane, and of those far away."""
    side = len(volumes[0])
    middle = side // 2
    far = [z for z in range(side) if abs(z - middle) > FAR]
    pool = np.concatenate([patterns(volume[z]) for volume in volumes for z in far])
    near_rows = {d: [rows(v, middle, d, pool) for v in volumes] for d in DISTANCES}
    far_rows = [far_row(v, z, pool) for v in volumes for z in far[:-1:4] if z + 1 in far]
    print(f"\n{name}\n| distance | porosity | from far mean | patterns | phase changes | correlation with the plane |")
    print("|---|---|---|---|---|---|")
    mean = np.mean([volume[far].mean() for volume in volumes])
    for d, found in near_rows.items():
        porosity, distance, changes, correlation = np.mean(found, axis=0)
        rms = np.sqrt(np.mean([(row[0] - mean) ** 2 for row in found]))
        print(f"| {d} | {porosity:.3f} | {rms:.3f} | {distance:.4f} | {changes:.4f} | {correlation:.3f} |")
    porosity, distance, changes = np.mean(far_rows, axis=0)
    rms = np.sqrt(np.mean([(row[0] - mean) ** 2 for row in far_rows]))
    print(f"| far | {porosity:.3f} | {rms:.3f} | {distance:.4f} | {changes:.4f} | |")
    print(f"| far, standard deviation | | | {np.std(far_rows, axis=0)[1]:.4f} | {np.std(far_rows, axis=0)[2]:.4f} | |")
    expected = {d: np.mean([correlations(v, far, d) for v in volumes]) for d in DISTANCES if d < len(far) // 2}
    print("correlation of planes far away:", ", ".join(f"{d}: {value:.3f}" for d, value in expected.items()))
    across = np.mean([seam(v, middle, pool_across(v, middle)) for v in volumes], axis=0)
    print(
        f"patterns across the plane: {across[0]:.4f} from those far away; the same number of patterns from other "
        f"heights: {across[1]:.4f} ± {across[2]:.4f}\n",
        flush=True,
    )


def rows(volume: np.ndarray, middle: int, distance: int, pool: np.ndarray) -> tuple[float, ...]:
    """Return porosity, pattern distance, phase changes and correlation, averaged over both sides of the plane."""
    both = []
    for sign in (-1, 1):
        z = middle + sign * distance
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


def far_row(volume: np.ndarray, z: int, pool: np.ndarray) -> tuple[float, float, float]:
    plane = volume[z]
    return plane.mean(), pattern_distance(patterns(plane), pool), (plane != volume[z + 1]).mean()


def correlations(volume: np.ndarray, far: list[int], distance: int) -> float:
    pairs = [(z, z + distance) for z in far if z + distance in far]
    return float(np.mean([correlation(volume[a], volume[b]) for a, b in pairs]))


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


def pool_across(volume: np.ndarray, middle: int) -> list[np.ndarray]:
    heights = [z for z in range(TEMPLATE, len(volume) - TEMPLATE, TEMPLATE) if abs(z - middle) > FAR - 8]
    return [across_patterns(volume, z) for z in heights]


def seam(volume: np.ndarray, middle: int, others: list[np.ndarray]) -> tuple[float, float, float]:
    """Return the distance of the patterns across the plane, and mean and deviation of those at other heights."""
    own = pattern_distance(across_patterns(volume, middle), np.concatenate(others))
    rest = [
        pattern_distance(found, np.concatenate([o for k, o in enumerate(others) if k != i]))
        for i, found in enumerate(others)
    ]
    return own, float(np.mean(rest)), float(np.std(rest))


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
    across = axes.flat[2]
    for end in (0, 1):
        across.annotate("", (end, 1 - (middle + 0.5) / len(volume)), xycoords="axes fraction")
    across.plot([-4, 0], [middle] * 2, color="#c0392b", clip_on=False)
    across.plot([len(volume), len(volume) + 4], [middle] * 2, color="#c0392b", clip_on=False)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
