import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from napari_swnn import Reference, generate, generate_lazy, train
from napari_swnn.core.volume import virtual_volume
from napari_swnn.core.volume.assembly import iter_assembly
from napari_swnn.core.volume.block_cache import BlockCache
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume


@pytest.fixture(scope="module")
def model(blobs, tiny_config):
    return train(Reference(blobs), config=tiny_config)


@pytest.fixture(scope="module")
def volume(model):
    return generate(model, (100, 80, 70), seed=3)


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 100), st.integers(1, 80), st.integers(1, 70))
def test_a_smaller_volume_is_a_corner_of_a_larger_one(model, volume, d, h, w):
    assert_array_equal(generate(model, (d, h, w), seed=3), volume[:d, :h, :w])


@pytest.mark.parametrize("chunks", [48, 64])
def test_lazy_equals_eager_for_any_chunks(model, volume, chunks):
    assert_array_equal(generate_lazy(model, volume.shape, seed=3, chunks=chunks).compute(), volume)


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_any_window_of_a_lazy_volume_equals_the_slice(model, volume, data):
    lazy = generate_lazy(model, volume.shape, seed=3, chunks=32)
    starts = [data.draw(st.integers(0, n - 1)) for n in volume.shape]
    window = tuple(slice(a, data.draw(st.integers(a + 1, n))) for a, n in zip(starts, volume.shape, strict=True))
    assert_array_equal(lazy[window].compute(), volume[window])
    assert_array_equal(lazy[starts[0], ::2, -1].compute(), volume[starts[0], ::2, -1])


def test_a_lazy_volume_is_indexed_like_an_array(model, volume):
    lazy = generate_lazy(model, volume.shape, seed=3, chunks=50)
    for index in (np.s_[::-3, 5, 7:2:-1], np.s_[..., 3], np.s_[10:10], np.s_[-1], np.s_[:, 60:, ::20]):
        assert_array_equal(lazy[index].compute(), volume[index])


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_never_show(model, volume, threads):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        assert_array_equal(generate(model, volume.shape, seed=3), volume)
    finally:
        torch.set_num_threads(before)


def test_seeds_give_different_realisations(model, volume):
    other = generate(model, volume.shape, seed=4)
    agreement = (other == volume).mean()
    phi = volume.mean()
    assert agreement == pytest.approx(phi**2 + (1 - phi) ** 2, abs=0.05)  # as independent volumes agree


@pytest.mark.parametrize("side", [4096, 100_000])
def test_a_huge_lazy_volume_computes_only_what_is_looked_at(model, side):
    lazy = generate_lazy(model, (side,) * 3, seed=3)
    tracemalloc.start()
    corner = lazy[-5:, -6:, -7:].compute()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_array_equal(corner, describe_volume(model, VolumeSpec((side,) * 3, seed=3))[-5:, -6:, -7:])
    assert peak < 2**28


def test_scrolling_computes_each_block_once(fixed_model, monkeypatch):
    computed = []
    original = virtual_volume.compute_grey_and_coarse
    monkeypatch.setattr(virtual_volume, "compute_grey_and_coarse", lambda *a: computed.append(a[1]) or original(*a))
    lazy = generate_lazy(fixed_model, (64, 100, 64), seed=8)
    planes = [lazy[z].compute() for z in range(64)]
    assert len(computed) == len(set(computed)) == 2
    assert_array_equal(planes, generate(fixed_model, (64, 100, 64), seed=8))


def test_recent_blocks_of_other_volumes_are_not_mistaken(fixed_model):
    one, other = (describe_volume(fixed_model, VolumeSpec((20, 20, 20), seed=seed)) for seed in (1, 2))
    assert (one[:] != other[:]).any()
    one[:][:] = 7  # what is handed out is the caller's
    assert 7 not in one[:]


def test_what_is_kept_does_not_travel(fixed_model):
    volume = describe_volume(fixed_model, VolumeSpec((64, 64, 64)))
    before = len(pickle.dumps(volume))
    plane = volume[3]
    assert len(pickle.dumps(volume)) == before
    assert_array_equal(pickle.loads(pickle.dumps(volume))[3], plane)


def test_recent_blocks_are_bounded_in_bytes():
    cache, computed = BlockCache(100), []

    def block(key, size=40):
        return cache.get(key, lambda: computed.append(key) or np.zeros(size, np.uint8))

    for key in "abacb":  # c drives out b, of the two that fit, because a was asked for after it
        block(key)
    assert "".join(computed) == "abcb"
    assert block("large", 101).size == block("large", 101).size == 101
    assert "".join(computed[4:]) == "largelarge"
    cache.clear()
    block("b")
    assert computed[-1] == "b"


def test_threads_that_ask_for_the_same_block_compute_it_once():
    cache, computed, together = BlockCache(100), [], Barrier(4)

    def ask(_):
        together.wait()
        return cache.get("block", lambda: computed.append(1) or np.zeros(9, np.uint8)).sum()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [0] * 4
    assert len(computed) == 1


def test_a_block_that_failed_is_tried_again():
    cache = BlockCache(100)
    with pytest.raises(ZeroDivisionError):
        cache.get("block", lambda: 1 // 0)
    assert cache.get("block", lambda: np.ones(1, np.uint8)) == 1


def test_progress_counts_the_blocks(model):
    steps = list(iter_assembly(describe_volume(model, VolumeSpec((65, 64, 10)))))
    assert [step.block for step in steps] == [1, 2]
    assert steps[-1].time_left == 0


def test_labels_of_the_reference_are_kept(blobs, tiny_config):
    reference = Reference(np.where(blobs == 1, 300, 7), phase=300)
    volume = generate(train(reference, config=tiny_config), (20, 20, 20))
    assert set(np.unique(volume)) == {7, 300}
    assert volume.dtype == np.uint16


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((0, 10, 10), "shape must be 3 whole numbers above 0, in voxels, got"),
        ((10, 10), "shape must be 3 whole numbers above 0"),
        ((10, 10, 2.5), "shape must be 3 whole numbers above 0"),
        (64, "shape must be 3 whole numbers above 0"),
        ((10**5,) * 3, r"must fit into memory, got \(100000, 100000, 100000\), which needs 931323.\d GiB"),
    ],
)
def test_bad_shapes_are_refused_before_any_work(model, shape, message):
    with pytest.raises(ValueError, match=message):
        generate(model, shape)
