"""Materials that differ along their axes: python benchmarks/directions.py [--preset standard] [--cases stretched].

stretched   level set of a Gaussian field with correlation exp(-Σ xᵢ²/4σᵢ²), σ = 3, 3 and 9 along z, y and x, porosity
            0.4, from two sections of 512 x 512: xy, which contains the axis of symmetry, and yz, which is normal to it.
separator   battery separator, a CT volume, from its middle sections xy and yz; --separator names its file.
turned      how often a section turned by 90 degrees is found, and how often matching ones are taken for different.

For each material, a model is trained on the two sections, and five volumes of 128³ are generated. The table has the
correlation length along each axis, where the normalised autocovariance falls below 1/e: of the material, of its
sections, and of the volumes. A second table has the normalised autocovariance at lags of (4, 4) and (4, -4) pixels in
each plane, which differ where the features slant. Models are saved in benchmarks/output/ and reused; contact sheets are
drawn beside them.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy import fft, integrate, stats

import napari_swnn as swnn
from napari_swnn.core.descriptor.axis_lengths import axis_lengths
from napari_swnn.core.descriptor.direction_check import PLANES
from napari_swnn.core.training.config import preset_config
from napari_swnn.core.training.plan import plan_training

OUTPUT = Path(__file__).parent / "output"
SIGMAS = {"z": 3.0, "y": 3.0, "x": 9.0}
POROSITY = 0.4
SIDE, N_VOLUMES = 128, 5
START = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="standard")
    parser.add_argument(
        "--cases", nargs="+", choices=("stretched", "separator", "turned"), default=["stretched", "turned"]
    )
    parser.add_argument("--separator", type=Path, help="TIFF file of the separator volume")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scales", type=int, default=0, help="number of scales, instead of the automatic one")
    parser.add_argument("--turns", type=int, default=100, help="number of seeds for the case turned")
    options = parser.parse_args()
    OUTPUT.mkdir(exist_ok=True)
    if "stretched" in options.cases:
        rng = np.random.default_rng(1)
        reference = swnn.Reference(xy=make_section(rng, "xy", 512), yz=make_section(rng, "yz", 512))
        truth = [SIGMAS[axis] * length_of_level_set(POROSITY) for axis in "zyx"]
        reconstruct("stretched", reference, truth, options)
    if "separator" in options.cases:
        import tifffile

        volume = tifffile.imread(options.separator)
        z, x = volume.shape[0] // 2, volume.shape[2] // 2
        reference = swnn.Reference(xy=volume[z], yz=volume[:, :, x])
        reconstruct("separator", reference, axis_lengths(swnn.Reference(volume)), options)
    if "turned" in options.cases:
        for side in (64, 128, 256):
            count_turns(side, options.turns)


# The stretched level set


def make_section(rng: np.random.Generator, plane: str, side: int) -> np.ndarray:
    """Return labels of an independent section of the material, of which the fraction is exact."""
    sigmas = [SIGMAS[axis] for axis in PLANES[plane]]
    margin = [int(6 * sigma) for sigma in sigmas]
    shape = [side + n for n in margin]  # of the periodic field; what is cut from it is not periodic
    waves = np.ix_(fft.fftfreq(shape[0]), fft.rfftfreq(shape[1]))
    transfer = np.exp(-2 * np.pi**2 * sum((s * k) ** 2 for s, k in zip(sigmas, waves, strict=True)))
    grey = fft.irfftn(fft.rfftn(rng.standard_normal(shape)) * transfer, s=shape)[:side, :side]
    return (grey >= np.quantile(grey, 1 - POROSITY)).astype(np.uint8)


def length_of_level_set(porosity: float) -> float:
    """Return the distance in units of σ at which the normalised autocovariance is 1/e; Torquato (2002), section 8.2."""
    a = stats.norm.ppf(porosity)
    distance = np.linspace(0, 4, 401)
    upper = np.arcsin(np.exp(-(distance**2) / 4))
    excess = [integrate.quad(lambda u: np.exp(-(a**2) / (1 + np.sin(u))), 0, end)[0] / (2 * np.pi) for end in upper]
    curve = np.array(excess) / (porosity * (1 - porosity))
    return float(np.interp(-np.exp(-1), -curve, distance))


# Reconstruction


def reconstruct(name: str, reference: swnn.Reference, truth: Sequence[float], options: argparse.Namespace) -> None:
    say(f"{name}: {reference.assumption}")
    for verdict in reference.orientation.check.verdicts:
        say(f"  {verdict.describe()}")
    model = load_or_train(name, reference, options)
    volumes = [np.asarray(swnn.generate(model, (SIDE,) * 3, seed=seed)) for seed in range(1, N_VOLUMES + 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.array([axis_lengths(swnn.Reference(volume, phase=reference.phase)) for volume in volumes])
    print("| | z | y | x |\n|---|---|---|---|")
    row("material", truth)
    row("sections", axis_lengths(reference))
    row("volumes", found.mean(0), found.std(0, ddof=1))
    row("volumes / sections - 1", found.mean(0) / axis_lengths(reference) - 1)
    row("volumes / material - 1", found.mean(0) / truth - 1)
    order = [tuple(np.argsort(lengths, kind="stable")) for lengths in found]
    longest, shortest = int(np.argmax(truth)), int(np.argmin(truth))
    right = sum(o[-1] == longest if name == "stretched" else o[0] == shortest for o in order)
    porosities = [float((volume == reference.phase).mean()) for volume in volumes]
    print(
        f"order right in {right} of {N_VOLUMES} volumes; porosity {np.mean(porosities):.4f} of {reference.porosity:.4f}"
    )
    print_slants(reference, volumes)
    draw(name, reference, volumes[0], options)


def print_slants(reference: swnn.Reference, volumes: Sequence[np.ndarray]) -> None:
    """Print the autocorrelation along both diagonals of each plane, of the sections and of the volumes."""
    print("| | " + " | ".join(PLANES) + " |\n|---|---|---|---|")
    sections = [[section.image for section in reference.direction(axis)] for axis in range(3)]
    cuts = [
        [np.take(volume, i, axis) == reference.phase for volume in volumes for i in range(0, SIDE, 8)]
        for axis in range(3)
    ]
    for title, planes in (("sections", sections), ("volumes", cuts)):
        values = [np.mean([diagonals(plane) for plane in of_direction], axis=0) for of_direction in planes]
        print(f"| {title} | " + " | ".join(f"{rising:.3f}, {falling:.3f}" for rising, falling in values) + " |")


def diagonals(plane: np.ndarray, lag: int = 4) -> tuple[float, float]:
    """Return the normalised autocovariance of a plane at lags ``(lag, lag)`` and ``(lag, -lag)``."""
    deviation = plane - plane.mean()
    upper, lower = deviation[:-lag], deviation[lag:]
    rising, falling = upper[:, :-lag] * lower[:, lag:], upper[:, lag:] * lower[:, :-lag]
    return float(rising.mean() / deviation.var()), float(falling.mean() / deviation.var())


def load_or_train(name: str, reference: swnn.Reference, options: argparse.Namespace) -> swnn.Model:
    scales = f"-{options.scales}" if options.scales else ""
    path = OUTPUT / f"directions-{name}-{options.preset}{scales}-{options.seed}.swnn"
    if path.exists():
        say(f"{name}: using the model {path.name}")
        return swnn.Model.load(path)
    config = preset_config(options.preset)
    if options.scales:
        config = replace(config, n_scales=options.scales)
    plan = plan_training(reference, config=config, seed=options.seed)
    say(" ".join(plan.reasons))
    model = swnn.train(reference, config=config, seed=options.seed)
    say(f"{name}: trained")
    model.save(path)
    return model


def draw(name: str, reference: swnn.Reference, volume: np.ndarray, options: argparse.Namespace) -> None:
    """Draw a section normal to each axis, below the section of the reference that describes it."""
    figure, axes = plt.subplots(2, 3, figsize=(12, 8.4), layout="constrained")
    for axis, plane in enumerate(PLANES):
        section = reference.direction(axis)[0].image[:SIDE, :SIDE]
        cut = np.take(volume, SIDE // 2, axis) == reference.phase
        given = "" if plane in reference.orientation.planes else " (from the other plane)"
        for ax, image, title in ((axes[0, axis], section, f"reference{given}"), (axes[1, axis], cut, "volume")):
            ax.imshow(image, cmap="gray", interpolation="nearest")
            ax.set(title=f"{plane}: {title}", xlabel=PLANES[plane][1], ylabel=PLANES[plane][0], xticks=[], yticks=[])
    path = OUTPUT / f"directions-{name}-{options.preset}-{options.scales or 'auto'}.png"
    figure.savefig(path, dpi=100)
    plt.close(figure)
    say(f"wrote {path}")


# Turned sections


def count_turns(side: int, n: int) -> None:
    """Count matching sections that are taken for different, and turned ones that are found and named."""
    counts = np.zeros(4, int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(n):
            rng = np.random.default_rng(seed)
            planes = {plane: make_section(rng, plane, side) for plane in PLANES}
            counts[0] += not swnn.Reference(planes).orientation.check.agrees
            check = swnn.Reference({**planes, "xz": np.rot90(planes["xz"])}).orientation.check
            counts[1] += not check.agrees
            counts[2] += check.turns == (("xz",),)
            two = {"yz": planes["yz"], "xy": np.rot90(planes["xy"])}
            counts[3] += any("xy" in turn for turn in swnn.Reference(two, symmetry_axis="x").orientation.check.turns)
    print(f"| {side}² | {' | '.join(f'{count} of {n}' for count in counts)} |", flush=True)


def row(name: str, values: Sequence[float], spreads: Sequence[float] | None = None) -> None:
    cells = [f"{value:.3f}" for value in values]
    if spreads is not None:
        cells = [f"{cell} ± {spread:.3f}" for cell, spread in zip(cells, spreads, strict=True)]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def say(text: str) -> None:
    print(f"[{time.perf_counter() - START:5.0f} s] {text}", flush=True)


if __name__ == "__main__":
    main()
