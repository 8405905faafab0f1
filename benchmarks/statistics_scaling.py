"""Time and peak extra memory of the two-point correlation and the lineal path, and the ratio to porespy.

Usage: ``python benchmarks/statistics_scaling.py [--sides 128 256 512] [--compare 128] [--repeats 3]``
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from scipy import ndimage

from napari_swnn import statistics

if TYPE_CHECKING:
    from collections.abc import Callable

TILE = 128


def level_set(side: int, fraction: float = 0.35) -> np.ndarray:
    """Return a periodic level-cut Gaussian field, tiled to `side`."""
    noise = np.random.default_rng(0).standard_normal((TILE,) * 3)
    smooth = ndimage.gaussian_filter(noise, 3, mode="wrap")
    tile = smooth < np.quantile(smooth, fraction)
    return np.tile(tile.view(np.uint8), (-(-side // TILE),) * 3)[:side, :side, :side]


def measure(call: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Return the shortest time in seconds, and the peak memory allocated by numpy in one more run, in GB."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return min(seconds), peak / 1e9


def report(name: str, side: int, seconds: float, memory: float) -> None:
    """Print one line of the table."""
    print(f"{name:<40} {side:>4}³ {seconds:>9.2f} s {memory:>8.3f} GB")


def scale(side: int, repeats: int) -> None:
    """Measure the curves to a distance of 64 voxels, on a numpy array and on a dask array in chunks of 128."""
    volume = level_set(side)
    lazy = da.from_array(volume, chunks=128)
    for function in (statistics.two_point_correlation, statistics.lineal_path, statistics.chord_lengths):
        options = {} if function is statistics.chord_lengths else {"max_distance": min(64, side - 1)}
        report(function.__name__, side, *measure(lambda f=function, o=options: f(volume, **o), repeats))
        report(f"{function.__name__}, dask", side, *measure(lambda f=function, o=options: f(lazy, **o), repeats))


def compare(side: int, repeats: int) -> None:
    """Measure porespy on the same volume; its two-point correlation is radial, ours is along each axis."""
    try:
        import porespy
    except ImportError:
        print("porespy is not installed, so no ratio is given (pip install porespy)")
        return
    porespy.settings.tqdm["disable"] = True
    pores = level_set(side).astype(bool)
    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "two_point_correlation": (
            lambda: statistics.two_point_correlation(pores),
            lambda: porespy.metrics.two_point_correlation(pores),
        ),
        "chord_lengths": (
            lambda: statistics.chord_lengths(pores),
            lambda: [porespy.filters.apply_chords(pores, axis=axis) for axis in range(3)],
        ),
    }
    for name, (ours, theirs) in pairs.items():
        own, other = measure(ours, repeats), measure(theirs, 1)
        report(f"{name}, porespy {porespy.__version__}", side, *other)
        print(f"    {other[0] / own[0]:.0f} times as long as here")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sides", type=int, nargs="*", default=[128, 256, 512], help="edge lengths of the volumes in voxels"
    )
    parser.add_argument("--compare", type=int, default=128, help="edge length of the volume for porespy, in voxels")
    parser.add_argument("--repeats", type=int, default=3, help="runs; the shortest counts")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, numpy {np.__version__}")
    for side in options.sides:
        scale(side, options.repeats)
    compare(options.compare, options.repeats)


if __name__ == "__main__":
    main()
