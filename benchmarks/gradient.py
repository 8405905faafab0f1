"""Porosity along a ramp: python benchmarks/gradient.py [--model FILE] [--start 0.1 --stop 0.3].

Generates volumes with a ramp of the porosity along axis 0, and prints the RMS distance of the porosity from the target
in slabs of 16 planes. For comparison it prints the same for a constant porosity, since small slabs vary by themselves.
Without a file, a model of a built-in sample is trained with the preset "draft". With --picture, makes gradient.png for
docs/how-to/heterogeneous.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import napari_swnn as swnn
from napari_swnn._sample_data import rock_like

SLAB = 16
IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model trained for a range of porosities")
    parser.add_argument("--start", type=float, default=0.1)
    parser.add_argument("--stop", type=float, default=0.3)
    parser.add_argument("--shape", type=int, nargs=3, default=(256, 128, 128))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--picture", type=Path, nargs="?", const=IMAGES / "gradient.png")
    options = parser.parse_args()
    model = load_or_train(options)
    ramp = swnn.PorosityMap.gradient(options.start, options.stop)
    middle = (options.start + options.stop) / 2
    wanted = options.start + (options.stop - options.start) * (np.arange(options.shape[0]) + 0.5) / options.shape[0]
    profiles = slabs(model, ramp, options)
    report("ramp", profiles, wanted.reshape(-1, SLAB).mean(1))
    report("constant", slabs(model, middle, options), np.full(profiles.shape[1], middle))
    if options.picture:
        draw(model, ramp, profiles.mean(0), options)


def load_or_train(options: argparse.Namespace) -> swnn.Model:
    if options.model:
        return swnn.Model.load(options.model)
    return swnn.train(swnn.Reference(rock_like()[0][0]), porosity=(options.start, options.stop), preset="draft")


def slabs(model: swnn.Model, porosity: float | swnn.PorosityMap, options: argparse.Namespace) -> np.ndarray:
    """Return the porosity of each slab, one row for each seed."""
    shape = tuple(options.shape)
    volumes = (swnn.generate(model, shape, seed=seed, porosity=porosity) for seed in range(1, options.seeds + 1))
    phase = model.labels.phase
    return np.array([(v == phase).mean((1, 2)).reshape(-1, SLAB).mean(1) for v in volumes])


def report(name: str, profiles: np.ndarray, wanted: np.ndarray) -> None:
    rms = np.sqrt(((profiles - wanted) ** 2).mean())
    bias = (profiles.mean(0) - wanted).mean()
    print(f"{name}: {len(profiles)} volumes, slabs of {SLAB} planes: RMS distance {rms:.4f}, mean {bias:+.4f}")
    print("  target   " + " ".join(f"{value:.3f}" for value in wanted))
    print("  measured " + " ".join(f"{value:.3f}" for value in profiles.mean(0)), flush=True)


def draw(model: swnn.Model, ramp: swnn.PorosityMap, profile: np.ndarray, options: argparse.Namespace) -> None:
    """Draw a section along the ramp above the measured profile."""
    n, length = 84, options.shape[0]
    section = swnn.generate(model, (length, n, 1), seed=1, porosity=ramp)[..., 0].T
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(7.5, 5), sharex=True, layout="constrained")
    top.imshow(section == model.labels.phase, cmap="Blues", vmax=1.4, aspect="auto", interpolation="nearest")
    top.set_axis_off()
    bottom.plot([0, length], [options.start, options.stop], color="0.6", label="target")
    bottom.plot((np.arange(len(profile)) + 0.5) * SLAB, profile, "o", color="#2b4c7e", label="slabs of 16 planes")
    bottom.set(xlabel="plane", ylabel="porosity", xlim=(0, length))
    bottom.legend(frameon=False)
    figure.savefig(options.picture, dpi=100)


if __name__ == "__main__":
    main()
