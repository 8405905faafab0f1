"""Time and memory of conductivity, diffusion and permeability, beside other packages on the same volumes.

Usage: ``python benchmarks/physics_speed.py``, with ``OMP_NUM_THREADS=1`` for one core. The volumes are Gaussian blobs.
Each solve runs in a process of its own, one after the other, so that the memory is its own and ratios of the time of
the processor are comparable between machines. Packages that are not installed are left out: pyamg, taufactor, porespy
with openpnm. Memory is the peak beyond what the process held before, libraries included, for each voxel.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from scipy.ndimage import gaussian_filter

import _physics_peers as peers

Solve = Callable[[np.ndarray], float]

SOLVES: dict[str, dict[str, Solve]] = {
    "conductivity": {
        "ours, float64": partial(peers.ours, precision="float64", quantity="conductivity"),
        "ours, float32": partial(peers.ours, precision="float32", quantity="conductivity"),
        "pyamg": peers.pyamg,
        "taufactor": peers.taufactor_phases,
    },
    "diffusion": {
        "ours, float64": partial(peers.ours, precision="float64", quantity="diffusion"),
        "taufactor": peers.taufactor_diffusion,
        "porespy": peers.porespy_diffusion,
    },
    "permeability": {
        "ours, float64": partial(peers.ours, precision="float64", quantity="permeability"),
        "ours, float32": partial(peers.ours, precision="float32", quantity="permeability"),
        "ours, lattice Boltzmann": partial(peers.ours, precision="float32", quantity="permeability", method="lbm"),
    },
}
FRACTIONS = {"conductivity": 0.25, "diffusion": 0.35, "permeability": 0.35}


def blobs(n: int, fraction: float, sigma: float = 4, seed: int = 0) -> np.ndarray:
    """Return a cube of n voxels that is 1 where a smooth periodic Gaussian field is low."""
    smooth = gaussian_filter(np.random.default_rng(seed).standard_normal((n, n, n), np.float32), sigma, mode="wrap")
    return (smooth < np.quantile(smooth, fraction)).astype(np.uint8)


def measure(solve: Solve, n: int, fraction: float) -> tuple[float, float, float, float]:
    """Return the wall time, the time of the processor, the peak of bytes for each voxel, and the property."""
    solve(blobs(16, fraction))  # loads code
    volume = blobs(n, fraction)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak, on Linux
    wall, processor = perf_counter(), process_time()
    value = solve(volume)
    times = perf_counter() - wall, process_time() - processor
    return *times, (_status("VmHWM") - before) / n**3, value


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(name)).split()[1])


def main() -> None:
    """Print one line for each solve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128], help="edge lengths of the volumes")
    parser.add_argument("--quantities", nargs="+", choices=SOLVES, default=list(SOLVES))
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of the names of the solves to run")
    options = parser.parse_args()
    print("| quantity | side | solver | wall, s | processor, s | ratio | bytes a voxel | value |")
    print("|---|---|---|---|---|---|---|---|")
    for quantity in options.quantities:
        for n in options.sizes:
            report(quantity, n, tuple(options.only))


def report(quantity: str, n: int, only: tuple[str, ...]) -> None:
    own = None
    for name, solve in SOLVES[quantity].items():
        if not name.startswith(only):
            continue
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            try:
                figures = process.submit(measure, solve, n, FRACTIONS[quantity]).result()
            except ImportError as error:
                print(f"{name}: {error}")
                continue
        wall, processor, n_bytes, value = figures
        own = own or processor
        cells = f"{wall:.2f} | {processor:.2f} | {processor / own:.1f} | {n_bytes:.0f} | {value:.5f}"
        print(f"| {quantity} | {n}³ | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
