"""What is refused at the door, and what importing costs."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from io import BytesIO

import dask.array as da
import numpy as np
import pytest
from PIL import Image

from napari_swnn import statistics

IMAGE = np.eye(8, dtype=int)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"max_distance": 8}, ValueError, "max_distance must be below 8 voxels, the shortest side .* got 8; choose"),
        ({"max_distance": -1}, ValueError, "max_distance must be a whole number of at least 0, got -1"),
        ({"max_distance": 2.5}, ValueError, "max_distance must be a whole number"),
        ({"phase": 0.5}, ValueError, "phase must be a whole number, got 0.5"),
        ({"periodic": [True]}, ValueError, r"one of them for each of the 2 axes, got \[True\]"),
        (
            {"mask": np.ones((8, 7), bool)},
            ValueError,
            r"mask must have the shape of the volume, \(8, 8\), got \(8, 7\)",
        ),
        ({"mask": np.ones((8, 8), str)}, TypeError, "mask must hold booleans, .* got <U1"),
        ({"mask": np.full((8, 8), np.nan)}, ValueError, "mask must say for every pixel"),
        ({"phase": 7}, ValueError, r"phase must be one of the values of volume \(0, 1\), got 7"),
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


def measure_everything(volume, **options):
    """Return the numbers of every statistic of a volume or section."""
    masked = {**options, "mask": None}
    return [
        statistics.volume_fraction(volume, **options),
        *statistics.volume_fraction_profile(volume, axis=0, **options),
        *[
            statistics.two_point_correlation(volume, **masked).values.tolist(),
            statistics.lineal_path(volume, **masked).values.tolist(),
            statistics.two_point_cluster(volume, **options).values.tolist(),
            statistics.two_point_map(volume, **masked).values.tolist(),
        ],
        statistics.specific_surface_from_slope(volume, **masked).value,
        statistics.specific_surface_from_mesh(volume, **options).value,
        statistics.percolation(volume, **options).n_clusters,
        statistics.euler_number(volume, **options).value,
        statistics.pore_size_distribution(volume, **options).mean,
        statistics.chord_lengths(volume, **options).mean,
        statistics.correlation_length(volume, **masked).value,
    ]


MASK = np.indices((24, 32)).sum(0) % 16 < 5


def as_pillow_reads(mask):
    file = BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("wrap", [np.asarray, lambda array: da.from_array(array, chunks=9)], ids=["numpy", "dask"])
@pytest.mark.parametrize(
    "store",
    [
        as_pillow_reads,
        np.asfortranarray,
        lambda mask: mask.astype(">i4"),
        lambda mask: mask.astype("f4"),
        lambda mask: mask.astype(np.uint64),
        lambda mask: np.dstack([mask] * 3),
        lambda mask: np.dstack([mask, mask, mask, np.ones_like(mask)]),
    ],
)
def test_mask_has_the_same_statistics_however_it_is_stored(store, wrap):
    assert measure_everything(wrap(store(MASK))) == measure_everything(MASK)


@pytest.mark.parametrize("wrap", [np.asarray, lambda array: da.from_array(array, chunks=9)], ids=["numpy", "dask"])
@pytest.mark.parametrize(
    "measure",
    [
        statistics.volume_fraction,
        partial(statistics.volume_fraction_profile, axis=0),
        statistics.two_point_correlation,
        statistics.two_point_map,
        statistics.autocovariance,
        statistics.normalised_autocovariance,
        statistics.lineal_path,
        statistics.two_point_cluster,
        statistics.specific_surface_from_slope,
        statistics.specific_surface_from_mesh,
        statistics.percolation,
        statistics.euler_number,
        statistics.pore_size_distribution,
        statistics.local_diameter,
        statistics.chord_lengths,
        statistics.correlation_length,
        statistics.volume_fraction_interval,
    ],
)
def test_absent_phase_is_refused_with_the_labels_that_exist(measure, wrap):
    with pytest.raises(ValueError, match=r"phase must be one of the values of volume \(0, 255\), got 1"):
        measure(wrap(MASK.astype(np.uint8) * 255))


@pytest.mark.parametrize("wrap", [np.asarray, da.from_array], ids=["numpy", "dask"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, int])
def test_empty_binary_volume_is_taken(wrap, dtype):
    empty = wrap(np.zeros((6, 6), dtype))
    assert statistics.volume_fraction(empty) == 0
    assert not statistics.two_point_correlation(empty).values.any()
    assert statistics.percolation(empty).n_clusters == 0


@pytest.mark.parametrize("wrap", [np.asarray, da.from_array], ids=["numpy", "dask"])
def test_phase_may_be_absent_from_the_region_of_interest(wrap):
    labels = wrap(MASK.astype(np.uint8) * 255)
    assert statistics.volume_fraction(labels, phase=255, mask=~MASK) == 0


@pytest.mark.parametrize("wrap", [np.asarray, lambda array: da.from_array(array, chunks=9)], ids=["numpy", "dask"])
@pytest.mark.parametrize("store", [np.asarray, as_pillow_reads, lambda mask: mask * 255, lambda mask: mask * 1.0])
def test_region_of_interest_is_the_same_however_it_is_stored(store, wrap, rng):
    labels = rng.integers(0, 2, MASK.shape)
    assert statistics.volume_fraction(labels, mask=wrap(store(MASK))) == labels[MASK].mean()


def test_label_may_be_negative(rng):
    labels = np.where(MASK, -1, 4)
    assert statistics.volume_fraction(labels, phase=-1) == MASK.mean()


@pytest.mark.parametrize("wrap", [np.asanyarray, da.from_array], ids=["numpy", "dask"])
def test_masked_volume_is_refused_when_it_is_read(wrap):
    with pytest.raises(ValueError, match=r"volume must not have masked pixels.*mask=~volume.mask"):
        statistics.volume_fraction(wrap(np.ma.masked_equal(IMAGE, 1)))


@pytest.mark.parametrize("wrap", [np.asanyarray, da.from_array], ids=["numpy", "dask"])
def test_different_channels_are_refused(wrap, rng):
    with pytest.raises(ValueError, match="volume must have one channel"):
        statistics.volume_fraction(wrap(rng.integers(0, 2, (20, 20, 3))))


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


@pytest.mark.parametrize("shape", [(40, 40), (9, 40, 40)])
def test_grey_levels_and_objects_are_no_phases(rng, shape):
    values = rng.integers(0, 200, shape)
    with pytest.raises(ValueError, match=r"at most 8 phases, got .* grey levels"):
        statistics.volume_fraction(values, phase=1)
    background = statistics.volume_fraction(values, phase=0)
    assert background == pytest.approx(np.mean(values == 0))


@pytest.mark.parametrize("phase", [True, 1.0, np.float32(1), np.bool_(True)])
def test_a_phase_may_have_the_type_of_the_values_of_an_image(blobs, phase):
    assert statistics.volume_fraction(blobs, phase=phase) == statistics.volume_fraction(blobs, phase=1)
