"""A fine section with a coarse scan: python benchmarks/coarse_scan.py [--case berea rock anode separator ...].

berea, rock       A cube is reduced by a factor, as averages, as every k-th voxel and as the majority, and refined
                  again. Porosity, specific surface, permeability and conductivity of the refined cube stand beside
                  those of the original, and of the reduced cube interpolated and segmented at the same porosity. Of
                  Berea sandstone (berea-400.zip), the model is trained on sections of one half of the CT volume, and
                  the cube is in the other half. The rock is the material of the sample section, a level set.
anode, separator  Pairs of amirDahari1/SuperRes (MIT): fine sections and a volume of every fourth voxel of the same
                  material, of which there is no fine volume. Interfaces along each axis, and of each pair of phases,
                  stand beside those of the sections, and those expected: of the samples, times the ratio of the
                  sections to every fourth of their pixels. The separator differs along x; its sections do not have
                  the fractions of the volume. Its surface, and permeability and conductivity along z and x, stand
                  beside those of the samples interpolated.

A model is trained with --preset if its file is not in --models.
"""

from __future__ import annotations

import argparse
import zipfile
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
import tifffile
from scipy.ndimage import zoom

import napari_swnn as swnn
from napari_swnn.io import read_labels

SHARED = Path(__file__).resolve().parents[2] / "shared"
PAIRS = ("anode", "separator")
AXES = {"xy": (1, 2), "xz": (0, 2), "yz": (0, 1)}
"""Axis of the material along the rows and the columns of a section."""
Piece = tuple[np.ndarray, tuple[int, ...]]
"""Labels, and the axis of the material along each of their own axes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "real", help="folder with the volumes")
    parser.add_argument("--case", nargs="+", choices=("berea", "rock", *PAIRS), default=["berea"])
    parser.add_argument("--models", type=Path, default=Path(), help="folder of the models, such as berea.swnn")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--factor", type=int, default=4, help="reduction of berea and rock")
    options = parser.parse_args()
    for case in options.case:
        if case in PAIRS:
            report_pair(case, options)
            continue
        volume = rock(256) if case == "rock" else load(options.data / "berea-400.zip")
        corner = (0, 0, 0) if case == "rock" else (220, 100, 100)
        model = model_of(case, swnn.Reference([volume[z].astype(np.uint8) for z in (20, 100, 180)]), options)
        original = volume[tuple(slice(a, a + options.side) for a in corner)]
        report(model, original, options.factor)


def model_of(name: str, reference: swnn.Reference, options: argparse.Namespace) -> swnn.Model:
    """Load a model, or train it."""
    path = options.models / f"{name}.swnn"
    if not path.exists():
        swnn.train(reference, preset=options.preset, seed=0).save(path)
    return swnn.Model.load(path)


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


def report_pair(case: str, options: argparse.Namespace) -> None:
    """Print the interfaces of the sections, of the samples repeated and refined, and of a volume without a scan."""
    sections, scan = (anode if case == "anode" else separator)(options.data)
    planes = {plane: images for plane, images in sections.items() if len(sections) == 3}
    reference = swnn.Reference(**planes, phase=0) if planes else swnn.Reference(sections["xy"], phase=0)
    model = model_of(case, reference, options)
    n = options.side // 4
    samples = scan[:n, :n, :n]
    shape = (4 * n,) * 3
    print(f"{case}: fractions; interfaces along z, y, x of each pair of phases; share of samples kept", flush=True)
    pieces = [(image, AXES[plane]) for plane, images in sections.items() for image in images]
    print(f"{'sections':20} {listed(np.stack([image for image, _ in pieces]), interfaces(pieces))}", flush=True)
    print(f"{'expected':20} {listed(samples, expected(samples, pieces))}", flush=True)
    made = {"samples repeated": np.kron(samples, np.ones((4, 4, 4), np.uint8))}
    if case == "separator":
        made["samples interpolated"] = interpolated(samples.astype(float), 4, samples.mean()).astype(np.uint8)
    made |= {
        "refined, samples": refined_labels(model, shape, swnn.CoarseScan.from_labels(samples)),
        "refined, majority": refined_labels(model, shape, swnn.CoarseScan.from_labels(samples, kind="majority")),
        "no scan": refined_labels(model, shape, None),
    }
    for name, volume in made.items():
        kept = float((volume[::4, ::4, ::4] == samples).mean())
        print(f"{name:20} {listed(volume, interfaces([(volume, (0, 1, 2))]))}; {kept:.4f}", flush=True)
        if case == "separator":
            print(f"{'':20} surface; K and k along z, x: {describe_pores(volume)}", flush=True)


def describe_pores(labels: np.ndarray) -> str:
    """Return surface, and permeability and conductivity along z and x, of phase 0 in a solid that is 10 times worse."""
    surface = swnn.statistics.specific_surface_from_mesh(labels, phase=0).value
    flow = [permeability(labels, axis) for axis in (0, 2)]
    current = [swnn.physics.effective_conductivity(labels, {0: 1.0, 1: 0.1}, axis=axis).value for axis in (0, 2)]
    return f"{surface:.4f}; " + "; ".join(" ".join(f"{value:.4f}" for value in values) for values in (flow, current))


def permeability(labels: np.ndarray, axis: int) -> float:
    """Return the permeability of phase 0, which is 0 where no path spans the volume."""
    try:
        return swnn.physics.permeability(labels, phase=0, axis=axis).value
    except swnn.physics.NotPercolatingError:
        return 0.0


def refined_labels(model: swnn.Model, shape: tuple[int, ...], scan: swnn.CoarseScan | None) -> np.ndarray:
    return np.asarray(swnn.generate(model, shape, seed=1, coarse=scan))


def anode(folder: Path) -> tuple[dict[str, list[np.ndarray]], np.ndarray]:
    """Return the section, which stands for all planes, and the volume of every fourth voxel."""
    section = np.squeeze(read_labels(folder / "superres-SOFC_hr_input.tif"))
    return {"xy": [section]}, np.squeeze(read_labels(folder / "superres-SOFC_lr_input.tif"))


def separator(folder: Path) -> tuple[dict[str, list[np.ndarray]], np.ndarray]:
    """Return sections of all planes, of which two have x along their columns, and the volume of every fourth voxel."""
    rods, speckles, scan = (
        read_labels(folder / f"superres-Separator_{name}.tif")
        for name in ("hr_input_rods", "hr_input_speckles", "lr_input")
    )
    return {"xy": list(rods[:4]), "xz": list(rods[4:8]), "yz": list(speckles)}, scan  # the file repeats eight sections


def interfaces(pieces: list[Piece]) -> np.ndarray:
    """Return the share of neighbours ``(n_pairs, n_axes)`` along each axis that are each pair of phases."""
    found = []
    for pair in combinations(np.unique(pieces[0][0]), 2):
        along: dict[int, list[float]] = {}
        for piece, axes in pieces:
            for own, axis in enumerate(axes):
                moved = np.moveaxis(piece, own, 0)
                ends = np.sort([moved[:-1], moved[1:]], axis=0)
                along.setdefault(axis, []).append(float(((ends[0] == pair[0]) & (ends[1] == pair[1])).mean()))
        found.append([np.mean(along[axis]) for axis in sorted(along)])
    return np.array(found)


def expected(samples: np.ndarray, pieces: list[Piece]) -> np.ndarray:
    """Return the interfaces of the samples, times what every fourth pixel of the sections misses along each axis."""
    sampled = [(image[i::4, j::4], axes) for image, axes in pieces for i in range(4) for j in range(4)]
    missed = 4 * interfaces(pieces) / interfaces(sampled)
    if missed.shape[1] == 2:  # one section stands for all planes
        missed = missed.mean(1, keepdims=True)
    return missed * interfaces([(samples, (0, 1, 2))]) / 4


def listed(volume: np.ndarray, shares: np.ndarray) -> str:
    fractions = " ".join(f"{np.mean(volume == phase):.4f}" for phase in np.unique(volume))
    return f"{fractions}; " + " | ".join(" ".join(f"{share:.4f}" for share in line) for line in shares)


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
