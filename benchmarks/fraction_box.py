"""One model for ranges of the fractions of three phases: python benchmarks/fraction_box.py [--preset standard].

The reference is the largest of three smooth random fields, of which each phase fills a third. A model is trained for
ranges of two fractions; the third phase is the rest. At the corners of the ranges, in their middle and at random places
in them, prints the target fractions, the mean fractions of some volumes and the largest difference. With a gradient
from corner to corner, prints the fractions of slabs beside those of the map.

--small trains a small network, and --dimension 2 a network for sections: both for a quick look.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.ndimage import gaussian_filter

import napari_swnn as swnn
from napari_swnn.core.training.config import preset_config

OUTPUT = Path(__file__).parent / "output"
RANGES = {1: (0.2, 0.45), 2: (0.2, 0.45)}
SIGMA = 3.0
SMALL = {"n_channels": 16, "n_blocks": 4, "n_scales": 2, "template_size": 5, "n_calibration_blocks": 16}
N_SLABS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=("draft", "standard", "fine"), default="standard")
    parser.add_argument("--dimension", type=int, choices=(2, 3), default=3)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--volumes", type=int, default=4)
    parser.add_argument("--side", type=int, help="side of the volumes (default: 128, or 512 for sections)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--fresh", action="store_true", help="train again, although there is a model")
    options = parser.parse_args()
    model = load_or_train(options)
    shape = (options.side or {2: 512, 3: 128}[options.dimension],) * options.dimension
    errors = []
    for name, target in places(model):
        fractions = dict(zip(model.labels.phases, map(float, target), strict=True))
        volumes = [
            swnn.generate(model, shape, seed=seed, fractions=fractions, device=options.device)
            for seed in range(1, options.volumes + 1)
        ]
        reached = np.mean([shares(volume, model.labels.phases) for volume in volumes], axis=0)
        errors.append(np.abs(reached - target).max())
        print(f"    {name:8s} target {listed(target)}  reached {listed(reached)}  off {errors[-1]:.4f}", flush=True)
    print(f"mean of the largest differences {np.mean(errors):.4f}, largest {np.max(errors):.4f}")
    gradient(model, shape, options.device)


def load_or_train(options: argparse.Namespace) -> swnn.Model:
    rng = np.random.default_rng(0)
    labels = np.array([gaussian_filter(rng.standard_normal((512, 512)), SIGMA, mode="wrap") for _ in range(3)]).argmax(
        0
    )
    reference = swnn.Reference(labels, phase=1)
    small = "-small" * options.small
    path = OUTPUT / f"fraction-box-{options.preset}-{options.dimension}d{small}.swnn"
    if path.exists() and not options.fresh:
        return swnn.Model.load(path)
    config = replace(preset_config(options.preset), **SMALL if options.small else {})
    start = perf_counter()
    model = swnn.train(
        reference, fractions=RANGES, config=config, dimension=options.dimension, seed=0, device=options.device
    )
    print(
        f"reference {listed(np.array(list(reference.fractions.values())))}, trained in {perf_counter() - start:.0f} s"
    )
    OUTPUT.mkdir(exist_ok=True)
    model.save(path)
    return model


def places(model: swnn.Model) -> list[tuple[str, np.ndarray]]:
    """Return fractions at the corners, in the middle and at random places of the ranges of a model."""
    box = model.network.box
    rng = np.random.default_rng(5)
    random = [box.fractions(box.free_of(rng.dirichlet(np.ones(len(box.corners()))) @ box.corners())) for _ in range(5)]
    return [
        *(("corner", corner) for corner in box.corners()),
        ("middle", box.centre),
        *(("random", fractions) for fractions in random),
    ]


def gradient(model: swnn.Model, shape: tuple[int, ...], device: str) -> None:
    corners = model.network.box.corners()
    ends = [dict(zip(model.labels.phases, map(float, corner), strict=True)) for corner in (corners[0], corners[-1])]
    volume = swnn.generate(model, shape, seed=9, fractions=swnn.FractionMap.gradient(*ends), device=device)
    print(f"gradient from {listed(corners[0])} to {listed(corners[-1])}, slabs of {shape[0] // N_SLABS} planes:")
    for i, slab in enumerate(np.array_split(volume, N_SLABS)):
        target = corners[0] + (i + 0.5) / N_SLABS * (corners[-1] - corners[0])
        print(f"    target {listed(target)}  reached {listed(shares(slab, model.labels.phases))}")


def shares(labels: np.ndarray, phases: tuple[int, ...]) -> np.ndarray:
    return np.array([(labels == phase).mean() for phase in phases])


def listed(fractions: np.ndarray) -> str:
    return " ".join(f"{fraction:.3f}" for fraction in fractions)


if __name__ == "__main__":
    main()
