import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import kstest

from napari_swnn.core.noise import NoiseField
from napari_swnn.core.windows import Window

LARGE = Window((-20, -5, 3), (30, 40, 44))


@pytest.fixture(scope="module")
def large():
    return NoiseField(7, 2, 3).window(LARGE)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_window_is_a_slice_of_any_larger_one(large, data):
    start = tuple(data.draw(st.integers(a, b - 1)) for a, b in zip(LARGE.start, LARGE.stop, strict=True))
    stop = tuple(data.draw(st.integers(a + 1, b)) for a, b in zip(start, LARGE.stop, strict=True))
    part = Window(start, stop)
    assert_array_equal(NoiseField(7, 2, 3).window(part), large[:, *part.slices(LARGE.start)])


def test_values_are_independent_standard_normal(large):
    assert kstest(large.ravel(), "norm").pvalue > 1e-3
    for axis in range(4):
        ahead, behind = (
            np.take(large, range(1, large.shape[axis]), axis),
            np.take(large, range(large.shape[axis] - 1), axis),
        )
        assert abs(np.corrcoef(ahead.ravel(), behind.ravel())[0, 1]) < 5 / np.sqrt(ahead.size)


@pytest.mark.parametrize("other", [NoiseField(8, 2, 3), NoiseField(7, 4, 3)])
def test_seeds_and_scales_are_independent(large, other):
    assert abs(np.corrcoef(large.ravel(), other.window(LARGE).ravel())[0, 1]) < 5 / np.sqrt(large.size)


def test_far_away_and_two_dimensional_windows_exist():
    far = 10**12
    assert NoiseField(2**63 + 5, 1, 2).window(Window((far, -far), (far + 3, -far + 5))).shape == (2, 3, 5)


def test_tiles_do_not_overlap_in_the_generator_sequence():
    values = NoiseField(0, 1, 1).window(Window((0, 0, 0), (48, 48, 48)))
    assert len(np.unique(values)) > 0.99 * values.size
