"""Three phases reconstructed from one section: python benchmarks/three_phases.py [--cases cathode] [--preset standard].

A model is trained on one section of each material, and its volumes are compared with the material in 3-D.

plurigaussian, largest  fields with closed forms, see phases.py; sections of 512 x 512, of which true volumes exist.
cathode                 NMC cathode with binder (nmc-cbd-matbox-251x301x301.tif, NREL/MATBOX, BSD-2): a section normal
                        to y, compared with cubes in the corners of the volume.
anode                   Ni, YSZ and pores of a fuel cell (superres-SOFC_hr_input.tif, amirDahari1/SuperRes, MIT): a
                        section of 1024 x 1024, compared with a volume of every fourth voxel of the same material.

The section of a closed form is the plane of a thick slab whose fractions are nearest to the true ones, that of the
cathode the plane with the fractions of the volume. Otherwise sampling would hide the errors of the method.

Both sides are measured by the same functions on cubes of the same size. A row of the table holds the fractions of all
phases, the largest difference of the normalised two-point correlations over 32 lags, the largest relative difference of
the interface areas, the relative difference of the triple-phase boundary, percolating shares, and tortuosity factors,
ours and true.

Models and volumes are saved in benchmarks/output/; models are reused unless --fresh is given.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from scipy import fft

import napari_swnn as swnn
from napari_swnn import statistics
from napari_swnn.core.training.config import preset_config
from napari_swnn.io import read_labels
from napari_swnn.physics import NotPercolatingError, tortuosity_factor
from phases import ANODE, CATHODE, DATA, LEVELS

OUTPUT = Path(__file__).parent / "output"
LAGS = 32
SIGMA = 4.0
SECTION = 512
SECTION_SEED, TRUTH_SEED = 1, 1000
COLOURS = np.array([[0.12, 0.12, 0.14], [0.55, 0.60, 0.66], [0.93, 0.62, 0.16]])
START = time.perf_counter()


# Materials


@dataclass(frozen=True)
class Case:
    """A section to train on, and cubes of the material."""

    name: str
    section: np.ndarray
    cubes: Callable[[int], Iterator[np.ndarray]]
    spacing: int = 1
    """Distance of the voxels of the cubes, in pixels of the section."""


def field(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    """Return a periodic field with correlation exp(-r² / 4 sigma²) and variance 1."""
    z, y, x = np.ix_(fft.fftfreq(shape[0]), fft.fftfreq(shape[1]), fft.rfftfreq(shape[2]))
    transfer = np.exp(-2 * (np.pi * SIGMA) ** 2 * (z**2 + y**2 + x**2)).astype(np.float32)
    values = fft.irfftn(fft.rfftn(rng.standard_normal(shape, np.float32)) * transfer, s=shape)
    return values / (4 * np.pi * SIGMA**2) ** -0.75


def plurigaussian(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    first, second = (field(shape, rng) > level for level in LEVELS)
    return np.where(first, 0, np.where(second, 1, 2)).astype(np.uint8)


def largest(shape: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    return np.argmax([field(shape, rng) for _ in range(3)], axis=0).astype(np.uint8)


FRACTIONS = {"plurigaussian": (0.4, 0.33, 0.27), "largest": (1 / 3, 1 / 3, 1 / 3)}


def case_of_fields(name: str, options: argparse.Namespace) -> Case:
    make = {"plurigaussian": plurigaussian, "largest": largest}[name]
    slab = make((64, SECTION, SECTION), np.random.default_rng(SECTION_SEED))

    def cubes(side: int) -> Iterator[np.ndarray]:
        for i in range(options.truths):
            yield make((side + 32,) * 3, np.random.default_rng(TRUTH_SEED + i))[:side, :side, :side]

    return Case(name, nearest_plane(slab, 0, FRACTIONS[name]), cubes)


def case_of_cathode(options: argparse.Namespace) -> Case:
    volume = read_labels(options.data / CATHODE)
    section = nearest_plane(volume, 1, [float(np.mean(volume == phase)) for phase in range(3)])

    def cubes(side: int) -> Iterator[np.ndarray]:
        for z, y, x in product((slice(None, side), slice(-side, None)), repeat=3):
            if (z == y) == (y == x):  # four corners that do not overlap
                yield volume[z, y, x]

    return Case("cathode", section, cubes)


def case_of_anode(options: argparse.Namespace) -> Case:
    section = np.squeeze(read_labels(options.data / ANODE))
    volume = np.squeeze(read_labels(options.data / "superres-SOFC_lr_input.tif"))
    return Case("anode", section, lambda side: iter([volume]), spacing=4)


def make_case(name: str, options: argparse.Namespace) -> Case:
    if name == "cathode":
        return case_of_cathode(options)
    return case_of_anode(options) if name == "anode" else case_of_fields(name, options)


def nearest_plane(volume: np.ndarray, axis: int, fractions: Any) -> np.ndarray:
    """Return the plane normal to `axis` whose fractions differ least from those given."""
    planes = np.moveaxis(volume, axis, 0)
    errors = [np.abs([np.mean(plane == k) - f for k, f in enumerate(fractions)]).max() for plane in planes]
    return np.ascontiguousarray(planes[int(np.argmin(errors))])


# Model and volumes


def load_or_train(case: Case, options: argparse.Namespace) -> swnn.Model:
    path = OUTPUT / f"three-{case.name}-{options.preset}{options.tag}-{options.seed}.swnn"
    if path.exists() and not options.fresh:
        say(f"{case.name}: using the model {path.name}; --fresh trains a new one")
        return swnn.Model.load(path)
    config = replace(preset_config(options.preset), **settings(options.set))
    say(f"{case.name}: training on a section of {' x '.join(map(str, case.section.shape))}")
    model = swnn.train(swnn.Reference(case.section, phase=0), config=config, seed=options.seed)
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    model.save(path)
    say(f"{case.name}: trained")
    return model


def settings(items: list[str]) -> dict[str, Any]:
    pairs = (item.split("=") for item in items)
    return {key: json.loads(value) for key, value in pairs}


def volumes_of(case: Case, model: swnn.Model, options: argparse.Namespace) -> list[np.ndarray]:
    shape = (options.side,) * 3
    volumes = [np.asarray(swnn.generate(model, shape, seed=seed)) for seed in range(1, options.volumes + 1)]
    np.savez_compressed(OUTPUT / f"three-{case.name}-{options.preset}{options.tag}-{options.seed}.npz", *volumes)
    return volumes


# Measures


def measure_all(volumes: Iterable[np.ndarray], options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure volumes; tortuosity, which takes longest, only of the first ones."""
    return [measure(volume, transport=i < options.transport) for i, volume in enumerate(volumes)]


def measure(volume: np.ndarray, *, transport: bool) -> dict[str, Any]:
    n_lags = min(LAGS, min(volume.shape) // 2)
    curves = [statistics.two_point_correlation(volume, phase=k, max_distance=n_lags) for k in range(3)]
    shares = [statistics.percolation(volume, phase=k) for k in range(3)]
    figures: dict[str, Any] = {
        "fractions": [float(np.mean(volume == k)) for k in range(3)],
        "curves": curves,
        "areas": list(statistics.interface_areas(volume).values.values()),
        "line": statistics.triple_phase_boundary(volume).value,
        "shares": [share.connected_fraction for share in shares],
    }
    if transport:
        figures["tortuosity"] = [
            tortuosity(volume, k) if share.by_axis.all() else np.nan for k, share in enumerate(shares)
        ]
    return figures


def tortuosity(volume: np.ndarray, phase: int) -> float:
    try:
        return tortuosity_factor(volume, phase=phase).value
    except NotPercolatingError:
        return float("nan")


def compare(case: Case, ours: list[dict[str, Any]], truths: list[dict[str, Any]]) -> str:
    """Return a row of the table."""
    every = case.spacing

    def mean(figures: list[dict[str, Any]], key: str) -> np.ndarray:
        return np.mean([each[key] for each in figures if key in each], axis=0)

    gaps = []
    for k in range(3):
        curves = [
            statistics.normalise_two_point(statistics.pool([each["curves"][k] for each in side])).values
            for side in (ours, truths)
        ]
        n = min((len(curves[0]) - 1) // every, len(curves[1]) - 1)
        gaps.append(np.abs(curves[0][: n * every + 1 : every] - curves[1][: n + 1]).max())
    # The areas and lines of a volume of every fourth voxel would miss the detail: those of the section count instead.
    truth = truths if every == 1 else [measure_section(case.section)]
    areas = mean(ours, "areas") / mean(truth, "areas") - 1
    line = mean(ours, "line") / mean(truth, "line") - 1
    cells = [
        " ".join(f"{a:.4f}" for a in mean(ours, "fractions")),
        " ".join(f"{a:.4f}" for a in mean(truths, "fractions")),
        " ".join(f"{gap:.3f}" for gap in gaps),
        " ".join(f"{a:+.1%}" for a in areas),
        f"{line:+.1%}",
    ]
    for key in ("shares", "tortuosity"):
        both = [" ".join(f"{a:.3f}" for a in mean(side, key)) if key in side[0] else "-" for side in (ours, truths)]
        cells.append(" / ".join(both))
    return f"| {case.name} | " + " | ".join(cells) + " |"


def measure_section(section: np.ndarray) -> dict[str, Any]:
    areas = statistics.interface_areas(section).values.values()
    return {"areas": [4 / np.pi * area for area in areas], "line": statistics.triple_phase_boundary(section).value}


HEADER = (
    "| material | fractions | true | S2 of 0, 1, 2 | S01 S02 S12 | L_V | percolating, ours / true | tortuosity, ours / "
    "true |\n|---|---|---|---|---|---|---|---|"
)


# Pictures


def draw(case: Case, volumes: list[np.ndarray], path: Path) -> None:
    """Draw a part of the section beside sections of a volume, each pixel five screen pixels wide."""
    side = volumes[0].shape[0]
    parts = [case.section[:side, :side], volumes[0][side // 2], volumes[0][:, side // 2], volumes[1][:, :, side // 2]]
    sheet = np.full((2 * side + 4, 2 * side + 4), 3)
    for i, part in enumerate(parts):
        top, left = (i // 2) * (side + 4), (i % 2) * (side + 4)
        sheet[top : top + part.shape[0], left : left + part.shape[1]] = part
    coloured = np.vstack([COLOURS, [[1, 1, 1]]])[sheet]
    plt.imsave(path, np.kron(coloured, np.ones((5, 5, 1))))


def say(text: str) -> None:
    print(f"[{time.perf_counter() - START:6.0f} s] {text}", flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cases = ("plurigaussian", "largest", "cathode", "anode")
    parser.add_argument("--cases", nargs="+", choices=cases, default=list(cases))
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="changed training settings")
    parser.add_argument("--tag", default="", help="distinguishes the files of a run with changed settings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--volumes", type=int, default=5)
    parser.add_argument("--truths", type=int, default=4, help="true volumes of each material")
    parser.add_argument("--side", type=int, default=128, help="edge length of all volumes")
    parser.add_argument("--transport", type=int, default=2, help="volumes whose tortuosity is computed")
    parser.add_argument("--fresh", action="store_true", help="train again")
    parser.add_argument("--data", type=Path, default=DATA)
    return parser.parse_args()


def main() -> None:
    options = parse()
    rows = []
    for name in options.cases:
        case = make_case(name, options)
        model = load_or_train(case, options)
        volumes = volumes_of(case, model, options)
        draw(case, volumes, OUTPUT / f"three-{name}-{options.preset}{options.tag}-{options.seed}.png")
        say(f"{name}: measuring")
        truths = measure_all(islice(case.cubes(options.side), options.truths), options)
        rows.append(compare(case, measure_all(volumes, options), truths))
        print(HEADER, rows[-1], sep="\n", flush=True)
    print(HEADER, *rows, sep="\n")


if __name__ == "__main__":
    main()
