"""Statistics of several phases: laws that hold for any labels, and geometries whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, combinations_with_replacement

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_swnn import statistics
from napari_swnn.statistics import _blocks

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=3, max_side=7)


@st.composite
def phases(draw, n_phases=4):
    """Labels 0 to `n_phases` - 1, all of them present, and one periodic flag for each axis."""
    labels = draw(hnp.arrays(np.uint8, draw(SHAPES), elements=st.integers(0, n_phases - 1)))
    labels.ravel()[: 2 * n_phases : 2] = range(n_phases)
    return labels, draw(st.lists(st.booleans(), min_size=labels.ndim, max_size=labels.ndim))


def corner(height=8, side=10):
    """Three phases that meet in one line along z: a half and two quarters."""
    labels = np.zeros((height, side, side), np.uint8)
    labels[:, side // 2 :, : side // 2] = 1
    labels[:, side // 2 :, side // 2 :] = 2
    return labels


@given(image=phases(), data=st.data())
@settings(max_examples=50, deadline=None)
def test_cross_correlation_equals_brute_force(structures, image, data):
    labels, periodic = image
    distance = data.draw(st.integers(0, min(labels.shape) - 1))
    mask = data.draw(st.none() | hnp.arrays(bool, labels.shape).filter(np.any))
    curve = statistics.cross_correlation(labels, pair=(1, 3), max_distance=distance, periodic=periodic, mask=mask)
    inside = np.ones(labels.shape, bool) if mask is None else mask
    coded = np.where(inside, labels, 9)
    for axis in range(labels.ndim):
        options = (axis, distance, periodic[axis])
        pairs = structures.count_pairs(coded, *options, lambda on_it: {on_it[0], on_it[-1]} == {1, 3})
        pairs = pairs if distance else 0
        trials = structures.count_pairs(coded, *options, lambda on_it: on_it[0] != 9 and on_it[-1] != 9)
        assert curve.samples[axis, distance] == trials
        np.testing.assert_allclose(curve.by_axis[axis, distance], pairs / 2 / trials if trials else np.nan)


@given(image=phases())
@settings(max_examples=50, deadline=None)
def test_cross_correlations_sum_to_the_fractions(image):
    labels, _ = image
    curves = statistics.cross_correlations(labels, periodic=True)
    assert list(curves) == list(combinations_with_replacement(range(4), 2))
    for i, fraction in statistics.volume_fractions(labels).items():
        total = sum(curves[min(i, j), max(i, j)].by_axis for j in range(4))
        np.testing.assert_allclose(total, fraction)
        two_point = statistics.two_point_correlation(labels, phase=i, periodic=True)
        np.testing.assert_array_equal(curves[i, i].by_axis, two_point.by_axis)
        equal = statistics.cross_correlation(labels, pair=(i, i), periodic=True)
        np.testing.assert_array_equal(equal.by_axis, two_point.by_axis)


@given(image=phases(n_phases=3))
@settings(max_examples=40, deadline=None)
def test_three_phases_have_their_cross_correlations_from_their_two_point_correlations(image):
    labels, _ = image
    curves = {pair: curve.by_axis for pair, curve in statistics.cross_correlations(labels, periodic=True).items()}
    drop = [curves[i, i][:, :1] - curves[i, i] for i in range(3)]
    np.testing.assert_allclose(curves[0, 1], (drop[0] + drop[1] - drop[2]) / 2, atol=1e-12)


@given(image=phases(), data=st.data())
@settings(max_examples=40, deadline=None)
def test_interface_areas_sum_to_the_specific_surface_of_each_phase(image, data):
    labels, periodic = image
    mask = data.draw(st.none() | st.just(np.indices(labels.shape).sum(axis=0) >= 0))
    areas = statistics.interface_areas(labels, periodic=periodic, mask=mask, voxel_size=0.5, unit="µm")
    assert areas.unit == "µm"
    for phase in range(4):
        surface = statistics.specific_surface_from_slope(
            labels, phase=phase, periodic=periodic, mask=mask, voxel_size=0.5
        )
        assert areas.of_phase(phase) == pytest.approx(surface.value)
    for i, j in combinations(range(4), 2):
        assert areas.between(j, i) == areas.values[i, j] == pytest.approx(areas.by_axis[i, j].mean())


MEASURES = {
    "cross-correlation": lambda labels, **options: statistics.cross_correlations(labels, **options)[0, 2].by_axis,
    "interface area": lambda labels, **options: statistics.interface_areas(labels, **options).by_axis[0, 2],
    "boundary": lambda labels, **options: np.broadcast_to(
        statistics.triple_phase_boundary(labels, **options).by_axis, 3
    ),
}


@given(labels=hnp.arrays(np.uint8, (4, 5, 6), elements=st.integers(0, 3)), data=st.data())
@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("name", MEASURES)
def test_axes_follow_a_permutation_of_the_axes(name, labels, data):
    labels[0, 0, :4] = range(4)
    periodic = data.draw(st.lists(st.booleans(), min_size=3, max_size=3))
    order = data.draw(st.permutations(range(3)))
    before = MEASURES[name](labels, periodic=periodic)
    turned = MEASURES[name](labels.transpose(order), periodic=[periodic[a] for a in order])
    np.testing.assert_allclose(turned, before[list(order)])


@given(image=phases(), data=st.data())
@settings(max_examples=30, deadline=None)
def test_results_follow_their_labels(image, data):
    labels, periodic = image
    new = np.array(data.draw(st.permutations([3, 40, 200, 255])))
    areas, other = (statistics.interface_areas(a, periodic=periodic) for a in (labels, new[labels]))
    lines, moved = (statistics.triple_phase_boundary(a, periodic=periodic) for a in (labels, new[labels]))
    for i, j in areas.values:
        assert other.between(new[i], new[j]) == pytest.approx(areas.values[i, j])
    for triple, length in lines.by_triple.items():
        assert moved.by_triple[tuple(sorted(new[list(triple)]))] == pytest.approx(length)
    assert moved.value == pytest.approx(lines.value)


@pytest.mark.parametrize("voxel_size", [1, 0.5])
def test_one_straight_line_is_one_point_on_each_plane(voxel_size):
    found = statistics.triple_phase_boundary(corner(8, 10), voxel_size=voxel_size)
    np.testing.assert_allclose(found.by_axis, [2 / (9 * voxel_size) ** 2, 0, 0])
    assert found.value == pytest.approx(found.by_axis.mean())
    assert found.n_points == 8
    section = statistics.triple_phase_boundary(corner()[0], voxel_size=voxel_size)
    assert section.value == pytest.approx(2 / (9 * voxel_size) ** 2)
    assert section.by_axis is None
    assert list(section.by_triple) == [(0, 1, 2)]


def test_a_periodic_prism_has_its_lines():
    # Three phases in a periodic cell of 12 x 12: the half meets both quarters at the middle and at its other side.
    found = statistics.triple_phase_boundary(corner(5, 12), periodic=True)
    np.testing.assert_allclose(found.by_axis, [2 * 4 / 12**2, 0, 0])
    areas = statistics.interface_areas(corner(5, 12), periodic=True)
    np.testing.assert_allclose(areas.by_axis[1, 2], [0, 0, 4 / 2 * 2 * 6 / 12**2])
    np.testing.assert_allclose(areas.by_axis[0, 1], [0, 4 / 2 * 2 * 6 / 12**2, 0])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_laminate_of_three_phases_has_areas_but_no_line(axis):
    labels = np.indices((12, 12, 12))[axis] // 2 % 3
    assert statistics.triple_phase_boundary(labels, periodic=True).value == 0
    for pair, by_axis in statistics.interface_areas(labels, periodic=True).by_axis.items():
        # Layers of two voxels: each interface occurs once in six voxels; the factor of an isotropic medium is 2.
        np.testing.assert_allclose(by_axis, [2 / 6 if a == axis else 0 for a in range(3)], atol=1e-12, err_msg=pair)


def test_a_separated_pair_shares_no_area():
    labels = np.indices((12, 12, 12))[0] // 3 % 4  # 0 and 2 never touch, nor do 1 and 3
    areas = statistics.interface_areas(labels, periodic=True)
    assert areas.between(0, 2) == areas.between(1, 3) == 0
    assert areas.between(1, 0) > 0


def test_a_layer_of_one_voxel_makes_up_for_the_pair_that_it_separates():
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[6:], labels[5], labels[11] = 2, 1, 1
    areas = statistics.interface_areas(labels, periodic=True)
    assert areas.between(0, 2) < 0  # no face is shared; the second-order difference sees both sides of the layer
    for phase in range(3):
        surface = statistics.specific_surface_from_slope(labels, phase=phase, periodic=True)
        assert areas.of_phase(phase) == pytest.approx(surface.value)


@given(labels=hnp.arrays(np.uint8, (6, 7, 5), elements=st.integers(0, 2)), data=st.data())
@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("name", MEASURES)
def test_a_periodic_volume_may_be_rolled(name, labels, data):
    labels[0, 0, :3] = range(3)
    shift = [data.draw(st.integers(0, n - 1)) for n in labels.shape]
    rolled = np.roll(labels, shift, axis=range(3))
    np.testing.assert_allclose(MEASURES[name](rolled, periodic=True), MEASURES[name](labels, periodic=True))


def test_windows_that_touch_at_a_corner_are_one_point():
    labels = np.array([[0, 1, 1], [2, 0, 1], [2, 2, 0]])
    windows = [len(np.unique(labels[y : y + 2, x : x + 2])) == 3 for y, x in np.ndindex(2, 2)]
    assert windows == [True, False, False, True]
    assert statistics.triple_phase_boundary(labels).n_points == 1


@given(labels=hnp.arrays(np.uint8, (9, 11), elements=st.integers(0, 2)), data=st.data())
@settings(max_examples=50, deadline=None)
def test_points_equal_brute_force(labels, data):
    labels[0, :3] = range(3)
    mask = data.draw(st.none() | hnp.arrays(bool, labels.shape, elements=st.sampled_from([True, True, True, False])))
    inside = np.ones(labels.shape, bool) if mask is None else mask
    boxes = [np.s_[y : y + 2, x : x + 2] for y, x in np.ndindex(8, 10)]
    valid = np.array([inside[box].all() for box in boxes]).reshape(8, 10)
    if not valid.any():
        with pytest.raises(ValueError, match="mask must contain at least one window of 2 x 2 pixels"):
            statistics.triple_phase_boundary(labels, mask=mask)
        return
    hits = np.array([len(np.unique(labels[box])) == 3 for box in boxes]).reshape(8, 10) & valid
    _, n_points = ndimage.label(hits, np.ones((3, 3)))
    found = statistics.triple_phase_boundary(labels, mask=mask)
    assert found.n_points == n_points
    assert found.value == pytest.approx(2 * n_points / valid.sum())


def test_every_triple_of_four_phases_is_measured(rng):
    labels = ndimage.zoom(rng.integers(0, 4, (6, 6, 6)), 5, order=0)
    found = statistics.triple_phase_boundary(labels)
    assert list(found.by_triple) == list(combinations(range(4), 3))
    assert found.value == pytest.approx(sum(found.by_triple.values()))
    for triple, length in found.by_triple.items():
        alone = statistics.triple_phase_boundary(labels, phases=triple)
        assert alone.value == pytest.approx(length)


def test_only_lines_of_percolating_phases_are_active():
    active = statistics.active_triple_phase_boundary(corner(), voxel_size=2)
    total = statistics.triple_phase_boundary(corner(), voxel_size=2).value
    np.testing.assert_allclose(active.by_axis, [total, 0, 0])  # along x the quarters end, along y all phases
    assert active.total == pytest.approx(total)
    assert active.fraction == pytest.approx(1 / 3)
    assert active.value == pytest.approx(total / 3)
    broken = corner()
    broken[3, 5:, :5] = 0  # phase 1 no longer spans the height
    assert statistics.active_triple_phase_boundary(broken).value == 0


def test_the_active_part_equals_that_of_a_volume_without_its_dead_ends(structures, rng):
    labels = structures.argmax(rng, (24, 24, 24), 1.5)
    active = statistics.active_triple_phase_boundary(labels)
    for axis in range(3):
        left = np.full(labels.shape, 3)
        for phase in range(3):
            clusters, _ = ndimage.label(labels == phase)
            ends = [set(np.unique(clusters.take(end, axis))) for end in (0, -1)]
            left[np.isin(clusters, list((ends[0] & ends[1]) - {0}))] = phase
        left[0, 0, 0] = 3  # so that the label occurs
        expected = statistics.triple_phase_boundary(left, phases=(0, 1, 2)).value
        assert active.by_axis[axis] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("shape", [(40, 36), (34, 18, 32)], ids=["2-D", "3-D"])
@pytest.mark.parametrize("masked", [False, True])
def test_lazy_arrays_give_the_same(structures, rng, monkeypatch, shape, masked):
    labels = structures.argmax(rng, shape, 3)
    mask = rng.random(shape) < 0.97 if masked else None
    whole = [
        statistics.cross_correlations(labels, mask=mask)[0, 1].by_axis,
        statistics.interface_areas(labels, mask=mask).by_axis[1, 2],
    ]
    line = statistics.triple_phase_boundary(labels, mask=mask)
    monkeypatch.setattr(_blocks, "VOXELS_AT_ONCE", 1500)
    for chunks in (7, tuple((3, 1, n - 4) for n in shape)):
        lazy = da.from_array(labels, chunks=chunks)
        lazy_mask = None if mask is None else da.from_array(mask, chunks=9)
        np.testing.assert_array_equal(statistics.cross_correlations(lazy, mask=lazy_mask)[0, 1].by_axis, whole[0])
        np.testing.assert_array_equal(statistics.interface_areas(lazy, mask=lazy_mask).by_axis[1, 2], whole[1])
        again = statistics.triple_phase_boundary(lazy, mask=lazy_mask)
        assert (again.value, again.half_width, again.n_points) == (line.value, line.half_width, line.n_points)
        np.testing.assert_array_equal(again.by_axis, line.by_axis)


@pytest.mark.parametrize(
    "function", [statistics.cross_correlations, statistics.interface_areas, statistics.triple_phase_boundary]
)
def test_a_lazy_volume_is_read_once_for_each_axis_and_once_before(function, rng):
    stored = rng.integers(0, 3, (16, 16, 16))
    read = []

    def load(block_info=None):
        read.append(tuple(block_info[None]["chunk-location"]))
        return stored[tuple(slice(*ends) for ends in block_info[None]["array-location"])]

    function(da.map_blocks(load, chunks=((8,) * 2,) * 3, dtype=stored.dtype, meta=np.empty((0, 0, 0), int)))
    assert sorted(read) == sorted(4 * list(np.ndindex(2, 2, 2)))


@pytest.mark.parametrize(
    "function",
    [
        statistics.phase_fractions,
        statistics.cross_correlations,
        statistics.interface_areas,
        statistics.triple_phase_boundary,
        statistics.active_triple_phase_boundary,
    ],
)
def test_the_input_is_left_as_it_was(function, structures, rng):
    labels = structures.argmax(rng, (20, 18, 22), 2)
    before = labels.copy()
    labels.flags.writeable = False
    function(labels)
    np.testing.assert_array_equal(labels, before)


def test_the_lazy_active_part_is_the_same(structures, rng):
    labels = structures.argmax(rng, (20, 18, 22), 1.5)
    whole, lazy = (
        statistics.active_triple_phase_boundary(a, periodic=(False, True, False))
        for a in (labels, da.from_array(labels, chunks=7))
    )
    np.testing.assert_array_equal(lazy.by_axis, whole.by_axis)
    assert 0 < whole.fraction <= 1.01


def test_fractions_of_all_phases_carry_their_intervals(structures, rng):
    labels = structures.argmax(rng, (128, 128), 3)
    found = statistics.phase_fractions(labels, periodic=True)
    assert sum(interval.value for interval in found.values()) == pytest.approx(1)
    for phase, interval in found.items():
        alone = statistics.volume_fraction_interval(labels, phase=phase, periodic=True)
        assert replace(interval, warning=None) == replace(alone, warning=None)
        assert interval.low < interval.value < interval.high


def test_the_interval_of_the_boundary_has_its_confidence(structures):
    rng = np.random.default_rng(11)
    found = [statistics.triple_phase_boundary(structures.argmax(rng, (128, 128), 3)) for _ in range(60)]
    mean = np.mean([one.value for one in found])
    held = np.mean([one.low <= mean <= one.high for one in found])
    assert 0.88 <= held <= 1  # 60 trials of 0.95
    wide = np.sqrt(np.mean([one.half_width**2 for one in found]))
    assert wide == pytest.approx(2.03 * np.std([one.value for one in found]), rel=0.25)


def test_a_small_image_has_a_value_but_no_interval():
    found = statistics.triple_phase_boundary(corner()[0])
    assert np.isnan([found.low, found.high, found.half_width]).all()
    assert "no interval can be estimated" in found.warning
    assert found.n_points == 1


@pytest.mark.parametrize(
    ("function", "volume", "options", "text"),
    [
        (statistics.cross_correlation, corner(), {"pair": (0, 1, 2)}, "pair must be two labels, got"),
        (statistics.cross_correlation, corner(), {"pair": (0, 7)}, r"values of volume \(0, 1, 2\), got 7; pick"),
        (statistics.interface_areas, corner(), {"phases": (1, 1)}, "phases must be 2 to 8 different labels"),
        (statistics.interface_areas, corner()[:2], {}, "at least 3 voxels along each axis"),
        (statistics.triple_phase_boundary, corner() > 0, {}, "at least 3 phases, got the labels 0, 1"),
        (statistics.triple_phase_boundary, corner(), {"phases": (0, 1)}, "phases must be 3 to 8 different labels"),
        (statistics.triple_phase_boundary, corner(), {"confidence": 1}, "confidence must lie in"),
        (statistics.triple_phase_boundary, np.arange(3)[None], {}, "at least 2 voxels along each axis"),
        (statistics.triple_phase_boundary, np.arange(9).reshape(3, 3), {}, "at most 8 phases, got 9 values"),
        (statistics.active_triple_phase_boundary, corner()[0], {}, "volume must be 3-D"),
        (statistics.phase_fractions, np.ones((9, 9), int), {}, "at least 2 phases, got the labels 1"),
    ],
)
def test_arguments_that_are_refused(function, volume, options, text):
    with pytest.raises(ValueError, match=text):
        function(volume, **options)
