"""Microstructures whose statistics are known exactly, handed to the tests as functions."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import fft, integrate, stats


def laminate(shape, axis, period, width):
    """Layers of `width` in every `period` voxels along `axis`."""
    place = np.indices(shape)[axis] % period
    return (place < width).astype(np.uint8)


def checkerboard(shape, cell):
    """Alternating cells of side `cell`."""
    return (sum(np.indices(shape) // cell) % 2).astype(np.uint8)


def gaussian_field(rng, shape, sigma):
    """White noise smoothed with a Gaussian, one sigma for each axis: correlation exp(-r² / 4 sigma²), variance 1."""
    sigma = np.broadcast_to(sigma, len(shape))
    frequencies = np.meshgrid(*map(fft.fftfreq, shape), indexing="ij", sparse=True)
    exponent = sum((np.pi * s * f) ** 2 for s, f in zip(sigma, frequencies, strict=True))
    transfer = np.exp(-2 * exponent)
    field = fft.ifftn(fft.fftn(rng.standard_normal(shape)) * transfer).real
    return field / np.sqrt(np.mean(transfer**2))


def level_set(rng, shape, sigma, fraction):
    """Gaussian field, cut so that 1 has `fraction` on average."""
    return (gaussian_field(rng, shape, sigma) < stats.norm.ppf(fraction)).astype(np.uint8)


def plurigaussian(rng, shape, sigma, levels):
    """0 where one field exceeds its level, elsewhere 1 where a second one exceeds its own, and 2."""
    first, second = (gaussian_field(rng, shape, sigma) > level for level in levels)
    return np.where(first, 0, np.where(second, 1, 2)).astype(np.uint8)


def argmax(rng, shape, sigma):
    """Number of the largest of three independent fields."""
    return np.argmax([gaussian_field(rng, shape, sigma) for _ in range(3)], axis=0).astype(np.uint8)


def level_set_s2(distance, sigma, fraction):
    """S2 of a level-cut Gaussian field with correlation exp(-r² / 4 sigma²); Torquato (2002), section 8.2."""
    a = stats.norm.ppf(fraction)

    def excess(r):
        g = np.exp(-((r / sigma) ** 2) / 4)
        # t = sin(u) takes away the root in the denominator
        return integrate.quad(lambda u: np.exp(-(a**2) / (1 + np.sin(u))), 0, np.arcsin(g))[0] / (2 * np.pi)

    return fraction**2 + np.array([excess(r) for r in np.atleast_1d(distance)])


def count_pairs(inside, axis, distance, periodic, joined):
    """Count the segments of `distance` along `axis` for which `joined(voxels on it)`, one by one."""
    n = inside.shape[axis]
    count = 0
    for place in product(*map(range, inside.shape)):
        if periodic or place[axis] + distance < n:
            steps = [(place[axis] + r) % n for r in range(distance + 1)]
            on_it = [inside[(*place[:axis], s, *place[axis + 1 :])] for s in steps]
            count += joined(on_it)
    return count


@pytest.fixture(scope="session")
def structures():
    return SimpleNamespace(
        laminate=laminate,
        checkerboard=checkerboard,
        level_set=level_set,
        plurigaussian=plurigaussian,
        argmax=argmax,
        level_set_s2=level_set_s2,
        count_pairs=count_pairs,
    )


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


@pytest.fixture(scope="session")
def spheres(overlapping_spheres):
    """Void between overlapping spheres: four volumes of 96³, radius 7, void fraction 0.4."""
    rng = np.random.default_rng(5)
    radius = 7.0
    volumes = [overlapping_spheres(rng, 96, radius=radius, void=0.4) for _ in range(4)]
    void = float(np.mean(volumes))  # the closed forms are compared at the void fraction that came out
    return SimpleNamespace(volumes=volumes, radius=radius, void=void, eta=-np.log(void))
