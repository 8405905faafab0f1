"""Models for ranges of the fractions of three phases: from the training to volumes and files."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import FractionMap, Model, Reference, generate, generate_lazy, train
from napari_swnn.core.model.offset_surface import OffsetSurface

RANGES = {1: (0.2, 0.4), 2: (0.25, 0.4)}
SHAPE = (70, 90)


@pytest.fixture(scope="module")
def model(tiny_config):
    rng = np.random.default_rng(0)
    labels = np.kron(rng.choice([0, 1, 2], (32, 32)), np.ones((3, 3), int))
    return train(Reference(labels), fractions=RANGES, config=replace(tiny_config, n_scales=2), dimension=2, seed=1)


def test_training_gives_a_network_of_two_free_fractions(model):
    assert model.network.free_ranges == tuple(RANGES.values())
    assert model.porosity_range is None
    assert isinstance(model.offsets, OffsetSurface)
    assert model.network.box.contains(model.fractions)


def test_a_saved_model_generates_the_same(model, tmp_path):
    model.save(tmp_path / "box.swnn")
    loaded = Model.load(tmp_path / "box.swnn")
    assert loaded.fingerprint() == model.fingerprint()
    fractions = {1: 0.3, 2: 0.27}
    assert_array_equal(generate(loaded, SHAPE, fractions=fractions), generate(model, SHAPE, fractions=fractions))


def test_fractions_reach_the_structure(model):
    low = generate(model, SHAPE, fractions={1: 0.2, 2: 0.3})
    high = generate(model, SHAPE, fractions={1: 0.4, 2: 0.3})
    assert (low != high).mean() > 0.01
    assert set(np.unique(high)) <= {0, 1, 2}


def test_a_constant_map_is_a_constant_and_windows_of_a_map_are_its_parts(model):
    uniform = generate(model, SHAPE, fractions={1: 0.3, 2: 0.35})
    mapped = generate(model, SHAPE, fractions={1: np.full((3, 4), 0.3), 2: np.full((3, 4), 0.35)})
    assert (uniform != mapped).mean() < 1e-3  # rounding at the border between phases
    gradient = FractionMap.gradient({1: 0.2, 2: 0.4}, {1: 0.4, 2: 0.25}, axis=1)
    whole = generate(model, SHAPE, fractions=gradient)
    lazy = generate_lazy(model, SHAPE, fractions=gradient, chunks=32)
    assert_array_equal(lazy[10:40, 50:].compute(), whole[10:40, 50:])


def test_a_porosity_leaves_the_others_in_proportion(model):
    others = [model.fractions[i] / (1 - model.fractions[0]) * 0.7 for i in (1, 2)]
    fractions = dict(zip(model.labels.phases, (0.3, *others), strict=True))
    assert_array_equal(generate(model, SHAPE, porosity=0.3), generate(model, SHAPE, fractions=fractions))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fractions": {1: 0.5}}, "fractions must lie in the ranges of the model, 0.2 to 0.4 of phase 1"),
        ({"porosity": 0.3, "fractions": {1: 0.3}}, "must not both be given"),
        ({"fractions": {7: 0.3}}, "fractions must name phases of the model"),
        ({"fractions": {1: np.array([[0.2, 0.4]]), 2: 0.3}, "exact": True}, "exact needs the same fractions"),
    ],
)
def test_what_the_model_cannot_generate_is_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        generate(model, SHAPE, **arguments)
