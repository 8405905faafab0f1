"""A fine section with a coarse scan, on Berea sandstone: python benchmarks/coarse_scan.py --data FOLDER.

A model is trained on sections of one half of the CT volume. A cube of the other half is reduced by a factor, as
averages, as every k-th voxel and as the majority, and refined again. Porosity, specific surface, permeability and
conductivity of the refined cube stand beside those of the original and of the reduced cube, interpolated and segmented
at the same porosity. With `--synthetic`, the material is that of the sample section "rock", of which the model must be,
as a volume of known statistics.
"""

from __future__ import annotations

import argparse
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import tifffile
from scipy.ndimage import zoom

import napari_swnn as swnn

SHARED = Path(__file__).resolve().parents[2] / "shared"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "real", help="folder with berea-400.zip")
    parser.add_argument("--model", type=Path, default=Path("berea.swnn"), help="model file, which is trained if absent")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--factor", type=int, default=4)
    parser.add_argument("--synthetic", action="store_true", help="use a volume of the material of the sample rock")
    options = parser.parse_args()
    side, k = options.side, options.factor
    if options.synthetic:
        report(swnn.Model.load(options.model), rock(side), k)
        return
    pores = load(options.data / "berea-400.zip")
    if options.model.exists():
        model = swnn.Model.load(options.model)
    else:
        sections = [pores[z].astype(np.uint8) for z in (20, 100, 180)]
        model = swnn.train(swnn.Reference(sections), preset=options.preset, seed=0)
        model.save(options.model)
    report(model, pores[220 : 220 + side, 100 : 100 + side, 100 : 100 + side], k)


def report(model: swnn.Model, original: np.ndarray, k: int) -> None:
    """Print a line for the original and for each volume that is made from its reduction."""
    averages = block_average(original, k)
    made = {"original": original}
    made["scan interpolated"] = interpolated(averages, k, original.mean())
    made["refined, averages"] = refined(model, swnn.CoarseScan(averages), original.shape)
    noisy = averages + 0.05 * np.random.default_rng(0).standard_normal(averages.shape)
    made["refined, averages with noise .05"] = refined(
        model, swnn.CoarseScan(np.clip(noisy, 0, 1), noise=0.05), original.shape
    )
    samples = original[::k, ::k, ::k]
    made["samples interpolated"] = interpolated(samples.astype(float), k, samples.mean())
    made["refined, samples"] = refined(model, swnn.CoarseScan.from_labels(samples, phase=1), original.shape)
    majority = swnn.CoarseScan.from_labels(averages > 0.5, phase=1, kind="majority")
    made["refined, majority"] = refined(model, majority, original.shape)
    made["no scan"] = swnn.generate(model, original.shape, seed=1) == model.labels.phase
    print("volume                            porosity  surface  voxels  blocks   K/voxel^2  k W/(m K)", flush=True)
    for name, volume in made.items():
        print(f"{name:32}  {describe(volume, original, averages, k)}", flush=True)


def rock(side: int) -> np.ndarray:
    """Return a volume of the material of the sample section, a level set with correlation length 4."""
    wave = 2 * np.pi * np.fft.fftfreq(side)
    squares = wave[:, None, None] ** 2 + wave[:, None] ** 2 + wave**2
    white = np.fft.fftn(np.random.default_rng(7).standard_normal((side,) * 3))
    grey = np.fft.ifftn(white * np.exp(-squares * 4.0**2 / 4)).real
    return grey > np.quantile(grey, 0.75)


def load(path: Path) -> np.ndarray:
    """Return the pores of the CT volume."""
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.lower().endswith((".tif", ".tiff")))
        return tifffile.imread(BytesIO(archive.read(name))) == 0


def block_average(volume: np.ndarray, k: int) -> np.ndarray:
    """Return the mean over cubes of `k` voxels along each axis."""
    shape = [m for n in volume.shape for m in (n // k, k)]
    return volume.reshape(shape).mean(axis=(1, 3, 5))


def interpolated(scan: np.ndarray, k: int, porosity: float) -> np.ndarray:
    """Return the scan interpolated linearly, segmented at a porosity."""
    fine = zoom(scan, k, order=1, mode="nearest", grid_mode=True)
    return fine > np.quantile(fine, 1 - porosity)


def refined(model: swnn.Model, scan: swnn.CoarseScan, shape: tuple[int, ...]) -> np.ndarray:
    """Return the scan with the detail of the model."""
    return swnn.generate(model, shape, seed=1, coarse=scan) == model.labels.phase


def describe(volume: np.ndarray, original: np.ndarray, averages: np.ndarray, k: int) -> str:
    """Return porosity, surface, share of equal voxels, error of block averages, permeability and conductivity."""
    labels = volume.astype(np.uint8)
    surface = swnn.statistics.specific_surface_from_mesh(labels, phase=1).value
    gap = np.abs(block_average(volume, k) - averages).max()
    permeability = swnn.physics.permeability(labels, phase=1, axis=0).value
    conductivity = swnn.physics.effective_conductivity(labels, {1: 0.026, 0: 1.4}, axis=0).value
    return (
        f"{volume.mean():.4f}    {surface:.4f}   {(volume == original).mean():.4f}  {gap:.4f}   {permeability:.4f}     "
        f"{conductivity:.4f}"
    )


if __name__ == "__main__":
    main()
