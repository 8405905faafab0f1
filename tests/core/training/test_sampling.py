import numpy as np
import pytest
import torch

from napari_swnn.core.training.sampling import Randomness


def test_pairs_of_porosities_come_from_both_halves_and_most_often_from_the_ends():
    source = Randomness(0, torch.device("cpu"))
    lower, upper = np.array([source.porosities(0.2, (0.1, 0.3)) for _ in range(20_000)]).T
    assert 0.1 <= lower.min() < lower.max() <= 0.2 <= upper.min() < upper.max() <= 0.3
    everything = (np.concatenate([lower, upper]) - 0.1) / 0.2
    for share in (0.1, 0.25, 0.5, 0.9):
        arcsine = 2 / np.pi * np.arcsin(np.sqrt(share))
        assert (everything < share).mean() == pytest.approx(arcsine, abs=0.01)


def test_a_single_porosity_takes_no_draw():
    source = Randomness(0, torch.device("cpu"))
    assert source.porosities(0.2, None) == (0.2,)
    assert source.rng.random() == Randomness(0, torch.device("cpu")).rng.random()
