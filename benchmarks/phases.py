"""Statistics of several phases: closed forms of two synthetic materials, and two real electrodes.

Usage: ``python benchmarks/phases.py [--data FOLDER] [--side 128] [--volumes 4]``

The first table holds ratios of measured to exact values. The second one describes a cathode with binder, in 3-D and
from sections of it (``nmc-cbd-matbox-251x301x301.tif``, NREL/MATBOX, BSD-2), and one section of a solid oxide fuel cell
anode (``superres-SOFC_hr_input.tif``, amirDahari1/SuperRes, MIT).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import fft
from scipy.stats import norm

from napari_swnn import statistics
from napari_swnn.io import read_labels

DATA = Path(__file__).parents[2] / "shared" / "data" / "real"
CATHODE = "nmc-cbd-matbox-251x301x301.tif"
ANODE = "superres-SOFC_hr_input.tif"
LEVELS = norm.isf(0.4), norm.isf(0.55)
"""Levels of the plurigaussian fields: phase 0 fills 0.4, and phase 1 0.55 of the rest."""


def gaussian_field(rng: np.random.Generator, side: int, sigma: float) -> np.ndarray:
    """Return a periodic field with correlation exp(-r² / 4 sigma²) and variance 1."""
    frequencies = np.meshgrid(*[fft.fftfreq(side)] * 3, indexing="ij", sparse=True)
    transfer = np.exp(-2 * (np.pi * sigma) ** 2 * sum(f**2 for f in frequencies))
    field = fft.ifftn(fft.fftn(rng.standard_normal((side,) * 3)) * transfer).real
    return field / np.sqrt(np.mean(transfer**2))


def plurigaussian(rng: np.random.Generator, side: int, sigma: float) -> np.ndarray:
    first, second = (gaussian_field(rng, side, sigma) > level for level in LEVELS)
    return np.where(first, 0, np.where(second, 1, 2)).astype(np.uint8)


def largest_of_three(rng: np.random.Generator, side: int, sigma: float) -> np.ndarray:
    return np.argmax([gaussian_field(rng, side, sigma) for _ in range(3)], axis=0).astype(np.uint8)


def exact_values(kind: str, sigma: float) -> tuple[list[float], float]:
    """Return the interface areas of the pairs 01, 02 and 12, and the length of the triple-phase boundary."""
    root = 1 / (np.sqrt(2) * sigma)
    if kind == "largest of three":
        return [root / np.pi] * 3, root**2 / np.pi
    of_first, of_second = (2 * root / np.pi * np.exp(-(t**2) / 2) for t in LEVELS)
    length = root**2 / np.pi * np.exp(-sum(t**2 for t in LEVELS) / 2)
    return [of_first * 0.55, of_first * 0.45, of_second * 0.6], length


def ratio_rows(side: int, n_volumes: int) -> Iterator[str]:
    """Yield the lines of the table of ratios to the closed forms, with standard deviations of single volumes."""
    yield "| material | sigma | S01 | S02 | S12 | L_V | L_V of sections: ratio, interval holds the truth |"
    yield "|---|---|---|---|---|---|---|"
    for kind, make in (("plurigaussian", plurigaussian), ("largest of three", largest_of_three)):
        for sigma in (2, 3, 4, 6):
            rng = np.random.default_rng(sigma)
            areas, length = exact_values(kind, sigma)
            volumes = [make(rng, side, sigma) for _ in range(n_volumes)]
            found = [[*statistics.interface_areas(v, periodic=True).values.values()] for v in volumes]
            lines = [statistics.triple_phase_boundary(v, periodic=True).value for v in volumes]
            sections = [statistics.triple_phase_boundary(v[z]) for v in volumes for z in range(0, side, side // 4)]
            held = np.mean([one.low <= length <= one.high for one in sections])
            ratios = np.column_stack([np.array(found) / areas, np.array(lines) / length])
            cells = [f"{m:.3f} ± {d:.3f}" for m, d in zip(ratios.mean(0), ratios.std(0, ddof=1), strict=True)]
            mean = np.mean([one.value for one in sections]) / length
            yield f"| {kind} | {sigma} | " + " | ".join(cells) + f" | {mean:.3f}, {held:.0%} |"


def describe(name: str, labels: np.ndarray, *, in_space: bool) -> str:
    """Return one line of the table of real materials."""
    start = time.perf_counter()
    fractions = statistics.phase_fractions(labels).values()
    areas = statistics.interface_areas(labels)
    per_volume = 1 if in_space else 4 / np.pi
    line = statistics.triple_phase_boundary(labels)
    seconds = time.perf_counter() - start
    shares = " ".join(f"{each.value:.4f} ± {each.half_width:.4f}" for each in fractions)
    surfaces = " ".join(f"{per_volume * area:.4f}" for area in areas.values.values())
    by_axis = "" if line.by_axis is None else f" ({', '.join(f'{value:.4f}' for value in line.by_axis)})"
    length = f"{line.value:.4f} ± {line.half_width:.4f}{by_axis}"
    return f"| {name} | {shares} | {surfaces} | {length} | {seconds:.1f} s |"


def describe_active(labels: np.ndarray) -> str:
    start = time.perf_counter()
    active = statistics.active_triple_phase_boundary(labels)
    seconds = time.perf_counter() - start
    by_axis = ", ".join(f"{value:.4f}" for value in active.by_axis)
    return f"\nactive boundary of the cathode: {by_axis} along z, y, x; {active.fraction:.1%} of all; {seconds:.0f} s"


def real_rows(folder: Path) -> Iterator[str]:
    """Yield the lines of the table of real materials that lie in `folder`."""
    missing = [name for name in (CATHODE, ANODE) if not (folder / name).exists()]
    if missing:
        yield f"missing in {folder}: {', '.join(missing)}; pass the folder that has them as --data"
    yield "| material | fractions of 0, 1, 2 | S01 S02 S12 | L_V (normal to z, y, x) | time |"
    yield "|---|---|---|---|---|"
    if ANODE not in missing:
        yield describe("anode, section of 1024²", np.squeeze(read_labels(folder / ANODE)), in_space=False)
    if CATHODE not in missing:
        cathode = read_labels(folder / CATHODE)
        for axis in range(3):
            section = cathode.take(cathode.shape[axis] // 2, axis)
            yield describe(f"cathode, section normal to {'zyx'[axis]}", section, in_space=False)
        yield describe("cathode, volume", cathode, in_space=True)
        yield describe_active(cathode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the real volumes")
    parser.add_argument("--side", type=int, default=128, help="edge length of the synthetic volumes")
    parser.add_argument("--volumes", type=int, default=4, help="number of synthetic volumes of each kind")
    options = parser.parse_args()
    for row in (*ratio_rows(options.side, options.volumes), "", *real_rows(options.data)):
        print(row, flush=True)


if __name__ == "__main__":
    main()
