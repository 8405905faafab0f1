"""What is refused at the door, and what importing costs."""

from __future__ import annotations

import subprocess
import sys

import dask.array as da
import numpy as np
import pytest

from napari_swnn import statistics

IMAGE = np.eye(8, dtype=int)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"max_distance": 8}, ValueError, "max_distance must be below 8 voxels, the shortest side .* got 8; choose"),
        ({"max_distance": -1}, ValueError, "max_distance must be a whole number of at least 0, got -1"),
        ({"max_distance": 2.5}, ValueError, "max_distance must be a whole number"),
        ({"phase": 0.5}, ValueError, "phase must be a whole number of at least 0, got 0.5"),
        ({"periodic": [True]}, ValueError, r"one of them for each of the 2 axes, got \[True\]"),
        (
            {"mask": np.ones((8, 7), bool)},
            ValueError,
            r"mask must have the shape of the volume, \(8, 8\), got \(8, 7\)",
        ),
        ({"mask": np.ones((8, 8))}, TypeError, "mask must be boolean, .* got float64"),
        ({"voxel_size": 0}, ValueError, "voxel_size must lie in"),
        ({"voxel_size": np.inf}, ValueError, "voxel_size must lie in"),
    ],
)
@pytest.mark.parametrize("curve", [statistics.two_point_correlation, statistics.lineal_path, statistics.two_point_map])
def test_arguments_that_are_refused(curve, options, error, text):
    with pytest.raises(error, match=text):
        curve(IMAGE, **options)


@pytest.mark.parametrize("wrap", [np.asarray, da.from_array], ids=["numpy", "dask"])
@pytest.mark.parametrize(
    ("volume", "error", "text"),
    [
        (np.eye(4) / 2, TypeError, r"volume must hold integers, .* grey levels from 0 to 0.5 \(float64\); segment"),
        (np.ones(4, int), ValueError, r"volume must be 2-D or 3-D, got an array of shape \(4,\)"),
        (np.ones((0, 4), int), ValueError, "volume must hold at least one pixel"),
    ],
)
@pytest.mark.parametrize(
    "function", [statistics.volume_fraction, statistics.two_point_correlation, statistics.percolation]
)
def test_volumes_that_are_refused(function, volume, error, text, wrap):
    with pytest.raises(error, match=text):
        function(wrap(volume))


@pytest.mark.parametrize("function", [statistics.two_point_cluster, statistics.percolation])
@pytest.mark.parametrize("connectivity", [0, 3])
def test_a_connectivity_that_does_not_exist_is_refused(function, connectivity):
    with pytest.raises(ValueError, match="connectivity must"):
        function(IMAGE, connectivity=connectivity)


def test_the_euler_number_knows_two_connectivities():
    with pytest.raises(ValueError, match="connectivity must be 1 or 3 for a 3-D volume, got 2"):
        statistics.euler_number(np.ones((3, 3, 3), int), connectivity=2)


def test_a_uniform_volume_has_no_normalised_autocovariance():
    np.testing.assert_allclose(statistics.autocovariance(np.ones((5, 5), int)).values, 0)
    with pytest.raises(ValueError, match="got a volume fraction of 1; pick another phase"):
        statistics.normalised_autocovariance(np.ones((5, 5), int))
    unknown = statistics.normalise_two_point(statistics.two_point_correlation(np.ones((5, 5), int)))
    assert np.isnan(unknown.values).all()
    length = statistics.correlation_length_of_curve(unknown)
    assert np.isnan([length.value, length.first_zero]).all()
    assert not length.reached_zero


def test_results_cannot_be_changed():
    with pytest.raises(AttributeError):
        statistics.euler_number(IMAGE).value = 3


def test_every_public_name_exists():
    for name in statistics.__all__:
        assert getattr(statistics, name).__doc__


def test_importing_and_running_loads_no_interface_and_no_torch():
    code = (
        "import sys, numpy as np; from napari_swnn import statistics; statistics.two_point_correlation(np.eye(9) > 0);"
        "print({'torch', 'napari', 'qtpy', 'magicgui', 'matplotlib', 'skimage', 'dask'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
