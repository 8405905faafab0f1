import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from skimage.color import rgb2gray

from napari_swnn.preparation import to_grey

SHAPE = (17, 19)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int16, np.int64, np.float16, np.float32, np.float64])
def test_numbers_keep_their_scale(rng, dtype):
    image = rng.integers(0, 200, SHAPE).astype(dtype)
    grey = to_grey(image)
    assert grey.dtype == np.float32
    assert_array_equal(grey, image.astype(np.float32))


@given(arrays(np.uint16, SHAPE), st.integers(1, 4))
def test_equal_channels_give_exactly_their_value(image, n_channels):
    colour = np.repeat(image[..., None], n_channels, axis=-1)
    assert_array_equal(to_grey(colour), image)
    assert_array_equal(to_grey(np.moveaxis(colour, -1, 0), "cyx"), image)


def test_colour_becomes_luminance(rng):
    image = rng.integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    np.testing.assert_allclose(to_grey(image), 255 * rgb2gray(image), atol=0.2)
    with_alpha = np.concatenate([image, rng.integers(0, 256, (*SHAPE, 1)).astype(np.uint8)], axis=-1)
    assert_array_equal(to_grey(with_alpha), to_grey(image))


def test_a_stack_keeps_its_sections(rng):
    stack = rng.integers(0, 256, (5, *SHAPE)).astype(np.uint8)
    assert_array_equal(to_grey(stack), stack)
    assert_array_equal(to_grey(np.moveaxis(stack, 0, -1), "yxz"), stack)


def test_a_multiscale_image_is_its_finest_level(rng):
    levels = [rng.integers(0, 256, shape) for shape in ((40, 40), (20, 20))]
    assert_array_equal(to_grey(levels), levels[0])


def test_a_dask_array_stays_lazy(rng):
    image = rng.integers(0, 256, (40, 60, 3)).astype(np.uint8)
    grey = to_grey(da.from_array(image, chunks=(16, 16, 3)))
    assert isinstance(grey, da.Array)
    assert_array_equal(grey.compute(), to_grey(image))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("lazy", [False, True])
def test_values_that_are_not_finite_are_refused(bad, lazy):
    image = np.zeros(SHAPE)
    image[3, 4] = bad
    with pytest.raises(ValueError, match="finite values, got 1 that are NaN or infinite; crop"):
        np.asarray(to_grey(da.from_array(image) if lazy else image))


def test_masked_pixels_are_refused():
    image = np.ma.masked_equal(np.eye(5), 1)
    with pytest.raises(ValueError, match="got 5 masked pixels"):
        to_grey(image)


@pytest.mark.parametrize(
    ("image", "axes", "words"),
    [
        (np.zeros(5), None, r"got the shape \(5,\); pick one image"),
        (np.zeros((2, 3, 40, 40)), None, "pick one image"),
        (np.zeros((2, 3)), "yxc", "with the axes y, x, c"),
        (np.zeros((20, 20, 7)), "yxc", "1 to 4 channels .* got 7"),
        (np.zeros((0, 4)), None, "at least one pixel"),
    ],
)
def test_other_shapes_are_refused(image, axes, words):
    with pytest.raises(ValueError, match=words):
        to_grey(image, axes)


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="real numbers, got complex128"):
        to_grey(np.zeros(SHAPE, complex))


@pytest.mark.parametrize("n_channels", [3, 4])
def test_equal_planes_are_colours(rng, n_channels):
    image = rng.integers(0, 200, SHAPE)
    assert_array_equal(to_grey(np.stack([image] * n_channels)), image)
    assert to_grey(rng.integers(0, 200, (n_channels, *SHAPE))).ndim == 3


def test_a_list_of_images_is_refused(rng):
    images = rng.integers(0, 200, (2, *SHAPE))
    with pytest.raises(ValueError, match="got a list of 2 images; prepare each of them"):
        to_grey(list(images))


def test_a_tensor_with_gradients_is_read(rng):
    image = rng.random(SHAPE, np.float32)
    assert_array_equal(to_grey(torch.tensor(image, requires_grad=True)), image)
