"""The same structure at coarser resolutions: python benchmarks/resolution.py --model FILE.

Compares volumes of `scale=2, 4, …` with the finest volume of the same seed and region: porosity, specific surface area,
two-point correlation at common distances, and agreement with the majority of the finer voxels in each coarse voxel.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import napari_swnn as swnn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--side", type=int, default=128, help="edge length of the finest volume")
    parser.add_argument("--volumes", type=int, default=4)
    options = parser.parse_args()
    model = swnn.Model.load(options.model)
    phase = model.labels.phase
    scales = sorted(stage.scale for stage in model.network.stages)
    rows: dict[int, list[list[float]]] = {scale: [] for scale in scales}
    for seed in range(1, options.volumes + 1):
        fine = swnn.generate(model, (options.side,) * 3, seed=seed) == phase
        correlation = swnn.statistics.two_point_correlation(fine, phase=1, max_distance=32)
        for scale in scales:
            volume = swnn.generate(model, (options.side // scale,) * 3, seed=seed, scale=scale) == phase
            own = swnn.statistics.two_point_correlation(volume, phase=1, max_distance=32 // scale)
            majority = block_average(fine, scale) >= 0.5
            gap = np.abs(own.values - correlation.values[::scale]).mean()
            surface = swnn.statistics.specific_surface_from_mesh(volume, phase=1).value / scale
            rows[scale].append([volume.mean(), gap, surface, (volume == majority).mean(), majority.mean()])
    print("scale  porosity         |S2 - S2 fine|  surface 1/voxel  agrees with majority  porosity of the majority")
    for scale, values in rows.items():
        mean, spread = np.mean(values, axis=0), np.std(values, axis=0)
        print(
            f"{scale:5}  {mean[0]:.4f} ± {spread[0]:.4f}  {mean[1]:.4f}          {mean[2]:.4f}           {mean[3]:.4f}"
            f"                {mean[4]:.4f}"
        )


def block_average(volume: np.ndarray, scale: int) -> np.ndarray:
    """Return the mean over cubes of `scale` voxels along each axis."""
    cut = tuple(slice(0, n // scale * scale) for n in volume.shape)
    shape = [m for n in volume.shape for m in (n // scale, scale)]
    return volume[cut].reshape(shape).mean(axis=(1, 3, 5))


if __name__ == "__main__":
    main()
