"""Slabs cover the volume once, and their number of threads never shows in a result."""

import tracemalloc

import numpy as np
import pytest

from napari_swnn.physics import SolverOptions, _slabs, effective_conductivity, permeability
from napari_swnn.physics._phase_index import find_phases
from napari_swnn.physics._slabs import SlabPool
from napari_swnn.physics.memory import estimate_memory


@pytest.fixture
def use_threads(monkeypatch):
    """Return a function that sets the number of threads, with slabs small enough that each has several."""
    monkeypatch.setattr(_slabs, "_SLAB", 1000)
    return lambda n: monkeypatch.setattr(_slabs, "n_threads", lambda: n)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(7, 5), (40, 30, 20), (1, 200, 200), (3, 1, 9)])
def test_every_layer_is_in_one_slab(use_threads, shape, axis):
    use_threads(2)
    visits = np.zeros(shape[axis], int)

    def visit(layers):
        visits[layers] += 1

    SlabPool().for_each(visit, shape, axis=axis)
    assert (visits == 1).all()


@pytest.mark.parametrize("boundary", ["face", "voxel"])
def test_threads_do_not_show_in_a_conductivity(blobs, use_threads, boundary):
    volume = blobs((24, 20, 18), 0.4)
    results = []
    for n in (1, 3):
        use_threads(n)
        results.append(effective_conductivity(volume, {0: 1.0, 1: 0.02}, axis=1, boundary=boundary))
    one, three = results
    np.testing.assert_array_equal(one.field, three.field)
    np.testing.assert_array_equal(one.flux, three.flux)


@pytest.mark.parametrize("boundary", ["periodic", "mirror"])
def test_threads_do_not_show_in_a_permeability(blobs, use_threads, boundary):
    volume = blobs((20, 18, 16), 0.5)
    velocities = []
    for n in (1, 3):
        use_threads(n)
        velocities.append(permeability(volume, phase=1, axis=1, boundary=boundary).velocity)
    np.testing.assert_array_equal(*velocities)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_conductivity_takes_no_more_memory_than_was_said(blobs, precision):
    volume = blobs((96, 96, 96), 0.5)
    options = SolverOptions(precision=precision, device="cpu")
    tracemalloc.start()
    try:
        effective_conductivity(volume, {0: 1.0, 1: 0.5}, axis=0, options=options)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < estimate_memory(volume.shape, "conduction", precision=precision)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([[3, 1], [1, 7]], np.uint8),
        np.array([[-128, 127], [0, 0]], np.int8),
        np.array([[2**62, 5], [5, -3]]),
        np.arange(300).reshape(15, 20) * 3,
    ],
    ids=["few", "whole range of the type", "far apart", "many"],
)
def test_phases_are_those_of_a_sort(labels):
    phases, index, counts = find_phases(labels)
    expected, expected_counts = np.unique(labels, return_counts=True)
    np.testing.assert_array_equal(phases, expected)
    np.testing.assert_array_equal(counts, expected_counts)
    np.testing.assert_array_equal(phases[index], labels)
