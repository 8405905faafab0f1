"""A block is computed by one thread, several side by side: the number of threads never shows."""

import threading

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from napari_swnn import PorosityMap, VolumeSpec, generate, generate_lazy
from napari_swnn._steps import drain
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.volume import describe_volume, iter_assembly
from napari_swnn.core.volume.virtual_volume import VirtualVolume

THREADS = (1, 2, 3, 6)
SHAPE = (64, 70, 64)
WINDOW = Window((3, 60, 0), (40, 70, 60))


@pytest.fixture
def set_threads():
    """Number of threads of torch, put back after the test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(params=["plain", "cascade", "map"])
def described(request, plain_model, fixed_model, range_model):
    """A model and the description of a volume."""
    spec = VolumeSpec(SHAPE, seed=3)
    return {
        "plain": (plain_model, spec),
        "cascade": (fixed_model, spec),
        "map": (range_model, VolumeSpec(SHAPE, seed=3, porosity=PorosityMap.gradient(0.12, 0.28, 1))),
    }[request.param]


def test_bytes_and_the_number_of_the_caller_stay_the_same(set_threads, described):
    model, spec = described
    results = []
    for n in THREADS:
        set_threads(n)
        volume = describe_volume(model, spec, device="cpu")
        whole = drain(iter_assembly(volume))
        window = drain(iter_assembly(volume, WINDOW))
        lazy = generate_lazy(model, spec.shape, seed=spec.seed, porosity=spec.porosity, chunks=48, device="cpu")
        assert_array_equal(window, whole[WINDOW.slices((0, 0, 0))])
        assert_array_equal(volume[5, 60:], whole[5, 60:])
        assert_array_equal(lazy.compute(scheduler="threads", num_workers=3), whole)
        results.append(whole)
        assert torch.get_num_threads() == n
    for other in results[1:]:
        assert_array_equal(other, results[0])


def test_volumes_in_bfloat16_are_the_same(set_threads, plain_model, monkeypatch):
    # Few blocks: a processor without instructions for bfloat16 takes seconds for each.
    monkeypatch.setattr(
        "napari_swnn.core.volume.virtual_volume.generation_precision", lambda *_args, **_kwargs: torch.bfloat16
    )
    results = []
    for n in (1, 3):
        set_threads(n)
        results.append(generate(plain_model, SHAPE, seed=3, device="cpu"))
    assert_array_equal(results[0], results[1])


def test_exact_volumes_are_the_same(set_threads, fixed_model):
    results = []
    for n in THREADS:
        set_threads(n)
        results.append(generate(fixed_model, SHAPE, seed=3, exact=True, device="cpu"))
        assert torch.get_num_threads() == n
    for other in results[1:]:
        assert_array_equal(other, results[0])


def test_a_block_that_fails_stops_the_generation_and_leaves_no_thread(set_threads, fixed_model, monkeypatch):
    set_threads(3)
    before = threading.active_count()
    labels = VirtualVolume.labels

    def failing(volume, block):
        if block.window.start == (64, 64, 0):
            raise RuntimeError("no luck")
        return labels(volume, block)

    monkeypatch.setattr(VirtualVolume, "labels", failing)
    with pytest.raises(RuntimeError, match="no luck"):
        generate(fixed_model, (128, 128, 64), device="cpu")
    assert threading.active_count() == before
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize("exact", [False, True])
def test_a_closed_generation_stops_within_a_block(set_threads, fixed_model, monkeypatch, exact):
    set_threads(2)
    before, computed = threading.active_count(), []
    grey = VirtualVolume.grey
    monkeypatch.setattr(VirtualVolume, "grey", lambda *args: computed.append(1) or grey(*args))
    steps = iter_assembly(describe_volume(fixed_model, VolumeSpec((64, 64, 64 * 20), exact=exact), device="cpu"))
    next(steps)
    steps.close()
    assert len(computed) <= 5
    assert threading.active_count() == before


def test_several_threads_of_the_caller_generate_at_once(set_threads, fixed_model):
    set_threads(2)
    expected = generate(fixed_model, SHAPE, device="cpu")
    found = [None] * 3
    begun = threading.Barrier(3)

    def work(i):
        torch.get_num_threads()  # a thread takes over the default of torch when it first uses torch
        begun.wait()
        found[i] = generate(fixed_model, SHAPE, device="cpu"), torch.get_num_threads()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for labels, n in found:
        assert_array_equal(labels, expected)
        assert n == 2
    assert np.unique(expected).size == 2
