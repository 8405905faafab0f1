"""Streaming and one shot give the same, whatever the pieces; a dask array is read no more often than promised."""

from __future__ import annotations

import dataclasses

import dask.array as da
import numpy as np
import pytest

from napari_swnn import statistics
from napari_swnn.statistics import _blocks

FUNCTIONS = [
    statistics.volume_fraction,
    statistics.volume_fractions,
    statistics.two_point_correlation,
    statistics.two_point_map,
    statistics.autocovariance,
    statistics.correlation_length,
    statistics.lineal_path,
    statistics.chord_lengths,
    statistics.specific_surface_from_slope,
    statistics.specific_surface_from_mesh,
    statistics.two_point_cluster,
    statistics.percolation,
    statistics.pore_size_distribution,
    statistics.euler_number,
    statistics.volume_fraction_interval,
]
MASKED = [
    statistics.volume_fraction,
    statistics.two_point_correlation,
    statistics.two_point_map,
    statistics.lineal_path,
]


def assert_equal(first, second):
    """Compare results field by field; sums of surface elements depend on the order in the last digits."""
    if dataclasses.is_dataclass(first):
        first, second = dataclasses.asdict(first), dataclasses.asdict(second)
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key, value in first.items():
            assert_equal(value, second[key])
    elif isinstance(first, str) or first is None:
        assert first == second
    else:
        np.testing.assert_allclose(first, second, rtol=1e-6)


@pytest.fixture(params=[(17, 23), (11, 14, 13)], ids=["2-D", "3-D"])
def labels(request, structures, rng):
    return structures.level_set(rng, request.param, 1.2, 0.4)


@pytest.fixture(params=["numpy", "odd chunks", "uneven chunks"])
def in_pieces(request, monkeypatch):
    monkeypatch.setattr(_blocks, "VOXELS_AT_ONCE", 60)
    if request.param == "numpy":
        return lambda array: array
    chunks = {"odd chunks": 5, "uneven chunks": None}[request.param]
    return lambda array: da.from_array(array, chunks=chunks or tuple((3, 1, n - 4) for n in array.shape))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_pieces_equal_one_shot(function, labels, in_pieces):
    whole = function(labels)
    assert_equal(function(in_pieces(labels)), whole)


@pytest.mark.parametrize("function", MASKED, ids=lambda f: f.__name__)
def test_pieces_equal_one_shot_with_a_mask(function, labels, in_pieces, rng):
    mask = rng.random(labels.shape) < 0.8
    assert_equal(function(in_pieces(labels), mask=in_pieces(mask)), function(labels, mask=mask))
    assert_equal(function(in_pieces(labels), mask=mask), function(labels, mask=mask))


@pytest.mark.parametrize("function", FUNCTIONS[2:4] + FUNCTIONS[6:9], ids=lambda f: f.__name__)
def test_pieces_equal_one_shot_where_periodic(function, labels, in_pieces):
    assert_equal(function(in_pieces(labels), periodic=True), function(labels, periodic=True))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pieces_equal_one_shot_for_the_profile(axis, in_pieces, rng):
    labels = rng.integers(0, 2, (7, 8, 9))
    profile = statistics.volume_fraction_profile(in_pieces(labels), axis=axis)
    np.testing.assert_allclose(profile, np.moveaxis(labels, axis, 0).reshape(labels.shape[axis], -1).mean(axis=1))


@pytest.mark.parametrize(
    ("function", "passes"),
    [(statistics.volume_fraction, 1), (statistics.two_point_correlation, 3), (statistics.lineal_path, 3)],
)
def test_every_chunk_is_read_once_in_a_pass(function, passes):
    read = []

    def load(block_info=None):
        read.append(tuple(block_info[None]["chunk-location"]))
        return np.ones((8, 8, 8), np.uint8)

    lazy = da.map_blocks(load, chunks=((8,) * 2,) * 3, dtype=np.uint8, meta=np.empty((0, 0, 0), np.uint8))
    function(lazy)
    assert sorted(read) == sorted(passes * list(np.ndindex(2, 2, 2)))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_any_integer_type_will_do(dtype, rng):
    labels = rng.integers(0, 2, (9, 9))
    assert_equal(statistics.two_point_correlation(labels.astype(dtype)), statistics.two_point_correlation(labels))


def test_the_input_is_left_as_it_was(rng):
    labels = rng.integers(0, 2, (8, 9, 10))
    before = labels.copy()
    labels.flags.writeable = False
    for function in FUNCTIONS:
        function(labels)
    np.testing.assert_array_equal(labels, before)
