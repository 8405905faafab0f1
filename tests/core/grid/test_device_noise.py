import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_swnn.core.grid.device_noise import compute_noise, noise_on, ziggurat
from napari_swnn.core.grid.noise import NoiseField
from napari_swnn.core.grid.windows import Window

CPU = torch.device("cpu")
TAIL = 3.654
"""Above this absolute value, a logarithm is rounded differently on each device."""


def assert_same_values(field, window):
    found = compute_noise(field, window, CPU).numpy()
    expected = field.window(window)
    near = np.abs(expected) < TAIL
    np.testing.assert_array_equal(found[near], expected[near])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_values_are_those_of_numpy(data):
    ndim = data.draw(st.integers(2, 3))
    start = tuple(data.draw(st.integers(-(2**40), 2**40)) for _ in range(ndim))
    window = Window(start, tuple(a + data.draw(st.integers(1, 24)) for a in start))
    field = NoiseField(data.draw(st.integers(0, 2**64 - 1)), data.draw(st.sampled_from([1, 2, 8])), 2)
    assert_same_values(field, window)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_periodic_values_are_those_of_numpy(data):
    period = tuple(data.draw(st.none() | st.integers(5, 40)) for _ in range(3))
    start = tuple(data.draw(st.integers(-60, 60)) for _ in range(3))
    window = Window(start, tuple(a + data.draw(st.integers(1, 30)) for a in start))
    assert_same_values(NoiseField(3, 1, 1, period), window)


def test_a_million_values_contain_all_rare_cases():
    field = NoiseField(11, 1, 3)
    window = Window((0, 0, 0), (80, 64, 64))
    assert np.abs(field.window(window)).max() > TAIL  # the tail, which takes a variable number of words
    assert_same_values(field, window)


def test_layers_of_the_ziggurat_have_equal_area():
    table = ziggurat(CPU)
    edges = table.widths.double() * 2**23
    area = edges[1:-1] * (table.heights.double()[1:-1] - table.heights.double()[2:])
    above = edges[2:] * (table.heights.double()[1:-1] - table.heights.double()[2:])
    assert (area < edges[0] * np.exp(-(TAIL**2) / 2)).all()
    torch.testing.assert_close(above, above.mean().expand_as(above), rtol=1e-3, atol=0)


def test_the_cpu_computes_the_noise_of_devices_other_than_cuda():
    field = NoiseField(5, 1, 1)
    window = Window((0, 0), (9, 7))
    np.testing.assert_array_equal(noise_on(field, window, CPU).numpy(), field.window(window))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_gpu_computes_the_same_noise():
    field = NoiseField(5, 1, 2)
    window = Window((-10, 3, 0), (90, 80, 70))
    found = noise_on(field, window, torch.device("cuda"))
    assert found.device.type == "cuda"
    np.testing.assert_allclose(found.cpu().numpy(), field.window(window), rtol=1e-6)
