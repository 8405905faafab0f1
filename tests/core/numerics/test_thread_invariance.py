"""The number of threads never shows, in either precision."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from napari_swnn import Reference, train
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.numerics.thread_invariance import convolved, weighted_sums
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

THREADS = (1, 2, 3, 6)


@pytest.fixture
def with_threads():
    before = torch.get_num_threads()

    def run(work):
        results = []
        for n in THREADS:
            torch.set_num_threads(n)
            with torch.inference_mode():
                results.append(work())
        return results

    yield run
    torch.set_num_threads(before)


def rows(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(1, 32, 18, 18, 18), (1, 32, 24, 24, 24), (1, 5, 40, 40, 40), (1, 8, 30, 30)])
def test_a_convolution_is_the_same_on_any_number_of_threads(with_threads, shape):
    kind = torch.nn.Conv3d if len(shape) == 5 else torch.nn.Conv2d
    layer, x = kind(shape[1], 32, 3), rows(shape)
    results = with_threads(lambda: convolved(layer, x))
    for other in results[1:]:
        assert_array_equal(other, results[0])
    torch.testing.assert_close(results[0], layer(x).detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_rows", [1, 3])
@pytest.mark.parametrize("n_features", [3, 8, 32])
def test_weighted_sums_are_the_same_on_any_number_of_threads(with_threads, n_rows, n_features):
    features, weight, bias = rows((1, 20, 21, 22, n_features)), rows((n_rows, n_features), 1), rows(n_rows, 2)
    results = with_threads(lambda: weighted_sums(features, weight, bias))
    for other in results[1:]:
        assert_array_equal(other, results[0])
    torch.testing.assert_close(results[0], features @ weight.T + bias)


@pytest.fixture(scope="module")
def models(blobs, tiny_config):
    config = replace(tiny_config, n_scales=3, n_channels=16, n_coarse_channels=32, n_steps=1, n_coarse_steps=1)
    asked = {"one": None, "range": (0.25, 0.35)}
    return {name: train(Reference(blobs), config=config, porosity=porosity) for name, porosity in asked.items()}


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("name", "porosity"), [("one", None), ("range", 0.28), ("range", np.linspace(0.25, 0.35, 5)[:, None, None])]
)
def test_grey_values_are_the_same_on_any_number_of_threads(with_threads, models, name, porosity, precision):
    volume = replace(describe_volume(models[name], VolumeSpec((64, 64, 64), porosity=porosity)), precision=precision)
    results = with_threads(lambda: volume.grey(Window((0, 0, 0), (64, 64, 64))))
    for other in results[1:]:
        assert_array_equal(other, results[0])
