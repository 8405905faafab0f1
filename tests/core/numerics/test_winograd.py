"""Convolutions in fewer products are the same convolutions."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.stage import SLOPE, Stage
from napari_swnn.core.numerics import winograd
from napari_swnn.core.numerics.parallel import single_threaded

SHAPES = [(48, 50, 53), (52, 48, 48), (60, 49, 51)]
"""The last tile of six planes holds from one to six that are new, and their number is odd or even."""


def layers(*channels):
    generator, made = torch.Generator().manual_seed(0), [torch.nn.Conv3d(a, b, 3) for a, b in pairwise(channels)]
    for layer in made:
        torch.nn.init.normal_(layer.weight, 0, layer.weight[0].numel() ** -0.5, generator=generator)
        torch.nn.init.normal_(layer.bias, 0, 1, generator=generator)
    return made


def noise(channels, shape):
    return torch.randn(1, channels, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("points", [(0.0, 1.0), (0.0, 1.0, -1.0), (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)])
def test_products_at_points_are_a_correlation(points):
    to_points, of_weights, from_points = (matrix.numpy() for matrix in winograd.transforms(points))
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=len(to_points)), rng.normal(size=3)
    assert_allclose(from_points @ ((of_weights @ w) * (to_points @ x)), np.correlate(x, w, "valid"), atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_to_convolutions_in_double_precision(shape):
    convolutions, x = layers(3, 4, 5, 3), noise(3, shape)
    with torch.inference_mode():
        ours = winograd.convolve_all(convolutions, x, SLOPE)
        expected = x.double()
        for layer in convolutions:
            expected = F.leaky_relu(F.conv3d(expected, layer.weight.double(), layer.bias.double()), SLOPE)
    torch.testing.assert_close(ours.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_in_one_thread_the_number_of_threads_outside_does_not_show(shape):
    convolutions, x, before = layers(3, 24, 24), noise(3, shape), torch.get_num_threads()
    results = []
    for n in (1, 2, 3, 6):
        torch.set_num_threads(n)
        with torch.inference_mode(), single_threaded():
            results.append(winograd.convolve_all(convolutions, x, SLOPE))
    torch.set_num_threads(before)
    for other in results[1:]:
        assert_array_equal(other, results[0])


def test_the_input_is_left_as_it_is():
    x = noise(8, (48, 48, 48)).contiguous(memory_format=torch.channels_last_3d)
    copy = x.clone()
    with torch.inference_mode():
        winograd.convolve_all(layers(8, 8, 8, 8), x, SLOPE)
    assert_array_equal(x, copy)


def test_a_stage_generates_the_same_either_way(monkeypatch):
    stage = Stage(StageConfig(1, 5, 3, 12, 3), conditioned=True, generator=torch.Generator().manual_seed(0)).eval()
    x, coarse = noise(3, (50, 49, 48)), noise(1, (50, 49, 48))
    calls = []
    convolve_all = winograd.convolve_all
    monkeypatch.setattr(winograd, "convolve_all", lambda *args: calls.append(args) or convolve_all(*args))
    with torch.inference_mode():
        ours = stage(x, coarse)
        monkeypatch.setattr(winograd, "is_faster", lambda *_: False)
        expected = stage(x, coarse)
    assert len(calls) == 1
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_what_it_is_not_made_for_is_left_to_torch():
    x = noise(3, (48, 48, 48))
    with torch.inference_mode():
        assert winograd.is_faster(x, 3)
        assert not winograd.is_faster(noise(3, (48, 47, 48)), 3)
        assert not winograd.is_faster(x.expand(2, -1, -1, -1, -1), 3)
        assert not winograd.is_faster(x[:, :, 0], 3)
        assert not winograd.is_faster(x.double(), 3)
        assert not winograd.is_faster(x, 22)  # too few planes would be left
        with torch.autocast("cpu", torch.bfloat16):
            assert not winograd.is_faster(x, 3)
    assert not winograd.is_faster(x, 3)  # gradients would have to be followed
