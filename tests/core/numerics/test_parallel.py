"""Blocks side by side: one thread each, in order, and no thread left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_array_equal

from napari_swnn.core.numerics.convolution import convolve
from napari_swnn.core.numerics.parallel import iter_side_by_side, map_threads, pool_size, single_threaded

THREADS = (1, 2, 3, 6)


@pytest.fixture
def set_threads():
    """Number of threads of torch, put back after the test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def channels_last(x):
    return x.contiguous(memory_format=torch.channels_last_3d if x.ndim == 5 else torch.channels_last)


LAYERS = {
    "matmul": lambda: random(37, 501) @ random(501, 43, seed=1),
    "mm, long and narrow": lambda: torch.mm(random(8, 8), random(8, 70_001, seed=1)),
    "a product with one row": lambda: torch.mv(random(70_001, 24), random(24, seed=1)),
    "linear": lambda: F.linear(random(1, 20, 21, 22, 24), random(24, 24, seed=1), random(24, seed=2)),
    "linear, one output": lambda: F.linear(random(1, 40, 41, 42, 24), random(1, 24, seed=1), random(1, seed=2)),
    "conv2d": lambda: F.conv2d(channels_last(random(2, 24, 60, 61)), random(24, 24, 3, 3, seed=1), random(24, seed=2)),
    "conv3d": lambda: F.conv3d(channels_last(random(1, 16, 30, 31, 32)), random(16, 16, 3, 3, 3, seed=1)),
    "conv3d, small": lambda: F.conv3d(channels_last(random(1, 8, 18, 18, 18)), random(8, 8, 3, 3, 3, seed=1)),
    "interpolate": lambda: F.interpolate(random(1, 2, 20, 21, 22), scale_factor=2, mode="trilinear"),
    "sum": lambda: random(70_001).sum(),
    "mean": lambda: random(3, 70_001).mean(1),
    "tanh": lambda: torch.tanh(random(70_001)),
}


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layer", LAYERS)
def test_in_one_thread_a_layer_has_the_same_bytes_whatever_the_number_outside(set_threads, layer, precision):
    results = []
    for n in THREADS:
        set_threads(n)
        half = torch.autocast("cpu", precision, enabled=precision != torch.float32)
        with torch.inference_mode(), half, single_threaded():
            results.append(LAYERS[layer]().float().numpy())
        assert torch.get_num_threads() == n
    for other in results[1:]:
        assert_array_equal(other, results[0])


def test_one_thread_here_leaves_other_threads_their_number(set_threads):
    set_threads(3)
    with ThreadPoolExecutor(1) as other, ThreadPoolExecutor(1) as late:
        assert other.submit(torch.get_num_threads).result() == 3
        with single_threaded():
            assert torch.get_num_threads() == 1
            assert other.submit(torch.get_num_threads).result() == 3
            assert late.submit(torch.get_num_threads).result() == 3, "a thread that starts meanwhile"
        assert torch.get_num_threads() == 3
    with ThreadPoolExecutor(1) as later:
        assert later.submit(torch.get_num_threads).result() == 3


def test_one_thread_in_each_of_several_leaves_them_their_number(set_threads):
    set_threads(3)
    together = Barrier(4)

    def work(_):
        before = torch.get_num_threads()
        together.wait()
        with single_threaded():
            inside = torch.get_num_threads()
            random(200, 200) @ random(200, 200)
        return before, inside, torch.get_num_threads()

    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            assert list(pool.map(work, range(4))) == [(3, 1, 3)] * 4
    assert torch.get_num_threads() == 3


def test_the_number_comes_back_after_an_error(set_threads):
    set_threads(2)
    with pytest.raises(ZeroDivisionError), single_threaded():
        _ = 1 // 0
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("n", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(n):
    release = threading.Event()

    def work(item):
        if item == 0 and n > 1:
            release.wait(10)  # the first one ends last
        if item == n - 1:
            release.set()
        return item**2

    assert list(iter_side_by_side(work, range(20), n)) == [item**2 for item in range(20)]


def test_items_are_computed_side_by_side():
    together = Barrier(3)
    assert list(iter_side_by_side(lambda _: together.wait(10) >= 0, range(6), 3)) == [True] * 6


def test_items_are_taken_shortly_before_they_are_computed():
    taken = []
    results = iter_side_by_side(str, (taken.append(i) or i for i in range(100)), 2)
    next(results)
    assert len(taken) <= 4
    results.close()
    assert len(taken) <= 4


@pytest.mark.parametrize("n", [1, 3])
def test_an_error_reaches_the_caller_and_leaves_no_thread(n):
    before = threading.active_count()

    def work(item):
        if item == 4:
            raise RuntimeError("no luck")
        return item

    with pytest.raises(RuntimeError, match="no luck"):
        list(iter_side_by_side(work, range(50), n))
    assert threading.active_count() == before


@pytest.mark.parametrize("n", [1, 3])
def test_closing_leaves_no_thread(n):
    before, computed = threading.active_count(), []
    results = iter_side_by_side(computed.append, range(1000), n)
    next(results)
    results.close()
    assert len(computed) <= 2 * n
    assert threading.active_count() == before


def test_the_pool_is_bounded_by_threads_memory_and_device(set_threads, monkeypatch):
    import psutil

    set_threads(6)
    free = type("Memory", (), {"available": 2**31})()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert pool_size(torch.device("cpu")) == 4
    assert pool_size(torch.device("cpu"), reserved=2**30) == 2
    assert pool_size(torch.device("cpu"), reserved=2**40) == 1
    assert pool_size(torch.device("cuda")) == 2
    set_threads(3)
    assert pool_size(torch.device("cpu")) == 3


@pytest.mark.parametrize("n", [1, 3])
def test_parts_are_mapped_in_order(set_threads, n):
    set_threads(n)
    assert map_threads(str, range(7)) == ["0", "1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("shape", [(1, 32, 18, 18, 18), (1, 32, 24, 24, 24), (1, 5, 40, 40, 40), (1, 8, 30, 30)])
def test_a_small_volume_is_convolved_as_torch_does(shape):
    kind = torch.nn.Conv3d if len(shape) == 5 else torch.nn.Conv2d
    layer, x = kind(shape[1], 32, 3), random(*shape)
    torch.testing.assert_close(convolve(layer, x), layer(x), rtol=1e-4, atol=1e-5)
