"""Volumes that pass through known voxels: python benchmarks/through.py [--preset standard] [--seeds 1 2].

A model of one of the paper's images is constrained to pass through that image at the middle plane, once for each seed.
Planes at each distance from it are compared with planes at the same distance from those planes of unconstrained
volumes whose porosity is close to that of the image: planes near a section are correlated with it. With `--known`, the
known voxels are two sections that cross, a borehole and inclusions, all taken from an unconstrained volume. With
`--planes 12 13 14 15`, the image lies at each of these planes in turn, and is compared with both neighbours only.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap

import napari_swnn as swnn
from _paper import MATERIALS, add_arguments, load_image
from napari_swnn._steps import drain
from napari_swnn.core.loss.sliced_wasserstein import sliced_wasserstein_distance

OUTPUT = Path(__file__).parent / "output"
COLOURS = ListedColormap(["#e8e4dc", "#2b4c7e"])
TEMPLATE = 7
DEPTH = 64
"""Number of planes of the volumes."""
DISTANCES = (1, 2, 3, 4, 6, 8, 12, 16, 24)
FREE_SEEDS = range(101, 107)
"""Seeds of the unconstrained volumes."""
TOLERANCE = 0.02
"""Largest difference in porosity of planes that are compared with a section."""
N_INCLUSIONS = 12
INCLUSION_SIDE = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.set_defaults(materials=[2])
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--known", action="store_true", help="crossing sections and single voxels instead")
    parser.add_argument("--planes", type=int, nargs="+", help="planes of the section, to compare its neighbours only")
    parser.add_argument("--iterations", type=int, default=swnn.ConstraintSpec.n_iterations, help="steps of the drawing")
    parser.add_argument("--scales", type=int, default=0, help="scales of the model, by default as its section needs")
    parser.add_argument("--picture", type=Path, help="file for a picture of the first volume")
    options = parser.parse_args()
    OUTPUT.mkdir(exist_ok=True)
    for material in options.materials:
        section = load_image(options.data, material)[: options.side, : options.side].astype(np.uint8)
        model = trained(material, options)
        print(f"{MATERIALS[material]}: section of porosity {section.mean():.3f}, model of {model.porosity:.3f}")
        shape = (DEPTH, *section.shape)
        free = [swnn.generate(model, shape, seed=seed) == 1 for seed in FREE_SEEDS]
        if options.known:
            report_known(model, free, options)
            continue
        if options.planes:
            report_neighbours(model, free, section, options)
            continue
        through = {"z": (DEPTH // 2, section)}
        constrained = [volume_with(model, shape, spec) for spec in specs(options, through=through)]
        for volume in constrained:
            assert (volume[DEPTH // 2] == section).all()
        report(constrained, free, section)
        if options.picture:
            picture(constrained[0], section, options.picture)


def trained(material: int, options: argparse.Namespace) -> swnn.Model:
    scales = f"-{options.scales}-scales" if options.scales else ""
    path = OUTPUT / f"through-M{material}-{options.preset}{scales}.swnn"
    if not path.is_file():
        reference = swnn.Reference(load_image(options.data, material).astype(np.uint8), phase=1)
        config = replace(swnn.PRESETS[options.preset], n_scales=options.scales)
        swnn.train(reference, config=config, seed=0).save(path)
    return swnn.Model.load(path)


def specs(options: argparse.Namespace, **known: Any) -> list[swnn.ConstraintSpec]:
    """Return a description of known voxels for each seed."""
    return [swnn.ConstraintSpec(seed=seed, n_iterations=options.iterations, **known) for seed in options.seeds]


def volume_with(model: swnn.Model, shape: tuple[int, ...], spec: swnn.ConstraintSpec) -> np.ndarray:
    """Return a volume with known voxels, and print how their noise was found."""
    estimate = swnn.estimate_constraint(model, spec)
    start, busy = time.perf_counter(), time.process_time()
    constrained = drain(swnn.iter_constrain(model, spec), None)
    start, busy = time.perf_counter() - start, time.process_time() - busy
    found = constrained.provenance["known_voxels"]
    print(
        f"seed {spec.seed}: {found['n_voxels']} voxels, {found['wrong_at_first']:.1%} wrong at first, "
        f"{found['wrong_before_setting']:.2%} before they are set; {busy:.0f} s of CPU, {start:.0f} s in all, "
        f"{estimate.seconds:.0f} s estimated; overlay of {estimate.n_file_bytes / 1e6:.1f} MB",
        flush=True,
    )
    return swnn.generate(constrained, shape, seed=spec.seed) == 1


def report(constrained: list[np.ndarray], free: list[np.ndarray], section: np.ndarray) -> None:
    """Print the figures of planes at each distance from the section: mean and standard deviation."""
    pool = np.concatenate([patterns(plane) for volume in free for plane in volume[::4]])
    own = pattern_distance(patterns(section == 1), pool)
    print(f"patterns of the section itself: {own:.4f} from those of the unconstrained volumes")
    each = np.array([pattern_distance(patterns(plane), pool) for volume in free for plane in volume[::8]])
    porosities = np.array([volume.mean(axis=(1, 2)) for volume in free])
    alike = [
        (volume, z)
        for volume, along in zip(free, porosities, strict=True)
        for z in range(DEPTH // 4, DEPTH - DEPTH // 4, 2)
        if abs(along[z] - section.mean()) < TOLERANCE
    ]
    print("planes of the unconstrained volumes:")
    print(f"patterns {each.mean():.4f} ± {each.std():.4f}, largest {each.max():.4f}")
    print(
        f"porosity {porosities.mean():.3f} ± {porosities.std():.3f}, {porosities.min():.3f} to {porosities.max():.3f}"
    )
    print(f"constrained / next to {len(alike)} unconstrained planes of porosity {section.mean():.3f} ± {TOLERANCE}:")
    print("| distance | porosity | patterns | phase changes | correlation with the plane |")
    print("|---|---|---|---|---|")
    for distance in DISTANCES:
        middle = [(volume, DEPTH // 2) for volume in constrained]
        found = [np.concatenate([rows(v, z, distance, pool) for v, z in places]) for places in (middle, alike)]
        cells = [
            " / ".join(f"{values[:, k].mean():.3f} ± {values[:, k].std():.3f}" for values in found) for k in range(4)
        ]
        print(f"| {distance} | {' | '.join(cells)} |", flush=True)
    heights = range(TEMPLATE, DEPTH - TEMPLATE, TEMPLATE)
    across = np.concatenate([across_patterns(v, z) for v in free for z in heights])
    places = {"constrained": [(v, DEPTH // 2) for v in constrained], "unconstrained": alike[:: -(-len(alike) // 16)]}
    for name, chosen in places.items():
        distances = [pattern_distance(across_patterns(v, z), across) for v, z in chosen]
        print(f"patterns across the plane, {name}: {', '.join(f'{d:.4f}' for d in distances)}", flush=True)


def rows(volume: np.ndarray, middle: int, distance: int, pool: np.ndarray) -> np.ndarray:
    """Return porosity, pattern distance, phase changes and correlation of the planes on both sides of a plane."""
    found = []
    for sign in (-1, 1):
        z = middle + sign * distance
        if 0 <= z < DEPTH:
            plane = volume[z]
            changes = (plane != volume[z - sign]).mean()
            distance_of_patterns = pattern_distance(patterns(plane), pool)
            found.append((plane.mean(), distance_of_patterns, changes, correlation(volume[middle], plane)))
    return np.array(found).reshape(-1, 4)


def report_neighbours(
    model: swnn.Model, free: list[np.ndarray], section: np.ndarray, options: argparse.Namespace
) -> None:
    """Print the correlation of the planes before and after the section with it, by the place of the section."""
    period = 2 ** (len(model.stages) - 1)
    print("| plane of the section | correlation before | after | phase changes before | after |")
    print("|---|---|---|---|---|")
    for plane in options.planes:
        shape = (plane + 2 * period, *section.shape)
        through = {"z": (plane, section)}
        places = [(volume_with(model, shape, spec), plane) for spec in specs(options, through=through)]
        alike = [
            (volume, z)
            for volume in free
            for z in range(period + plane % period, DEPTH - 1, period)
            if abs(volume[z].mean() - section.mean()) < TOLERANCE
        ]
        found = [np.array([neighbours(volume, z) for volume, z in chosen]) for chosen in (places, alike)]
        cells = [
            " / ".join(f"{values[:, k].mean():.3f} ± {values[:, k].std():.3f}" for values in found) for k in range(4)
        ]
        print(f"| {plane} ({len(alike)} unconstrained) | {' | '.join(cells)} |", flush=True)


def neighbours(volume: np.ndarray, z: int) -> tuple[float, ...]:
    """Return the correlation of the planes before and after a plane with it, and the share of phase changes."""
    sides = volume[z - 1], volume[z + 1]
    return (*(correlation(volume[z], plane) for plane in sides), *((volume[z] != plane).mean() for plane in sides))


def report_known(model: swnn.Model, free: list[np.ndarray], options: argparse.Namespace) -> None:
    """Print how well volumes go on from other known voxels, which come from an unconstrained volume."""
    truth, *others = free
    labels = np.where(truth, 1, 0)
    shape = truth.shape
    middle = tuple(extent // 2 for extent in shape)
    rng = np.random.default_rng(0)
    places = {
        "two crossing sections": np.zeros(shape, bool),
        "a borehole": np.zeros(shape, bool),
        f"{N_INCLUSIONS} inclusions of {INCLUSION_SIDE}³ voxels": np.zeros(shape, bool),
    }
    crossing, borehole, inclusions = places.values()
    crossing[middle[0]] = True
    crossing[:, :, middle[2]] = True
    borehole[:, middle[1], middle[2]] = True
    for corner in rng.integers(0, np.array(shape) - INCLUSION_SIDE, (N_INCLUSIONS, 3)):
        inclusions[tuple(slice(start, start + INCLUSION_SIDE) for start in corner)] = True
    for name, inside in places.items():
        print(name)
        if name.startswith("two"):
            known = {"through": {"z": (middle[0], labels[middle[0]]), "x": (middle[2], labels[..., middle[2]])}}
        else:
            known = {"known": np.where(inside, labels, -1)}
        volumes = [volume_with(model, shape, spec) for spec in specs(options, **known)]
        for volume in volumes:
            assert (volume[inside] == truth[inside]).all()
        print("porosity; share of the neighbours of known pore and of known solid voxels that are pore")
        for distance in (1, 2, 4, 8):
            for what, chosen in (("constrained", volumes), ("the truth", [truth]), ("unconstrained", others)):
                found = np.array([near(volume, inside, distance) for volume in chosen])
                cells = (f"{m:.3f} ± {s:.3f}" for m, s in zip(found.mean(axis=0), found.std(axis=0), strict=True))
                print(f"{distance} voxels away, {what}: {'; '.join(cells)}", flush=True)


def near(volume: np.ndarray, inside: np.ndarray, distance: int) -> tuple[float, float, float]:
    """Return the porosity at a distance along an axis from known voxels, and that next to each phase of them."""
    phases, neighbours = [], []
    for axis in range(3):
        for shift in (-distance, distance):
            moved, value = np.roll(volume, shift, axis), np.roll(inside, shift, axis)
            unknown = inside & ~value
            at = np.arange(volume.shape[axis])
            valid = (at - shift >= 0) & (at - shift < volume.shape[axis])
            unknown &= np.expand_dims(valid, tuple(i for i in range(3) if i != axis))
            phases.append(volume[unknown])
            neighbours.append(moved[unknown])
    own, next_to = np.concatenate(phases), np.concatenate(neighbours)
    return next_to.mean(), next_to[own].mean(), next_to[~own].mean()


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
