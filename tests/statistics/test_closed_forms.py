"""Estimates against exact results; sources in Torquato (2002), Random Heterogeneous Materials."""

from __future__ import annotations

import numpy as np
import pytest

from napari_swnn import statistics


def test_s2_of_overlapping_spheres(spheres):
    s2 = statistics.pool([statistics.two_point_correlation(v, max_distance=24, periodic=True) for v in spheres.volumes])
    x = s2.distance / spheres.radius
    union = np.where(x < 2, 1 + 0.75 * x - x**3 / 16, 2)  # of two spheres, over the volume of one
    np.testing.assert_allclose(s2.values, spheres.void**union, atol=0.004)


def test_lineal_path_of_overlapping_spheres(spheres):
    path = statistics.pool([statistics.lineal_path(v, max_distance=40, periodic=True) for v in spheres.volumes])
    expected = spheres.void ** (1 + 3 * path.distance / (4 * spheres.radius))
    np.testing.assert_allclose(path.values, expected, atol=0.002)


@pytest.mark.parametrize("periodic", [False, True])
def test_chords_between_overlapping_spheres(spheres, periodic):
    # On a line the next voxel is void again with probability q: lengths are geometric, without bias from the border.
    q = spheres.void ** (3 / (4 * spheres.radius))
    chords = [statistics.chord_lengths(v, periodic=periodic) for v in spheres.volumes]
    n_voxels = np.arange(1, 40)
    density = np.mean([c.density[:39] for c in chords], axis=0)
    np.testing.assert_allclose(density, (1 - q) * q ** (n_voxels - 1), atol=0.004)
    assert np.mean([c.mean for c in chords]) == pytest.approx(1 / (1 - q), rel=0.02)


def test_specific_surface_of_overlapping_spheres(spheres):
    exact = 3 * spheres.eta / spheres.radius * spheres.void
    slope = [statistics.specific_surface_from_slope(v, periodic=True).value for v in spheres.volumes]
    mesh = [statistics.specific_surface_from_mesh(v).value for v in spheres.volumes]
    assert np.mean(slope) == pytest.approx(exact, rel=0.02)
    assert exact <= np.mean(mesh) <= 1.09 * exact  # facets of voxels are too large: see its docstring


@pytest.mark.parametrize(
    ("shape", "sigma"), [((1024, 1024), (4, 4)), ((160, 160, 160), (2, 3, 4))], ids=["2-D", "3-D, stretched"]
)
def test_s2_of_a_level_cut_gaussian_field(structures, rng, shape, sigma):
    volumes = [structures.level_set(rng, shape, sigma, 0.35) for _ in range(3)]
    s2 = statistics.pool([statistics.two_point_correlation(v, max_distance=16, periodic=True) for v in volumes])
    expected = [structures.level_set_s2(s2.distance, s, 0.35) for s in sigma]
    np.testing.assert_allclose(s2.by_axis, expected, atol=0.006)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_laminate(structures, axis):
    layers = structures.laminate((40, 40, 40), axis, period=10, width=4)
    along = [a for a in range(3) if a != axis]
    r = np.arange(11)
    s2 = statistics.two_point_correlation(layers, max_distance=10, periodic=True).by_axis
    np.testing.assert_allclose(s2[axis], np.maximum(np.maximum(4 - r, r - 6), 0) / 10)
    np.testing.assert_allclose(s2[along], 0.4)
    path = statistics.lineal_path(layers, max_distance=10, periodic=True).by_axis
    np.testing.assert_allclose(path[axis], np.maximum(4 - r, 0) / 10)
    np.testing.assert_allclose(path[along], 0.4)
    c2 = statistics.two_point_cluster(layers, max_distance=10, periodic=True).by_axis
    np.testing.assert_allclose(c2[axis], np.maximum(4 - r, 0) / 10)
    np.testing.assert_allclose(c2[along], 0.4)


@pytest.mark.parametrize("periodic", [False, True])
def test_chords_of_a_laminate(structures, periodic):
    layers = structures.laminate((40, 30), 0, period=10, width=4)
    chords = statistics.chord_lengths(np.roll(layers, 2, axis=0), periodic=periodic, voxel_size=0.5, unit="µm")
    assert chords.mean == 2.0
    np.testing.assert_array_equal(chords.mean_by_axis, [2.0, np.nan])
    np.testing.assert_array_equal(chords.n_chords, [4 * 30, 0])
    np.testing.assert_allclose(chords.density[[3, 4]], [2.0, 0.0])
    assert chords.density.sum() * 0.5 == pytest.approx(1)


def test_specific_surface_of_a_laminate(structures):
    layers = structures.laminate((41, 33, 37), 1, period=8, width=3)
    assert statistics.specific_surface_from_mesh(layers).value == pytest.approx(8 / 32)
    slope = statistics.specific_surface_from_slope(layers[:, :32], periodic=True, voxel_size=2)
    np.testing.assert_allclose(slope.by_axis, [0, 4 * (1 / 8) / 2, 0], atol=1e-12)


def test_checkerboard(structures):
    board = structures.checkerboard((48, 48), 8)
    r = np.arange(25)
    s2 = statistics.two_point_correlation(board, max_distance=24, periodic=True)
    np.testing.assert_allclose(s2.by_axis, [np.abs(8 - r % 16) / 16] * 2)
    length = statistics.correlation_length(board, periodic=True, voxel_size=0.25)
    np.testing.assert_allclose([length.value, *length.by_axis], 2 * 0.25)
    np.testing.assert_allclose([length.first_zero, *length.first_zero_by_axis], 4 * 0.25)
    assert length.reached_zero


def test_correlation_length_of_a_stretched_field(structures, rng):
    field = structures.level_set(rng, (512, 512), (3, 6), 0.5)
    # At half and half the normalised autocovariance is (2/π) arcsin g; its integral is a number times sigma.
    r = np.linspace(0, 12, 2000)
    per_sigma = np.trapezoid(2 / np.pi * np.arcsin(np.exp(-(r**2) / 4)), r)
    length = statistics.correlation_length(field, periodic=True)
    np.testing.assert_allclose(length.by_axis, per_sigma * np.array([3, 6]), rtol=0.15)


def test_a_correlation_that_outlasts_the_image_is_flagged(structures):
    length = statistics.correlation_length(structures.laminate((30, 30), 0, period=10, width=4))
    assert not length.reached_zero  # along the layers the autocovariance never falls
