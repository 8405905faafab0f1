"""Materials whose third dimension is known: a section to learn from, and true cubes.

Synthetic ones are made on demand; the real images are kept outside the repository.
"""

from __future__ import annotations

import itertools
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft, stats

DATA = Path(__file__).parents[2] / "shared" / "data" / "real"
POROSITY = 0.4
TRUTH_SEED = 1000


@dataclass(frozen=True)
class Spheres:
    """Void between overlapping spheres; Torquato (2002), chapter 5."""

    porosity: float = POROSITY
    radius: float = 8.0
    reach = 8
    """Number of additional voxels that make opposite faces of a volume independent."""

    def make(self, shape: tuple[int, int, int], seed: int) -> np.ndarray:
        """Return ``(z, y, x)`` booleans, true in the void, periodic."""
        rng = np.random.default_rng(seed)
        expected = -np.log(self.porosity) * np.prod(shape) / (4 / 3 * np.pi * self.radius**3)
        void = np.ones(shape, bool)
        around = np.arange(-int(self.radius) - 1, int(self.radius) + 2)
        for centre in rng.random((rng.poisson(expected), 3)) * shape:
            voxels = [int(c) + around for c in centre]
            z, y, x = np.ix_(*((v + 0.5 - c) ** 2 for v, c in zip(voxels, centre, strict=True)))
            void[np.ix_(*(v % n for v, n in zip(voxels, shape, strict=True)))] &= z + y + x > self.radius**2
        return void


@dataclass(frozen=True)
class Gaussian:
    """Level set of a Gaussian field with correlation exp(-r²/4σ²); Torquato (2002), section 8.2."""

    porosity: float = POROSITY
    sigma: float = 4.0
    reach = 16

    def make(self, shape: tuple[int, int, int], seed: int) -> np.ndarray:
        """Return ``(z, y, x)`` booleans, true where the field is low, periodic."""
        noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
        z, y, x = np.ix_(fft.fftfreq(shape[0]), fft.fftfreq(shape[1]), fft.rfftfreq(shape[2]))
        transfer = np.exp(-2 * (np.pi * self.sigma) ** 2 * (z**2 + y**2 + x**2)).astype(np.float32)
        field = fft.irfftn(fft.rfftn(noise) * transfer, s=shape)
        # exact for a box many correlations wide; the sample's own deviation would fix its porosity
        deviation = (4 * np.pi * self.sigma**2) ** -0.75
        return field < deviation * stats.norm.ppf(self.porosity)


@dataclass(frozen=True)
class Spinodal:
    """Level set of a Gaussian field whose wavelengths lie in a narrow band, like phases that separated."""

    porosity: float = POROSITY
    wavelength: float = 24.0
    width: float = 0.15
    reach = 24

    def make(self, shape: tuple[int, int, int], seed: int) -> np.ndarray:
        """Return ``(z, y, x)`` booleans, periodic."""
        noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
        z, y, x = np.ix_(fft.fftfreq(shape[0]), fft.fftfreq(shape[1]), fft.rfftfreq(shape[2]))
        wave = self.wavelength * np.sqrt(z**2 + y**2 + x**2)
        transfer = np.exp(-((wave - 1) ** 2) / (2 * self.width**2)).astype(np.float32)
        waves = fft.rfftn(noise) * transfer
        field = fft.irfftn(waves, s=shape)
        return field < field.std() * stats.norm.ppf(self.porosity)


SYNTHETIC = {"spheres": Spheres(), "gaussian": Gaussian(), "spinodal": Spinodal()}
CASES = (*SYNTHETIC, "berea", "nmc")


@dataclass(frozen=True, eq=False)
class Case:
    """Section to learn from, and true cubes."""

    section: np.ndarray
    cubes: np.ndarray

    @property
    def porosity(self) -> float:
        return float(self.cubes.mean())


def make_case(name: str, options: Any) -> Case:
    """Return a case with the section side, number and side of the cubes of the options."""
    if options.cases_from:
        return unpack(name, options)
    if name in SYNTHETIC:
        return synthetic_case(SYNTHETIC[name], options)
    return real_case(name, options)


def synthetic_case(material: Any, options: Any) -> Case:
    side = options.side
    slab = material.make((64, options.section + 2 * material.reach, options.section + 2 * material.reach), 1)
    slab = slab[:, : options.section, : options.section]
    section = slab[np.argmin(np.abs(slab.mean(axis=(1, 2)) - material.porosity))]
    whole = (material.make((side + 2 * material.reach,) * 3, TRUTH_SEED + i) for i in range(options.truths))
    return Case(section, np.stack([volume[:side, :side, :side] for volume in whole]))


def real_case(name: str, options: Any) -> Case:
    """Cut the middle of the middle plane, and cubes at the corners."""
    volume = read_real(name, options.data)
    middle = tuple(slice((n - options.section) // 2, (n + options.section) // 2) for n in volume.shape[1:])
    starts = itertools.product(*((0, n - options.side) for n in volume.shape))
    cubes = [volume[tuple(slice(s, s + options.side) for s in start)] for start in starts]
    # Opposite corners first, so that few cubes are far from each other.
    order = [0, 7, 3, 4, 5, 2, 6, 1][: options.truths]
    return Case(volume[volume.shape[0] // 2][middle], np.stack([cubes[i] for i in order]))


def read_real(name: str, folder: Path) -> np.ndarray:
    import tifffile

    if name == "berea":
        with zipfile.ZipFile(folder / "berea-400.zip") as archive:
            return tifffile.imread(BytesIO(archive.read("berea.tif"))) == 0
    return tifffile.imread(folder / "nmc-cbd-matbox-251x301x301.tif") == 0


def pack(path: Path, options: Any) -> None:
    stored = {}
    for name in options.cases:
        case = make_case(name, options)
        stored |= {f"{name}-section": case.section, f"{name}-cubes": np.packbits(case.cubes, axis=-1)}
    np.savez_compressed(path, **stored)
    print(f"{path}: {path.stat().st_size / 2**20:.1f} MB")


def unpack(name: str, options: Any) -> Case:
    with np.load(options.cases_from) as stored:
        cubes = np.unpackbits(stored[f"{name}-cubes"], axis=-1).astype(bool)
        size, side = slice(options.section), slice(options.side)
        return Case(stored[f"{name}-section"][size, size], cubes[: options.truths, side, side, side])
