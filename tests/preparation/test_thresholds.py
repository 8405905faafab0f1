import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from skimage import filters

from napari_swnn.preparation import Histogram, Threshold, grey_histogram, to_grey


def grey(rng, means, side=96):
    values = rng.normal(rng.choice(means, (side, side)), 12)
    return to_grey(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def test_otsu_and_li_agree_with_skimage(rng):
    image = grey(rng, [60, 150])
    assert Threshold("otsu").find_levels(image) == (filters.threshold_otsu(image.astype(np.uint8)),)
    (li,) = Threshold("li").find_levels(image)
    assert li == pytest.approx(filters.threshold_li(image), abs=0.5)


@pytest.mark.parametrize("n_phases", [3, 4])
def test_multi_otsu_agrees_with_skimage(rng, n_phases):
    image = grey(rng, [40, 90, 160, 220][:n_phases])
    expected = filters.threshold_multiotsu(image.astype(np.uint8), n_phases)
    # skimage names the bin, and places the level at its centre; the counts on both sides are the same.
    found = Threshold("multi_otsu", n_phases).find_levels(image)
    assert_array_equal(np.digitize(image, found, right=True), np.digitize(image, expected, right=True))


@given(arrays(np.uint8, (8, 8), elements=st.integers(0, 12)))
@settings(max_examples=60)
def test_multi_otsu_is_the_best_division(image):
    """Brute force over all pairs of levels."""
    if len(np.unique(image)) < 3:
        return

    def within(levels):
        classes = np.digitize(image, levels, right=True)
        return sum(((image[classes == k] - image[classes == k].mean()) ** 2).sum() for k in np.unique(classes))

    found = Threshold("multi_otsu", 3).find_levels(to_grey(image))
    best = min(within((low, high)) for low in range(13) for high in range(low + 1, 13))
    assert within(found) == pytest.approx(best, abs=1e-6)


def test_local_agrees_with_skimage(rng):
    image = grey(rng, [60, 150])
    local = filters.threshold_local(image, 41, method="gaussian", mode="reflect")
    labels = Threshold("local", radius=20).apply(image)
    assert (labels == (image > local)).mean() > 0.999  # the Gaussian is single precision here


def test_labels_count_from_dark_to_bright(rng):
    image = grey(rng, [40, 120, 220])
    labels = Threshold("multi_otsu", 3).apply(image)
    means = [image[labels == k].mean() for k in range(3)]
    assert means == sorted(means)


@given(arrays(np.float32, (6, 7), elements=st.floats(-100, 100, width=32)), st.sets(st.integers(-100, 100), min_size=1))
def test_manual_levels_count_those_below(image, levels):
    levels = sorted(levels)[:7]
    labels = Threshold("manual", levels=tuple(levels)).apply(image)
    assert_array_equal(labels, sum((image > level).astype(int) for level in levels))


def test_a_bimodal_image_segments_to_its_mask(rng):
    """Two levels 4 standard deviations apart: the error of the best threshold is the normal tail beyond 2."""
    mask = rng.random((300, 300)) < 0.4
    labels = Threshold().apply(to_grey(np.where(mask, 140.0, 100.0) + rng.normal(0, 10, mask.shape)))
    assert (labels == mask).mean() == pytest.approx(1 - 0.02275, abs=0.004)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_whole_numbers_have_a_bin_each(rng, dtype):
    image = rng.integers(3, 200, (50, 60)).astype(dtype)
    histogram = grey_histogram(image)
    assert_array_equal(histogram.counts, np.bincount(image.ravel())[image.min() :])
    assert_array_equal(histogram.centres, np.arange(image.min(), image.max() + 1))


def test_other_numbers_have_equal_bins(rng):
    image = rng.normal(size=(50, 60)).astype(np.float32)
    histogram = grey_histogram(image)
    expected, edges = np.histogram(image, len(histogram.counts))
    assert histogram.counts.sum() == image.size
    assert np.abs(histogram.counts - expected).sum() <= 4  # values on an edge may fall on either side
    assert_allclose(histogram.centres, (edges[:-1] + edges[1:]) / 2, atol=1e-6)


def test_merged_bins_keep_the_counts():
    merged = Histogram(np.arange(10), np.arange(10.0)).merged(4)
    assert_array_equal(merged.counts, [3, 12, 21, 9])
    assert_array_equal(merged.centres, [1, 4, 7, 10])


@pytest.mark.parametrize("method", ["otsu", "li", "multi_otsu"])
def test_an_even_image_is_refused(method):
    with pytest.raises(ValueError, match=r"at least 2 grey values .* got 1; crop"):
        Threshold(method).apply(np.full((9, 9), 5, np.float32))


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"method": "triangle"}, "method must be one of 'otsu'"),
        ({"method": "otsu", "n_phases": 3}, "n_phases must be 2 for the method 'otsu', got 3"),
        ({"method": "multi_otsu", "n_phases": 9}, "at most 8, got 9"),
        ({"method": "manual"}, "one or more for the method 'manual'"),
        ({"method": "manual", "levels": (5, 3)}, "levels must ascend, got 5, 3"),
        ({"method": "manual", "levels": (np.nan,)}, "levels must be finite"),
        ({"levels": (3,)}, "levels must be empty for the method 'otsu'"),
        ({"method": "local", "radius": 0}, "radius must lie in"),
    ],
)
def test_wrong_settings_are_refused(settings_, words):
    with pytest.raises(ValueError, match=words):
        Threshold(**settings_)
