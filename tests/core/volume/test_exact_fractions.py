"""A volume of several phases with just the fractions asked for."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import generate, iter_generation
from napari_swnn._steps import drain
from napari_swnn.core.volume import exact_fractions
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

SHAPE = (50, 70, 66)


def counts_of(volume, model):
    return np.array([np.count_nonzero(volume == label) for label in model.labels.phases])


def grey_of(volume):
    grey = np.empty((3, *volume.shape), np.float32)
    for block in volume.blocks():
        grey[:, *block.destination((0, 0, 0))] = volume.grey(block.window)[:, *block.source()]
    return grey


@pytest.mark.parametrize("seed", [1, 2])
def test_each_phase_has_its_number_of_voxels(three_phase_model, seed):
    volume = generate(three_phase_model, SHAPE, seed=seed, exact=True)
    expected = np.array(three_phase_model.fractions) * volume.size
    assert np.abs(counts_of(volume, three_phase_model) - expected).max() <= 1


@pytest.mark.parametrize("capacity", [2**12, 2**15])
def test_little_memory_gives_the_same_volume(three_phase_model, capacity, monkeypatch):
    volume = generate(three_phase_model, SHAPE, seed=3, exact=True)
    monkeypatch.setattr(exact_fractions, "MOST_KEPT", capacity)
    assert_array_equal(generate(three_phase_model, SHAPE, seed=3, exact=True), volume)


def test_the_phase_is_the_largest_channel_after_a_shift(three_phase_model):
    described = describe_volume(three_phase_model, VolumeSpec(SHAPE, seed=4))
    grey = grey_of(described)
    volume = generate(three_phase_model, SHAPE, seed=4, exact=True)
    for i, ours in enumerate(three_phase_model.labels.phases):
        for j, other in enumerate(three_phase_model.labels.phases[:i]):
            difference = grey[i] - grey[j]
            assert difference[volume == ours].min() > difference[volume == other].max()


@pytest.mark.parametrize("porosity", [0.12, 0.3])
def test_any_porosity_of_a_range_is_met_with_the_others_in_proportion(three_phase_range_model, porosity):
    volume = generate(three_phase_range_model, SHAPE, porosity=porosity, exact=True)
    expected = np.array([porosity, (1 - porosity) / 3, (1 - porosity) * 2 / 3]) * volume.size
    assert np.abs(counts_of(volume, three_phase_range_model) - expected).max() <= 1


def test_any_fractions_of_a_box_are_met(box_model):
    spec = VolumeSpec(SHAPE, fractions={1: 0.15, 2: 0.55}, exact=True)
    volume = drain(iter_generation(box_model, spec))
    assert np.abs(counts_of(volume, box_model) - np.array([0.15, 0.3, 0.55]) * volume.size).max() <= 1


def test_where_a_mask_cuts_what_is_inside_counts(three_phase_model, rng):
    mask = rng.random(SHAPE) < 0.5
    volume = generate(three_phase_model, SHAPE, mask=mask, exact=True)
    assert (volume[~mask] == 3).all()
    expected = np.array(three_phase_model.fractions) * mask.sum()
    assert np.abs(counts_of(volume, three_phase_model) - expected).max() <= 1


def test_rare_phases_are_met_too(three_phase_model):
    model = replace(three_phase_model, porosity=0.005, fractions=(0.005, 0.6, 0.395))
    volume = generate(model, SHAPE, exact=True)
    assert np.abs(counts_of(volume, model) - np.array(model.fractions) * volume.size).max() <= 1


def test_progress_counts_a_block_once(three_phase_model, monkeypatch):
    monkeypatch.setattr(exact_fractions, "MOST_KEPT", 2**12)  # so that the volume is computed more often
    steps = []
    generate(three_phase_model, SHAPE, n=2, exact=True, progress=steps.append)
    assert (
        steps[-1].block
        == steps[-1].n_blocks
        == 2 * 2 * len(describe_volume(three_phase_model, VolumeSpec(SHAPE)).blocks())
    )
    assert max(step.fraction for step in steps) == 1
