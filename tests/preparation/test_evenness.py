"""Uneven brightness is seen in the grey values within the phases, whatever the structure."""

import numpy as np
import pytest

from napari_swnn import _sample_data
from napari_swnn.preparation import Crop, FlattenBackground, Threshold
from napari_swnn.preparation.evenness import is_uneven

SAMPLES = [_sample_data.rock_like, _sample_data.silica_like, _sample_data.electrode_like, _sample_data.superalloy_like]


def photograph(pores, rng, *, ramp=0.0, noise=12.0):
    """Grey values of pores of 60 in a solid of 150, brighter by `ramp` on the right than on the left."""
    return (
        np.where(pores, 60.0, 150.0) + ramp * np.linspace(-0.5, 0.5, pores.shape[1]) + rng.normal(0, noise, pores.shape)
    )


def judge(grey):
    return is_uneven(grey, Threshold().apply(grey))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_a_ramp_of_brightness_is_found_and_no_other_structure_is_taken_for_one(sample, rng):
    pores = sample()[0][0] == 1
    for noise in (3, 12, 25):
        assert not judge(photograph(pores, rng, noise=noise))
        assert judge(photograph(pores, rng, ramp=40, noise=noise))


def test_more_pores_on_one_side_are_no_uneven_brightness(rng):
    pores = rng.random((200, 200)) < np.linspace(0.1, 0.6, 200)
    assert not judge(photograph(pores, rng))


def test_dark_corners_are_found(rng):
    pores = _sample_data.rock_like()[0][0] == 1
    y, x = np.indices(pores.shape) / len(pores) - 0.5
    assert judge(photograph(pores, rng) - 100 * (x**2 + y**2))


def test_flattening_makes_the_raw_sample_even():
    image = _sample_data.raw_micrograph()[0][0]
    grey = Crop(0, 0, 512, 512).apply(image)
    assert judge(grey)
    for radius in (30, 60):
        assert not judge(FlattenBackground(radius).apply(grey))


@pytest.mark.parametrize("shape", [(20, 20), (40, 40)])
def test_noise_of_small_images_is_no_uneven_brightness(shape, rng):
    for _ in range(20):
        assert not judge(photograph(rng.random(shape) < 0.3, rng, noise=25))
