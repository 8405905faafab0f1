"""What holds wherever a volume is computed, on a GPU too where there is one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import generate, generate_lazy
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.numerics.determinism import deterministic_convolutions
from napari_swnn.core.numerics.device import convolutions_in, describe_device, pick_device
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

SHAPE = (100, 80, 70)


@pytest.mark.parametrize("name", ["fixed_model", "range_model", "plain_model"])
def test_grey_values_are_those_of_the_cpu(name, device, request):
    # As far as float32 goes: a GPU that rounds to fewer bits is off by a thousandth.
    model, block = request.getfixturevalue(name), Window.of_shape((64,) * 3)
    here, there = (describe_volume(model, VolumeSpec(SHAPE, seed=3), device=d).grey(block) for d in ("cpu", device))
    assert_allclose(there, here, atol=3e-5)


def test_a_smaller_volume_is_a_corner_of_a_larger_one(range_model, device):
    large = generate(range_model, SHAPE, seed=3, device=device)
    assert_array_equal(generate(range_model, (70, 65, 40), seed=3, device=device), large[:70, :65, :40])
    assert_array_equal(generate_lazy(range_model, SHAPE, seed=3, device=device, chunks=48).compute(), large)


def flags():
    cudnn = torch.backends.cudnn
    return {name: getattr(cudnn, name) for name in ("enabled", "benchmark", "deterministic", "allow_tf32")}


OURS = {"enabled": True, "benchmark": False, "deterministic": True, "allow_tf32": False}
CUDA = torch.device("cuda")  # the settings can be made without a GPU


def test_what_the_user_has_set_is_left_alone():
    before = flags()
    assert before != OURS
    with deterministic_convolutions(CUDA):
        assert flags() == OURS
        with deterministic_convolutions(CUDA):
            assert flags() == OURS
        assert flags() == OURS
    assert flags() == before


def test_convolutions_are_deterministic_on_a_gpu(device):
    before = flags()
    for precision in (torch.float32, torch.bfloat16):
        with convolutions_in(precision, torch.device(device)):
            assert flags() == (OURS if device == "cuda" else before)
    assert flags() == before


def test_a_thread_that_ends_leaves_the_others_deterministic():
    # Flags of torch are those of all threads: blocks are computed in several.
    before, first_is_in, second_is_in, first_is_out = flags(), Barrier(2), Barrier(2), Barrier(2)

    def first():
        with deterministic_convolutions(CUDA):
            first_is_in.wait(5)
            second_is_in.wait(5)
        first_is_out.wait(5)

    def second():
        first_is_in.wait(5)
        with deterministic_convolutions(CUDA):
            second_is_in.wait(5)
            first_is_out.wait(5)
            return flags()

    with ThreadPoolExecutor(2) as pool:
        _, seen = pool.submit(first), pool.submit(second)
        assert seen.result(10) == OURS
    assert flags() == before


def test_a_device_is_named(device):
    assert ("CPU" if device == "cpu" else "GPU") in describe_device(pick_device(device))


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("tpu", "device must be one of"),
        ("cuda:99", "device must be present on this machine, got 'cuda:99'; use 'auto' or 'cpu'"),
        ("cpu:1", "device must be present on this machine"),
    ],
)
def test_a_device_that_is_not_there_is_refused(device, message):
    with pytest.raises(ValueError, match=message):
        pick_device(device)
