"""Three-phase fields whose statistics are known in closed form: plurigaussian, and the largest of three fields.

With a correlation of exp(-r² / 4 sigma²), each component of the gradient of a field has the variance 1 / (2 sigma²).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from napari_swnn import statistics

A, B = norm.isf(0.4), norm.isf(0.55)
"""Levels of the plurigaussian fields."""
FRACTIONS = np.array([0.4, 0.6 * 0.55, 0.6 * 0.45])


def root_lambda(sigma):
    """Standard deviation of a component of the gradient."""
    return 1 / (np.sqrt(2) * sigma)


def areas_of_levels(sigma):
    """Area of the level sets at A and B per volume (Adler and Taylor 2007)."""
    return [2 * root_lambda(sigma) / np.pi * np.exp(-(t**2) / 2) for t in (A, B)]


@pytest.fixture(scope="module", params=[3, 4])
def fields(request, structures):
    """Two volumes of each kind with the same sigma."""
    rng = np.random.default_rng(request.param)
    shape, sigma = (96,) * 3, request.param
    pluri = [structures.plurigaussian(rng, shape, sigma, (A, B)) for _ in range(2)]
    return sigma, pluri, [structures.argmax(rng, shape, sigma) for _ in range(2)]


def mean_areas(volumes):
    found = [statistics.interface_areas(volume, periodic=True) for volume in volumes]
    return {pair: np.mean([one.values[pair] for one in found]) for pair in found[0].values}


def test_fractions_of_plurigaussian_fields(structures):
    rng = np.random.default_rng(1)
    section = structures.plurigaussian(rng, (1024, 1024), 3, (A, B))
    found = [interval.value for interval in statistics.phase_fractions(section, periodic=True).values()]
    np.testing.assert_allclose(found, FRACTIONS, atol=0.012)


def test_cross_correlations_of_plurigaussian_fields(structures, fields):
    sigma, volumes, _ = fields
    curves = [statistics.cross_correlations(volume, max_distance=16, periodic=True) for volume in volumes]
    r = np.arange(17)
    p_a, p_b = 0.4, 0.55
    both_a, both_b = (structures.level_set_s2(r, sigma, p) for p in (p_a, p_b))  # of a field above its level
    none_a = 1 - 2 * p_a + both_a
    expected = {
        (0, 0): both_a,
        (1, 1): none_a * both_b,
        (2, 2): none_a * (1 - 2 * p_b + both_b),
        (0, 1): (p_a - both_a) * p_b,
        (0, 2): (p_a - both_a) * (1 - p_b),
        (1, 2): none_a * (p_b - both_b),
    }
    for pair, curve in expected.items():
        found = np.mean([each[pair].values for each in curves], axis=0)
        np.testing.assert_allclose(found, curve, atol=0.02, err_msg=str(pair))


def test_interface_areas_of_plurigaussian_fields(fields):
    sigma, volumes, _ = fields
    of_a, of_b = areas_of_levels(sigma)
    found = mean_areas(volumes)
    expected = {(0, 1): of_a * 0.55, (0, 2): of_a * 0.45, (1, 2): of_b * 0.6}
    for pair, area in expected.items():
        assert found[pair] == pytest.approx(area, rel=0.1)


def test_interface_areas_of_the_largest_of_three_fields(fields):
    sigma, _, volumes = fields
    for area in mean_areas(volumes).values():
        assert area == pytest.approx(root_lambda(sigma) / np.pi, rel=0.1)


def test_triple_lines_of_plurigaussian_fields(fields):
    sigma, volumes, _ = fields
    length = root_lambda(sigma) ** 2 / np.pi * np.exp(-(A**2 + B**2) / 2)
    found = np.mean([statistics.triple_phase_boundary(volume, periodic=True).by_axis for volume in volumes], axis=0)
    np.testing.assert_allclose(found, length, rtol=0.12)
    assert found.mean() == pytest.approx(length, rel=0.08)


def test_triple_lines_of_the_largest_of_three_fields(fields):
    sigma, _, volumes = fields
    length = root_lambda(sigma) ** 2 / np.pi
    found = np.mean([statistics.triple_phase_boundary(volume, periodic=True).value for volume in volumes])
    assert found == pytest.approx(length, rel=0.06)


def test_a_section_has_the_triple_lines_of_its_volume(structures):
    section = structures.argmax(np.random.default_rng(3), (512, 512), 4)
    found = statistics.triple_phase_boundary(section)
    assert found.value == pytest.approx(root_lambda(4) ** 2 / np.pi, rel=0.1)
    assert found.low < root_lambda(4) ** 2 / np.pi < found.high
    assert found.warning is None


def test_stretched_fields_have_more_points_on_the_planes_across(structures):
    # The components of the gradients in a plane decide: points per area are 1/(2π) of the determinant.
    sigma = np.array([6.0, 3.0, 3.0])
    volumes = [structures.argmax(np.random.default_rng(seed), (96,) * 3, sigma) for seed in range(2)]
    found = np.mean([statistics.triple_phase_boundary(volume, periodic=True).by_axis for volume in volumes], axis=0)
    spread = root_lambda(sigma)
    expected = np.array([spread[1] * spread[2], spread[0] * spread[2], spread[0] * spread[1]]) / np.pi
    np.testing.assert_allclose(found, expected, rtol=0.12)
