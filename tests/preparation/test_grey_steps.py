import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from skimage.morphology import disk

from napari_swnn.preparation import Crop, Denoise, FlattenBackground, Threshold, to_grey
from napari_swnn.preparation.background import reduce_by

METHODS = ("median", "non_local_means", "total_variation")


def test_crop_is_a_slice(rng):
    stack = rng.integers(0, 255, (3, 30, 40))
    assert_array_equal(Crop(5, 7, 11, 13).apply(stack), stack[:, 5:16, 7:20])
    assert_array_equal(Crop(0, 0, 30, 40).apply(stack[0]), stack[0])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((-1, 0, 5, 5), "top must be a whole"), ((0, 0, 0, 5), "height must be"), ((0, 0.5, 5, 5), "left must be")],
)
def test_crops_without_pixels_are_refused(numbers, words):
    with pytest.raises(ValueError, match=words):
        Crop(*numbers)


def test_a_crop_beyond_the_image_is_refused():
    with pytest.raises(ValueError, match="within the image of 30 × 40 px, got rows 5 to 31 and columns 0 to 9"):
        Crop(5, 0, 26, 9).apply(np.zeros((30, 40)))


@pytest.mark.parametrize("method", ["gaussian", "opening"])
def test_a_slope_is_flattened(rng, method):
    """Flattening removes a slope of 100 grey values, away from the edges, to below the noise."""
    y, x = np.indices((200, 300))
    slope = 0.2 * y + 0.2 * x
    image = to_grey(slope + rng.normal(0, 3, slope.shape))
    flat = FlattenBackground(20, method).apply(image)
    assert flat.mean() == pytest.approx(image.mean(), abs=0.1 if method == "gaussian" else 4)
    rows = flat[60:-60, 60:-60].mean(axis=1)
    assert np.ptp(rows) < 2
    assert np.ptp(image[60:-60, 60:-60].mean(axis=1)) > 15


def test_the_background_is_a_gaussian_mean(rng):
    image = to_grey(ndimage.gaussian_filter(rng.normal(0, 100, (240, 240)), 6))
    flat = FlattenBackground(40).apply(image)
    background = ndimage.gaussian_filter(image.astype(float), 40)
    assert_allclose(flat, image - background + background.mean(), atol=0.05 * image.std())


@pytest.mark.parametrize("shape", [(1, 1), (5, 2), (47, 61), (3000, 2000)])
def test_squares_are_averaged(rng, shape):
    image = rng.random(shape)
    reduced = reduce_by(image, 7)
    rows, columns = (np.arange(n) // 7 for n in shape)
    indices = rows[:, None] * (columns[-1] + 1) + columns
    assert_allclose(reduced.ravel(), ndimage.mean(image, indices, np.arange(reduced.size)))


def test_an_even_image_stays_even():
    image = np.full((50, 60), 7, np.float32)
    assert_allclose(FlattenBackground(10).apply(image), 7, rtol=1e-6)
    for method in METHODS:
        assert_array_equal(Denoise(method).apply(image), image)


def test_the_median_is_that_of_a_disc(rng):
    image = to_grey(rng.normal(size=(40, 50)))
    expected = ndimage.median_filter(image, footprint=disk(2))
    assert_array_equal(Denoise("median", 2).apply(image), expected)


@pytest.mark.parametrize("method", METHODS)
def test_noise_is_reduced_and_edges_stay(rng, method):
    clean = np.where((np.indices((96, 96)) // 24).sum(axis=0) % 2, 150.0, 50.0)
    noisy = to_grey(clean + rng.normal(0, 15, clean.shape))
    denoised = Denoise(method, 1).apply(noisy)
    assert np.std(denoised - clean) < 0.7 * 15
    assert (Threshold().apply(denoised) == (clean > 100)).mean() > 0.995


@pytest.mark.parametrize("method", METHODS)
def test_the_scale_of_the_grey_values_does_not_matter(raw, method):
    image = to_grey(raw[0][:128, :128])
    small, large = (Denoise(method, 1).apply(image * np.float32(factor)) for factor in (1, 257))
    assert_allclose(large, 257 * small, rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Denoise("wavelet"), "method must be one of 'median'"),
        (lambda: Denoise("median", 0), r"strength must lie in \(0, 20\]"),
        (lambda: FlattenBackground(1), "radius must lie in .* a length in pixels"),
        (lambda: FlattenBackground(10, "plane"), "method must be one of"),
    ],
)
def test_wrong_settings_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
