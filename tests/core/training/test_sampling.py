import numpy as np
import pytest
import torch

from napari_swnn.core.network.fraction_box import FractionBox
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.target import Target

RANGE = Target((0.2, 0.8), FractionBox.of(((0.1, 0.3), None), (0.2, 0.8)))


def test_pairs_of_porosities_come_from_both_halves_and_most_often_from_the_ends():
    source = Randomness(0, torch.device("cpu"))
    lower, upper = np.array([source.free_fractions(RANGE) for _ in range(20_000)])[..., 0].T
    assert 0.1 <= lower.min() < lower.max() <= 0.2 <= upper.min() < upper.max() <= 0.3
    everything = (np.concatenate([lower, upper]) - 0.1) / 0.2
    for share in (0.1, 0.25, 0.5, 0.9):
        arcsine = 2 / np.pi * np.arcsin(np.sqrt(share))
        assert (everything < share).mean() == pytest.approx(arcsine, abs=0.01)


def test_a_single_porosity_takes_no_draw():
    source = Randomness(0, torch.device("cpu"))
    assert source.free_fractions(Target((0.2, 0.8))) == ((0.2,),)
    assert source.rng.random() == Randomness(0, torch.device("cpu")).rng.random()


def test_pairs_of_fractions_take_both_halves_of_each_range():
    box = FractionBox.of(((0.1, 0.3), (0.2, 0.4), None), (0.2, 0.3, 0.5))
    source = Randomness(0, torch.device("cpu"))
    pairs = np.array([source.free_fractions(Target((0.2, 0.3, 0.5), box)) for _ in range(500)])
    assert pairs.shape == (500, 2, 2)
    upper = pairs > (0.2, 0.3)
    assert (upper[:, 0] != upper[:, 1]).all()
    assert 0.4 < (upper[:, 0, 0] == upper[:, 0, 1]).mean() < 0.6  # the two ranges are independent
