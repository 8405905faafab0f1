"""Clusters, percolation and the Euler number."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import measure

from napari_swnn import statistics
from napari_swnn.statistics import _blocks

IMAGES = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, min_side=3, max_side=7), elements=st.integers(0, 1)
)


@pytest.fixture
def thin_slabs(monkeypatch):
    """Read volumes in slabs of two planes."""

    def two_planes(image):
        monkeypatch.setattr(_blocks, "VOXELS_AT_ONCE", 2 * image[0].size)

    return two_planes


def clusters_of(image, connectivity, periodic):
    """Clusters by brute force: labels of the volume, of which those that meet across a periodic border become one."""
    clusters = measure.label(
        np.pad(image, [(0, int(flag)) for flag in periodic], mode="wrap"), connectivity=connectivity
    )
    own = clusters[tuple(map(slice, image.shape))]
    changed = True
    while changed:
        changed = False
        for axis, flag in enumerate(periodic):
            if not flag:
                continue
            for one, other in zip(clusters.take(0, axis).ravel(), clusters.take(-1, axis).ravel(), strict=True):
                if one != other:
                    clusters[clusters == other] = one
                    changed = True
    return own


@given(image=IMAGES, data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("connectivity", [1, 2])
def test_c2_equals_pairs_of_equal_labels(structures, thin_slabs, connectivity, image, data):
    thin_slabs(image)
    periodic = [data.draw(st.booleans()) for _ in image.shape]
    clusters = clusters_of(image, connectivity, periodic)
    c2 = statistics.two_point_cluster(image, max_distance=2, connectivity=connectivity, periodic=periodic)
    for axis, distance in product(range(image.ndim), range(3)):
        count = structures.count_pairs(
            clusters, axis, distance, periodic[axis], lambda on_it: on_it[0] == on_it[-1] > 0
        )
        assert c2.by_axis[axis, distance] * c2.samples[axis, distance] == pytest.approx(count)


@given(image=IMAGES, data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("connectivity", [1, 2])
def test_clusters_are_those_of_the_whole_volume(thin_slabs, connectivity, image, data):
    thin_slabs(image)
    periodic = [data.draw(st.booleans()) for _ in image.shape]
    found = statistics.percolation(image, connectivity=connectivity, periodic=periodic)
    expected = clusters_of(image, connectivity, periodic)
    sizes = np.unique(expected[expected > 0], return_counts=True)[1]
    assert found.n_clusters == len(sizes)
    assert found.largest_fraction == pytest.approx(sizes.max(initial=0) / max(1, image.sum()))
    for axis in range(image.ndim):
        along = clusters_of(image, connectivity, [flag and a != axis for a, flag in enumerate(periodic)])
        spanning = np.intersect1d(along.take(0, axis), along.take(-1, axis))
        share = np.isin(along, spanning[spanning > 0]).sum() / max(1, image.sum())
        assert found.connected_by_axis[axis] == pytest.approx(share)


def test_a_layer_cut_by_a_periodic_border_is_one_cluster(structures):
    layers = np.roll(structures.laminate((20, 8), 0, period=20, width=6), -3, axis=0)
    assert statistics.percolation(layers).n_clusters == 2
    assert statistics.percolation(layers, periodic=[True, False]).n_clusters == 1
    assert statistics.percolation(layers, periodic=[False, True]).n_clusters == 2


def test_layers_percolate_along_but_not_across(structures):
    result = statistics.percolation(structures.laminate((12, 12, 12), 1, period=6, width=2))
    np.testing.assert_array_equal(result.by_axis, [True, False, True])
    np.testing.assert_array_equal(result.connected_by_axis, [1, 0, 1])
    assert result.connected_fraction == pytest.approx(2 / 3)
    assert result.largest_fraction == pytest.approx(1 / 2)
    assert result.n_clusters == 2


def test_a_periodic_axis_does_not_help_itself(structures):
    layers = structures.laminate((12, 12), 0, period=6, width=2)
    assert not statistics.percolation(layers, periodic=True).by_axis[0]


def test_a_slanted_strip_percolates_only_round_the_sides():
    strip = np.zeros((10, 10), int)
    for row in range(10):
        strip[row, np.arange(2 * row, 2 * row + 3) % 10] = 1
    assert not statistics.percolation(strip).by_axis[0]
    assert not statistics.percolation(strip, periodic=[True, False]).by_axis[0]
    round_the_sides = statistics.percolation(strip, periodic=[False, True])
    assert round_the_sides.by_axis[0]
    assert round_the_sides.connected_by_axis[0] == 1


def test_a_diagonal_needs_corners():
    diagonal = np.eye(6, dtype=int)
    assert not statistics.percolation(diagonal).by_axis.any()
    assert statistics.percolation(diagonal, connectivity=2).by_axis.all()


def test_dead_ends_and_islands_are_not_connected():
    image = np.zeros((5, 9), int)
    image[:, 1] = 1  # spans
    image[:3, 4] = 1  # dead end
    image[2, 7] = 1  # island
    result = statistics.percolation(image)
    assert result.connected_by_axis[0] == pytest.approx(5 / 9)
    assert result.largest_fraction == pytest.approx(5 / 9)
    assert result.n_clusters == 3


def test_an_absent_phase_does_not_percolate():
    result = statistics.percolation(np.zeros((4, 4), int))
    assert (result.by_axis.any(), result.connected_fraction, result.largest_fraction) == (False, 0, 0)


def count_cells_on_torus(image, connectivity):
    """Euler number from its definition: vertices - edges + faces - cubes of the complex that the voxels make.

    With neighbours across faces, voxels are the vertices and a larger cell needs all of its voxels; with neighbours
    across corners, voxels are closed cubes and a smaller cell needs one of the voxels around it. The volume repeats
    along all axes: each voxel has neighbours on all sides.
    """
    total = 0
    for extent in product((0, 1), repeat=image.ndim):
        offsets = product(*(range(e + 1) for e in extent))
        parts = [np.roll(image.astype(bool), offset, range(image.ndim)) for offset in offsets]
        cells = np.all(parts, axis=0) if connectivity == 1 else np.any(parts, axis=0)
        dimension = sum(extent) if connectivity == 1 else image.ndim - sum(extent)
        total += (-1) ** dimension * int(cells.sum())
    return total


def count_cells(image, connectivity):
    """The same of a volume that ends: beyond its border there is none of the phase."""
    return count_cells_on_torus(np.pad(image, 1), connectivity)


@given(image=IMAGES)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("corners", [False, True])
def test_euler_number_equals_the_count_of_cells_slab_by_slab(corners, image):
    connectivity = image.ndim if corners else 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "VOXELS_AT_ONCE", 2 * image[0].size)
        assert statistics.euler_number(image, connectivity=connectivity).value == count_cells(image, connectivity)


@given(image=IMAGES)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("corners", [False, True])
def test_the_periodic_euler_number_equals_the_count_of_cells_all_round(corners, image):
    connectivity = image.ndim if corners else 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "VOXELS_AT_ONCE", 2 * image[0].size)
        periodic = statistics.euler_number(image, connectivity=connectivity, periodic=True)
    assert periodic.value == count_cells_on_torus(image, connectivity)


def test_a_layer_that_goes_all_round_is_closed(structures):
    layer = structures.laminate((12, 12, 12), 0, period=12, width=4)
    values = [
        statistics.euler_number(layer, periodic=flags).value
        for flags in (False, (True, False, False), (False, True, False), True)
    ]
    assert values == [1, 1, 0, 0]  # a box, a box, a ring, a torus with a wall


def test_euler_number_of_ball_ring_and_shell():
    solid = np.ones((5, 5, 5), int)
    ring, shell = solid.copy(), solid.copy()
    ring[:, 2, 2] = 0
    shell[2, 2, 2] = 0
    values = [statistics.euler_number(v, voxel_size=2).value for v in (solid, ring, shell)]
    assert values == [1, 0, 2]
    assert statistics.euler_number(shell, voxel_size=2).density == pytest.approx(2 / 1000)
