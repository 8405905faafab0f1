"""Offsets that give the phases their fractions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import norm

from napari_swnn.core.numerics.phase_offsets import OffsetProblem, rank_phases, solve_offsets


def fractions_of(positions, c):
    return np.bincount(positions, minlength=c) / len(positions)


def problem_of(grey, targets):
    return OffsetProblem(grey, lambda p: fractions_of(p, len(grey)), np.array(targets), 1 / grey.shape[1])


def softmax(logits):
    """Grey values of the network: most lie at the ends of their range."""
    share = np.exp(logits - logits.max(axis=0))
    return (1.03 * (2 * share / share.sum(axis=0) - 1)).astype(np.float32)


@given(st.integers(0, 2**32), st.integers(2, 8))
def test_the_two_leading_phases_are_those_of_a_sort(seed, c):
    rng = np.random.default_rng(seed)
    grey = rng.normal(size=(c, 50)).astype(np.float32)
    offsets = rng.normal(size=c).astype(np.float32)
    sums = grey + offsets[:, None]
    order = np.argsort(-sums, axis=0)
    ranking = rank_phases(grey, offsets)
    assert_array_equal(ranking.first, order[0])
    assert_array_equal(ranking.second, order[1])
    columns = np.arange(50)
    assert_array_equal(ranking.gap, sums[order[0], columns] - sums[order[1], columns])


def test_of_two_normal_channels_the_offset_is_a_quantile(rng):
    grey = rng.normal(size=(2, 1_000_000)).astype(np.float32)
    offsets = solve_offsets(problem_of(grey, (0.2, 0.8)), np.zeros(2), tolerance=1e-5)
    assert offsets[0] == 0
    assert offsets[1] == pytest.approx(norm.isf(0.2) * np.sqrt(2), abs=5e-3)


@pytest.mark.parametrize(
    ("sharpness", "shift", "targets"),
    [
        (1, (0, 0, 0), (0.3, 0.5, 0.2)),
        (6, (0, 0, -3), (0.3, 0.6, 0.1)),  # grey values crowd at the ends of their range
        (1.5, (0, 0, -4), (0.3, 0.695, 0.005)),  # a rare phase
        (6, (0, 0, -60), (0.3, 0.6, 0.1)),  # a phase that leads nowhere at first
        (4, (0,) * 8, (0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.045, 0.005)),
    ],
)
def test_fractions_are_met_whatever_the_distribution(rng, sharpness, shift, targets):
    c = len(targets)
    grey = softmax(sharpness * rng.normal(size=(c, 200_000)) + np.array(shift)[:, None])
    offsets = solve_offsets(problem_of(grey, targets), np.zeros(c), tolerance=1e-5)
    assert fractions_of(rank_phases(grey, offsets).first, c) == pytest.approx(targets, abs=2e-5)


def test_the_start_does_not_matter(rng):
    grey = rng.normal(size=(3, 100_000)).astype(np.float32)
    problem = problem_of(grey, (0.5, 0.4, 0.1))
    near, far = (solve_offsets(problem, np.array(start), tolerance=1e-5) for start in ((0, 0, 0), (3, -40, 25)))
    assert near == pytest.approx(far, abs=1e-3)


def test_equal_voxels_cannot_be_divided():
    grey = np.zeros((3, 1000), np.float32)
    offsets = solve_offsets(problem_of(grey, (0.2, 0.3, 0.5)), np.zeros(3), tolerance=1e-5)
    assert np.isfinite(offsets).all()
