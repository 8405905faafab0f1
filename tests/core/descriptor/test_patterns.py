import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn.core.descriptor.patterns import block_averages, extract_patterns, largest_window
from napari_swnn.core.descriptor.section import Section


def section(image, inside=None):
    return Section.of_phase(image.astype(bool), np.ones(image.shape, bool) if inside is None else inside)


def test_patterns_are_all_windows_in_reading_order(rng):
    image = rng.integers(0, 2, (6, 7))
    patterns = extract_patterns([section(image)], 3)
    assert patterns.shape == (4 * 5, 1, 3, 3)
    assert_array_equal(patterns[5 + 2, 0], image[1:4, 2:5])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32))
def test_coarse_patterns_are_block_averages(template_size, scale, seed):
    image = np.random.default_rng(seed).integers(0, 2, (21, 23))
    patterns = extract_patterns([section(image)], template_size, scale=scale)
    side = template_size * scale
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side)).reshape(-1, side, side)
    expected = windows.reshape(-1, template_size, scale, template_size, scale).mean((2, 4))
    assert_allclose(patterns[:, 0], expected, atol=1e-6)


def test_only_windows_wholly_inside_the_region_count(rng):
    image, inside = rng.integers(0, 2, (12, 12)), np.zeros((12, 12), bool)
    inside[2:7, 3:9] = True
    patterns = extract_patterns([section(image, inside)], 4)
    assert_array_equal(patterns, extract_patterns([section(image[2:7, 3:9])], 4))


def test_patterns_of_several_sections_follow_each_other(rng):
    a, b = section(rng.integers(0, 2, (8, 8))), section(rng.integers(0, 2, (9, 5)))
    both = extract_patterns([a, b], 4)
    assert_array_equal(both, np.concatenate([extract_patterns([a], 4), extract_patterns([b], 4)]))


def test_a_random_part_is_drawn_without_repetition(rng):
    image = np.arange(20 * 20).reshape(20, 20) % 2
    patterns = extract_patterns([section(image)] * 3, 3, max_patterns=100, rng=rng)
    assert patterns.shape == (100, 1, 3, 3)


def test_too_small_a_region_is_refused_with_the_size_that_fits():
    inside = np.zeros((30, 30), bool)
    inside[4:10, 4:20] = True
    with pytest.raises(ValueError, match=r"square of at least 7 pixels .* the largest inside is 6"):
        extract_patterns([section(inside, inside)], 7)


def test_largest_window_of_a_disc_is_its_inscribed_square():
    y, x = np.mgrid[-20:21, -20:21]
    disc = y**2 + x**2 <= 20**2
    assert largest_window([section(disc, disc)]) == 29  # 20 * sqrt(2) = 28.3, to the pixel grid


def test_block_average_starts_at_its_pixel():
    image = np.zeros((8, 8), np.float32)
    image[3, 4] = 1
    for scale in (2, 3, 4):
        averages = block_averages(image, scale)
        assert averages.shape == (9 - scale, 9 - scale)
        rows, columns = np.nonzero(averages > 1e-6)
        assert (rows.min(), columns.min()) == (max(0, 4 - scale), max(0, 5 - scale))
        assert averages[3, 4] == pytest.approx(1 / scale**2)
