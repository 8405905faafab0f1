import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from napari_swnn import _sample_data
from napari_swnn.preparation import Crop, find_data_bar


def bar(width, height, background, text):
    strip = Image.new("L", (width, height), background)
    draw = ImageDraw.Draw(strip)
    draw.text((5, height // 2 - 5), "EHT = 5.00 kV  WD = 4.2 mm  Mag = 10.0 K X", fill=text)
    draw.rectangle((width - 100, height - 6, width - 10, height - 4), fill=text)
    return np.asarray(strip)


def test_the_bar_of_the_sample_is_found():
    image = _sample_data.raw_micrograph()[0][0]
    found = find_data_bar(image)
    assert (found.top, found.bottom) == (512, 552)
    assert found.crop == Crop(0, 0, 512, 512)


@given(
    height=st.integers(16, 90),
    background=st.sampled_from([0, 30, 255]),
    at_top=st.booleans(),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_bars_are_found_at_their_row(height, background, at_top, dtype, seed):
    rng = np.random.default_rng(seed)
    side = 320
    pores = _sample_data.gaussian_level_set(0.3, lambda k: np.exp(-(np.hypot(*k) ** 2) * 18), seed=seed, side=side)
    image = np.clip(np.where(pores, 70, 150) + rng.normal(0, 12, pores.shape), 0, 255)
    strip = bar(side, height, background, 255 - background)
    whole = np.concatenate([strip, image] if at_top else [image, strip]).round().astype(dtype)
    found = find_data_bar(whole)
    assert (found.top, found.bottom) == ((0, height) if at_top else (side, side + height))
    assert found.crop == Crop(height if at_top else 0, 0, side, side)


def test_a_bar_is_found_after_lossy_compression():
    file = io.BytesIO()
    Image.fromarray(_sample_data.raw_micrograph()[0][0]).save(file, "JPEG", quality=70)
    found = find_data_bar(np.asarray(Image.open(file)))
    assert found.top == pytest.approx(512, abs=1)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("noise", [0, 2, 15])
def test_plain_micrographs_have_none(seed, noise):
    rng = np.random.default_rng(seed)
    pores = _sample_data.gaussian_level_set(0.4, lambda k: np.exp(-(np.hypot(*k) ** 2) * 50), seed=seed, side=200)
    assert find_data_bar(np.where(pores, 60, 160) + rng.normal(0, noise, pores.shape)) is None


def test_even_images_layers_and_small_images_have_none(rng):
    layered = np.repeat([[150.0], [40.0]], [150, 50], axis=0) + rng.normal(0, 3, (200, 200))
    for image in (np.zeros((100, 100)), layered, rng.normal(size=(9, 9)), np.zeros((2, 100, 100))):
        assert find_data_bar(image) is None
