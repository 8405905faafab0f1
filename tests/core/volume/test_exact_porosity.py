"""A volume with just the porosity asked for."""

from dataclasses import replace

import numpy as np
import pytest

from napari_swnn import NoiseGradient, generate
from napari_swnn.core.volume.exact_porosity import sortable_bits, value_of_bits
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

SHAPE = (50, 70, 40)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_volume_has_just_its_porosity(fixed_model, seed):
    assert (generate(fixed_model, SHAPE, seed=seed, exact=True) == 1).mean() == pytest.approx(0.2, abs=1e-4)
    assert (generate(fixed_model, SHAPE, seed=seed) == 1).mean() != pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("porosity", [0.12, 0.3])
def test_any_porosity_of_a_range_is_met(range_model, porosity):
    volume = generate(range_model, SHAPE, porosity=porosity, exact=True)
    assert (volume == 1).mean() == pytest.approx(porosity, abs=1e-4)


def test_it_is_the_part_of_the_grey_volume_above_one_value(fixed_model):
    described = describe_volume(fixed_model, VolumeSpec(SHAPE, seed=4))
    grey = np.empty(SHAPE, np.float32)
    for block in described.blocks():
        grey[block.destination((0, 0, 0))] = described.grey(block.window)[0][block.source()]
    volume = generate(fixed_model, SHAPE, seed=4, exact=True) == 1
    assert grey[volume].min() >= grey[~volume].max()


def test_where_a_mask_cuts_what_is_inside_counts(fixed_model, rng):
    mask = rng.random(SHAPE) < 0.5
    volume = generate(fixed_model, SHAPE, mask=mask, exact=True)
    assert (volume[mask] == 1).mean() == pytest.approx(0.2, abs=1e-4)
    assert not volume[~mask].any()


def test_what_has_no_single_porosity_is_refused_by_the_call_itself(fixed_model, range_model, plain_model):
    with pytest.raises(ValueError, match=r"exact needs one porosity for the whole volume, got a map from 0.1 to 0.3"):
        describe_volume(range_model, VolumeSpec(SHAPE, porosity=np.array([[0.1, 0.3]]), exact=True))
    with pytest.raises(ValueError, match="exact needs noise without a gradient, got a noise gradient"):
        describe_volume(plain_model, VolumeSpec(SHAPE, noise=NoiseGradient(mean=(0, 1)), exact=True))
    with pytest.raises(ValueError, match="exact needs a model of known porosity"):
        describe_volume(replace(fixed_model, porosity=None), VolumeSpec(SHAPE, exact=True))


def test_numbers_are_in_the_order_of_the_grey_values(rng):
    grey = np.sort(np.concatenate([rng.normal(size=1000), rng.normal(size=1000) * 1e-20, [0.0]]).astype(np.float32))
    numbers = sortable_bits(grey)
    assert (np.diff(numbers.astype(np.int64)) >= 0).all()
    assert [value_of_bits(number) for number in numbers] == grey.tolist()
