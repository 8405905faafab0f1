"""Synthetic references with known statistics, and a raw micrograph, computed on demand; no download is needed.

Each reference is one Labels layer ``(data, attributes, "labels")`` of 256 x 256 pixels. Four of them, with phase 1 and
background 0, resemble the materials of the paper; two have three phases. The pixels are identical on every call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_swnn._layer_style import METADATA_KEY, PHASE_COLOUR, name_features
from napari_swnn._types import BoolArray, FloatArray

SIDE = 256
RAW_PIXEL = 0.05
"""Edge length of a pixel of the raw micrograph in micrometres."""
Spectrum = Callable[[tuple[FloatArray, FloatArray]], FloatArray]
LayerData = tuple[NDArray[Any], dict[str, Any], str]


def silica_like() -> list[LayerData]:
    """Return sparse rounded pores: a section of overlapping spheres with a radius of 6 pixels, porosity 0.10."""
    return _layer("silica-like", overlapping_spheres_section(0.10, radius=6, seed=8), 0.5)


def rock_like() -> list[LayerData]:
    """Return winding pores of many sizes: a Gaussian level set with correlation exp(-r²/2l²), porosity 0.20."""
    return _layer(
        "rock-like", gaussian_level_set(0.20, lambda k: np.exp(-(np.hypot(*k) ** 2) * 4.0**2 / 2), seed=2), 2.0
    )


def electrode_like() -> list[LayerData]:
    """Return the fine pore space between overlapping particles with a radius of 4 pixels, porosity 0.41."""
    return _layer("electrode-like", ~overlapping_spheres_section(0.59, radius=4, seed=1), 0.1)


def superalloy_like() -> list[LayerData]:
    """Return channels of area fraction 0.38 between near-periodic precipitates aligned with the axes."""

    def spectrum(k: tuple[FloatArray, FloatArray]) -> FloatArray:
        wave = 2 * np.pi / 14  # a period of 14 pixels along each axis
        width = 0.07  # of the peaks: order persists over a few periods
        bumps = [(k[0] - a) ** 2 + (k[1] - b) ** 2 for a, b in ((wave, 0), (-wave, 0), (0, wave), (0, -wave))]
        return np.asarray(np.sum([np.exp(-bump / (2 * width**2)) for bump in bumps], axis=0))

    return _layer("superalloy-like", gaussian_level_set(0.38, spectrum, seed=4), 0.05)


def three_phase_electrode() -> list[LayerData]:
    """Return a battery electrode: pores (0), active material (1), and a binder (2) some three pixels thick.

    A field Z0 with sigma 6 and a second one, Z1, with sigma 9 have correlations exp(-r²/4 sigma²). The active material
    is where Z0 > 0; the binder covers half of its surface, where Z0 > -0.524 and Z1 > 0. In the material the volume
    fractions are 0.4, 0.5 and 0.1. With λ = 1/(2 sigma²), the interface areas per volume are √λ₀/π = 0.0375 between the
    active material and each of the others, and √λ₀ exp(-0.524²/2)/π + 0.4 √λ₁/π = 0.0427 between binder and pores; the
    triple-phase boundary is √(λ₀ λ₁)/π = 0.00295 per pixel².
    """
    coating, cover = (gaussian_field(smooth_spectrum(sigma), seed=seed) for sigma, seed in ((6, 45), (9, 46)))
    labels = np.where(coating > 0, 1, np.where((coating > -0.5244) & (cover > 0), 2, 0))
    colours: dict[int | None, Any] = {0: (0.15, 0.15, 0.2, 1.0), 1: (0.62, 0.64, 0.68, 1.0), 2: (0.9, 0.6, 0.1, 1.0)}
    names = {0: "pore", 1: "active material", 2: "binder"}
    return _phases_layer("three-phase electrode", labels, 0.1, names, colours)


def three_phase_alloy() -> list[LayerData]:
    """Return an alloy of three phases that are alike: alpha (1), beta (2) and gamma (3).

    Each pixel has the phase whose Gaussian field, with correlation exp(-r²/4 sigma²) and sigma 7, is the largest. In
    the material each volume fraction is 1/3. With λ = 1/(2 sigma²), the interface area of each pair is √λ/π = 0.0322
    per pixel, and the triple-phase boundary λ/π = 0.00325 per pixel².
    """
    fields = [gaussian_field(smooth_spectrum(7), seed=seed) for seed in (48, 49, 50)]
    colours: dict[int | None, Any] = {1: (0.9, 0.6, 0.1, 1.0), 2: (0.2, 0.55, 0.9, 1.0), 3: (0.15, 0.68, 0.48, 1.0)}
    names = {1: "alpha", 2: "beta", 3: "gamma"}
    return _phases_layer("three-phase alloy", 1 + np.argmax(fields, axis=0), 0.05, names, colours)


def raw_micrograph() -> list[LayerData]:
    """Return an electron micrograph as an instrument saves it: noise, uneven brightness and a data bar, 8 bits.

    The section of 512 x 512 pixels has dark pores of porosity 0.25, `raw_pores`; the data bar below shows 10 µm.
    """
    rng = np.random.default_rng(7)
    y, x = np.indices((2 * SIDE, 2 * SIDE)) / (2 * SIDE)
    brightness = 1 + 0.35 * (x - 0.5) - 0.25 * (y - 0.5) ** 2
    grey = np.where(raw_pores(), 70.0, 140.0)
    # The beam is wider than a pixel: the mean over 3 x 3 pixels.
    sharp = np.pad(grey, 1, mode="edge")
    shifted = [np.roll(sharp, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    blurred = np.mean(shifted, axis=0)[1:-1, 1:-1]
    noisy = blurred * brightness + rng.normal(0, 18, grey.shape)
    image = np.concatenate([np.clip(np.rint(noisy), 0, 255).astype(np.uint8), _data_bar(2 * SIDE)])
    attributes = {"name": "raw SEM micrograph", "scale": (RAW_PIXEL, RAW_PIXEL), "units": ("um", "um")}
    return [(image, attributes, "image")]


def raw_pores() -> BoolArray:
    """Return the pores of `raw_micrograph`: a Gaussian level set of 512 x 512 pixels."""
    return gaussian_level_set(0.25, lambda k: np.exp(-(np.hypot(*k) ** 2) * 6.0**2 / 2), seed=5, side=2 * SIDE)


def _data_bar(width: int) -> NDArray[np.uint8]:
    """Return a black strip with white text and a scale bar of 10 µm."""
    from PIL import Image, ImageDraw

    strip = Image.new("L", (width, 40), 0)
    draw = ImageDraw.Draw(strip)
    draw.text((8, 14), "15.0 kV   x 2000   SE", fill=255)
    length = round(10 / RAW_PIXEL)
    draw.rectangle((width - length - 12, 24, width - 13, 29), fill=255)
    draw.text((width - length // 2 - 32, 8), "10 um", fill=255)
    return np.asarray(strip)


def gaussian_level_set(fraction: float, spectrum: Spectrum, *, seed: int, side: int = SIDE) -> BoolArray:
    """Return a section of a thresholded Gaussian random field with the given power spectrum.

    Parameters
    ----------
    fraction : float
        Area fraction of the phase, met to within one pixel.
    spectrum, seed, side
        See `gaussian_field`.
    """
    grey = gaussian_field(spectrum, seed=seed, side=side)
    phase: BoolArray = grey >= np.quantile(grey, 1 - fraction)
    return phase


def gaussian_field(spectrum: Spectrum, *, seed: int, side: int = SIDE) -> FloatArray:
    """Return a section of a Gaussian random field; its pixels have mean 0 and variance 1.

    Parameters
    ----------
    spectrum : callable
        Power spectral density as a function of the wave vector ``(ky, kx)`` in radians per pixel. Its Fourier transform
        determines the two-point correlation of level sets (Berk 1991).
    seed : int
        Seed of the random field.
    side : int
        Edge length of the periodic section in pixels.
    """
    white = np.fft.fft2(np.random.default_rng(seed).standard_normal((side, side)))
    frequency = 2 * np.pi * np.fft.fftfreq(side)
    waves = np.meshgrid(frequency, frequency, indexing="ij")
    grey = np.fft.ifft2(white * np.sqrt(spectrum((waves[0], waves[1])))).real
    return np.asarray((grey - grey.mean()) / grey.std())


def smooth_spectrum(sigma: float) -> Spectrum:
    """Return the power spectrum of a field with correlation exp(-r²/4 sigma²), `sigma` in pixels."""
    return lambda k: np.asarray(np.exp(-(np.hypot(*k) ** 2) * sigma**2))


def overlapping_spheres_section(fraction: float, *, radius: float, seed: int, side: int = SIDE) -> BoolArray:
    """Return a section through overlapping spheres of equal radius at random positions (Boolean model).

    Parameters
    ----------
    fraction : float
        Expected area fraction of the spheres; the fraction of a finite section varies around it.
    radius : float
        Radius of the spheres, in pixels.
    seed : int
        Seed of the sphere centres.
    side : int
        Edge length of the periodic section in pixels.
    """
    rng = np.random.default_rng(seed)
    density = -np.log(1 - fraction) / (4 / 3 * np.pi * radius**3)
    centres = rng.uniform((0, 0, -radius), (side, side, radius), (rng.poisson(density * side**2 * 2 * radius), 3))
    axis = np.arange(side) + 0.5
    section = np.zeros((side, side), bool)
    for y, x, height in centres:
        dy, dx = (np.abs(axis - c) for c in (y, x))
        dy, dx = np.minimum(dy, side - dy), np.minimum(dx, side - dx)
        section |= dy[:, None] ** 2 + dx**2 <= radius**2 - height**2
    return section


def _layer(name: str, phase: BoolArray, pixel_size: float) -> list[LayerData]:
    attributes = {
        "name": name,
        "scale": (pixel_size, pixel_size),
        "units": ("um", "um"),
        "opacity": 1.0,  # the phase looks as in a reconstruction
        "colormap": {1: PHASE_COLOUR, None: "transparent"},
    }
    return [(phase.astype(np.uint8), attributes, "labels")]


def _phases_layer(
    name: str,
    labels: NDArray[Any],
    pixel_size: float,
    names: dict[int, str],
    colours: dict[int | None, Any],
) -> list[LayerData]:
    """Return labels of several phases, the first of which is that of interest, with their names and colours."""
    attributes = {
        "name": name,
        "scale": (pixel_size, pixel_size),
        "units": ("um", "um"),
        "opacity": 1.0,  # the phases look as in a reconstruction
        "colormap": colours | {None: "transparent"},
        "features": name_features(names),
        "metadata": {METADATA_KEY: {"phases": names, "phase": min(names)}},
    }
    return [(labels.astype(np.uint8), attributes, "labels")]
