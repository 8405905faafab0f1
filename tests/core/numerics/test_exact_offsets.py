"""Offsets that give each phase its number of voxels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.optimize import linear_sum_assignment

from napari_swnn.core.numerics.exact_offsets import settle_counts
from napari_swnn.core.numerics.phase_offsets import rank_phases


def counts_of(grey, offsets):
    return np.bincount(rank_phases(grey, offsets).first, minlength=len(grey))


@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(6, 40))
@settings(max_examples=60)
def test_the_segmentation_is_the_best_assignment_with_these_counts(seed, c, n):
    rng = np.random.default_rng(seed)
    grey = rng.normal(size=(c, n)).astype(np.float32)
    cuts = np.sort(rng.choice(np.arange(1, n), c - 1, replace=False))
    counts = np.diff([0, *cuts, n])
    offsets = settle_counts(grey, np.zeros(c), counts)
    assert_array_equal(counts_of(grey, offsets), counts)
    positions = np.repeat(np.arange(c), counts)  # each phase has as many places as it is to have voxels
    voxels, places = linear_sum_assignment(-grey[positions].T.astype(float))
    assert_array_equal(rank_phases(grey, offsets).first[voxels], positions[places])


def test_many_voxels_need_few_moves(rng):
    grey = rng.normal(size=(3, 300_000)).astype(np.float32)
    counts = counts_of(grey, np.array([0, 0.3, -0.2])) + np.array([40, -100, 60])
    offsets = settle_counts(grey, np.array([0, 0.3, -0.2]), counts)
    assert_array_equal(counts_of(grey, offsets), counts)
    assert offsets == pytest.approx([0, 0.3, -0.2], abs=0.01)


def test_a_phase_can_be_emptied(rng):
    grey = rng.normal(size=(3, 50)).astype(np.float32)
    offsets = settle_counts(grey, np.zeros(3), np.array([30, 20, 0]))
    assert_array_equal(counts_of(grey, offsets), [30, 20, 0])


def test_right_counts_and_equal_voxels_stay_as_they_are(rng):
    grey = rng.normal(size=(3, 50)).astype(np.float32)
    offsets = np.array([0, 0.1, 0.2])
    assert settle_counts(grey, offsets, counts_of(grey, offsets)) is offsets
    same = np.zeros((3, 50), np.float32)
    assert_array_equal(settle_counts(same, np.zeros(3), np.array([20, 20, 10])), np.zeros(3))
