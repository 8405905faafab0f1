import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import sqrtm

from napari_swnn.core.descriptor.whitening import half_whitening


def test_whitening_twice_makes_all_components_vary_alike(rng):
    patterns = (rng.standard_normal((5000, 9)) @ (np.diag(np.arange(1.0, 10)) + 0.2)).reshape(-1, 1, 3, 3)
    covariance = np.cov(patterns.reshape(-1, 9), rowvar=False)
    whitening = half_whitening(patterns)
    assert_allclose(whitening, whitening.T, rtol=1e-5, atol=1e-5)
    assert_allclose(whitening @ covariance @ whitening, sqrtm(covariance), rtol=1e-3, atol=1e-3)
    twice = whitening @ whitening
    assert_allclose(twice @ covariance @ twice, np.eye(9), atol=1e-3)


def test_what_hardly_varies_is_not_blown_up(rng):
    patterns = np.zeros((1000, 1, 2, 2))
    patterns[:, 0, 0, 0] = rng.standard_normal(1000)
    gains = np.diag(half_whitening(patterns))
    assert_allclose(gains[1:] / gains[0], 10, rtol=1e-5)  # a variance of 1e-4 of the largest


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_patterns_that_are_all_the_same_are_left_as_they_are(value):
    assert_array_equal(half_whitening(np.full((50, 1, 3, 3), value)), np.eye(9))


def test_channels_that_sum_to_one_get_no_weight_along_their_sum(rng):
    labels = rng.integers(0, 3, (500, 3, 3))
    patterns = (labels[:, None] == np.arange(3)[:, None, None]).astype(np.float32)
    whitening = half_whitening(patterns)
    for place in range(9):
        along_the_sum = np.zeros((3, 9))
        along_the_sum[:, place] = 1
        assert_allclose(whitening @ along_the_sum.ravel(), 0, atol=1e-5)
    assert np.linalg.matrix_rank(whitening, tol=1e-3) == 18
