"""Time of conductivity and permeability of Gaussian blobs, with pyamg on the same problem for comparison.

Usage: ``python benchmarks/physics_speed.py``, with ``OMP_NUM_THREADS=1`` for one core. The solvers take turns in one
process, so that their ratio is comparable between machines.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import pyamg
from scipy import sparse
from scipy.ndimage import gaussian_filter

from napari_swnn.physics import SolverOptions, effective_conductivity, permeability

PORE, SOLID = 0.026, 1.4  # W/(m·K), the paper's silica


def blobs(n: int, fraction: float, sigma: float = 4, seed: int = 0) -> np.ndarray:
    """Return a cube of n voxels that is 1 where a smooth periodic Gaussian field is low."""
    smooth = gaussian_filter(np.random.default_rng(seed).standard_normal((n, n, n)), sigma, mode="wrap")
    return (smooth < np.quantile(smooth, fraction)).astype(np.uint8)


def multigrid_conductivity(volume: np.ndarray, tolerance: float = 1e-5) -> float:
    """Assemble the finite-volume matrix and solve it by smoothed aggregation with conjugate gradients."""
    k = np.where(volume == 1, PORE, SOLID)
    number = np.arange(k.size).reshape(k.shape)
    links = [(number[1:], number[:-1], 2 / (1 / k[1:] + 1 / k[:-1]))]
    for side in (1, 2):
        links.append((number, np.roll(number, 1, side), 2 / (1 / k + 1 / np.roll(k, 1, side))))
    here, there, conductance = (np.concatenate([link[part].ravel() for link in links]) for part in range(3))
    ends = np.zeros_like(k)
    ends[0] += 2 * k[0]
    ends[-1] += 2 * k[-1]
    off_diagonal = sparse.coo_array((-conductance, (here, there)), shape=(k.size, k.size)).tocsr()
    off_diagonal = off_diagonal + off_diagonal.T
    matrix = (off_diagonal + sparse.diags_array(ends.ravel() - off_diagonal.sum(axis=1))).tocsr()
    rhs = np.zeros_like(k)
    rhs[0] = 2 * k[0]
    solver = pyamg.smoothed_aggregation_solver(matrix, symmetry="symmetric")
    temperature = solver.solve(rhs.ravel(), tol=tolerance, accel="cg").reshape(k.shape)
    return float(np.mean(2 * k[0] * (1 - temperature[0])) * k.shape[0])


def timed(solve: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the shortest time of several runs in seconds, and their result."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        result = solve()
        times.append(perf_counter() - start)
    return min(times), result


def main() -> None:
    """Print one line for each solve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[64, 128], help="edge lengths of the conductivity volumes"
    )
    parser.add_argument(
        "--flow-sizes", type=int, nargs="+", default=[64], help="edge lengths of the permeability volumes"
    )
    parser.add_argument("--repeats", type=int, default=2, help="runs of each; the fastest counts")
    parser.add_argument("--device", default="cpu", choices=["auto", "cpu", "cuda"])
    options = parser.parse_args()

    for n in options.sizes:
        volume = blobs(n, 0.25)
        reference, value = timed(lambda volume=volume: multigrid_conductivity(volume), 1)
        print(f"conductivity {n}³ pyamg     {reference:7.2f} s                  k = {value:.6f} W/(m·K)")
        for precision in ("float64", "float32"):
            seconds, result = timed(
                lambda volume=volume, precision=precision: effective_conductivity(
                    volume,
                    {1: PORE, 0: SOLID},
                    axis=0,
                    options=SolverOptions(precision=precision, device=options.device),
                ),
                options.repeats,
            )
            print(
                f"conductivity {n}³ {precision}   {seconds:7.2f} s, {reference / seconds:4.0f} x pyamg    "
                f"k = {result.value:.6f} W/(m·K), {result.n_iterations} iterations"
            )
    for n in options.flow_sizes:
        volume = blobs(n, 0.35)
        for method, precision in (("stokes", "float64"), ("stokes", "float32"), ("lbm", "float32")):
            seconds, result = timed(
                lambda volume=volume, method=method, precision=precision: permeability(
                    volume,
                    phase=1,
                    axis=0,
                    options=SolverOptions(method=method, precision=precision, device=options.device),
                ),
                options.repeats,
            )
            print(
                f"permeability {n}³ {method:6} {precision} {seconds:7.2f} s    "
                f"K = {result.value:.5f} voxel², {result.n_iterations} iterations"
            )


if __name__ == "__main__":
    main()
