"""Laws of S2, L and C2 that hold for any image, and their definitions spelt out by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_swnn import statistics

CURVES = [statistics.two_point_correlation, statistics.lineal_path, statistics.two_point_cluster]
SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=3, max_side=7)


@st.composite
def images(draw, n_phases=2):
    """Labels, one periodic flag for each axis, and a distance that fits."""
    labels = draw(hnp.arrays(np.uint8, draw(SHAPES), elements=st.integers(0, n_phases - 1)))
    periodic = draw(st.lists(st.booleans(), min_size=labels.ndim, max_size=labels.ndim))
    return labels, periodic, draw(st.integers(0, min(labels.shape) - 1))


@given(image=images(n_phases=3).filter(lambda image: 2 in image[0]), data=st.data())
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize(
    ("curve", "joined"),
    [(statistics.two_point_correlation, lambda on_it: on_it[0] and on_it[-1]), (statistics.lineal_path, all)],
)
def test_equals_brute_force_with_mask_and_periodic_axes(structures, curve, joined, image, data):
    labels, periodic, distance = image
    mask = data.draw(st.none() | hnp.arrays(bool, labels.shape).filter(np.any))
    result = curve(labels, phase=2, max_distance=distance, periodic=periodic, mask=mask)
    everywhere = np.ones(labels.shape, bool) if mask is None else mask
    for axis in range(labels.ndim):
        count = [
            structures.count_pairs(a, axis, distance, periodic[axis], joined)
            for a in ((labels == 2) & everywhere, everywhere)
        ]
        assert result.samples[axis, distance] == count[1]
        expected = count[0] / count[1] if count[1] else np.nan
        np.testing.assert_allclose(result.by_axis[axis, distance], expected)


@given(image=images())
@settings(max_examples=40, deadline=None)
def test_begins_at_the_volume_fraction_and_keeps_its_order(image):
    labels, periodic, distance = image
    s2, path, c2 = (f(labels, max_distance=distance, periodic=periodic).by_axis for f in CURVES)
    fraction = statistics.volume_fraction(labels)
    for curve in (s2, path, c2):
        np.testing.assert_allclose(curve[:, 0], fraction)
    assert np.all(path <= c2 + 1e-12)  # a segment inside the phase joins its ends
    assert np.all(c2 <= s2 + 1e-12)
    closed = np.array(periodic)
    assert np.all(s2[closed] <= fraction + 1e-12)


@given(image=images())
@settings(max_examples=40, deadline=None)
def test_the_two_phases_have_the_same_autocovariance(image):
    labels, _, distance = image
    pore, solid = (
        statistics.autocovariance(labels, phase=phase, max_distance=distance, periodic=True).by_axis for phase in (1, 0)
    )
    np.testing.assert_allclose(pore, solid, atol=1e-12)


@given(image=images(), data=st.data())
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("curve", CURVES)
def test_axes_follow_a_permutation_of_the_axes(curve, image, data):
    labels, periodic, distance = image
    order = data.draw(st.permutations(range(labels.ndim)))
    before = curve(labels, max_distance=distance, periodic=periodic).by_axis
    turned = curve(labels.transpose(order), max_distance=distance, periodic=[periodic[a] for a in order]).by_axis
    np.testing.assert_array_equal(turned, before[list(order)])


@given(image=images(), data=st.data())
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("connectivity", [1, 2])
@pytest.mark.parametrize("curve", CURVES)
def test_a_periodic_image_may_be_rolled(curve, connectivity, image, data):
    labels, _, distance = image
    shift = [data.draw(st.integers(0, n - 1)) for n in labels.shape]
    options = {"connectivity": connectivity} if curve is statistics.two_point_cluster else {}
    rolled = np.roll(labels, shift, axis=range(labels.ndim))
    here, there = (curve(a, max_distance=distance, periodic=True, **options).by_axis for a in (labels, rolled))
    np.testing.assert_array_equal(here, there)


def test_a_rolled_image_differs_where_it_is_not_periodic(rng):
    labels = rng.integers(0, 2, (9, 11))
    rolled = np.roll(labels, (3, 4), axis=(0, 1))
    here, there = (statistics.two_point_correlation(a, max_distance=4).by_axis for a in (labels, rolled))
    assert not np.array_equal(here, there)


@pytest.mark.parametrize("curve", [statistics.two_point_correlation, statistics.lineal_path])
def test_a_rectangular_mask_is_a_crop(rng, curve):
    labels = rng.integers(0, 2, (12, 15, 13))
    mask = np.zeros(labels.shape, bool)
    mask[2:9, 3:14, 1:10] = True
    masked, crop = curve(labels, mask=mask, max_distance=5), curve(labels[2:9, 3:14, 1:10], max_distance=5)
    np.testing.assert_array_equal(masked.by_axis, crop.by_axis)
    np.testing.assert_array_equal(masked.samples, crop.samples)


def test_where_the_mask_leaves_no_pair_the_value_is_missing():
    mask = np.zeros((6, 6), bool)
    mask[:, 2] = True  # one column: pairs along axis 0 only
    s2 = statistics.two_point_correlation(np.ones((6, 6), int), mask=mask, max_distance=2)
    assert np.isnan(s2.by_axis[1, 1:]).all()
    np.testing.assert_array_equal(s2.values, 1)


@pytest.mark.parametrize("curve", CURVES)
def test_the_voxel_size_stretches_the_distance_alone(rng, curve):
    labels = rng.integers(0, 2, (8, 8))
    plain, scaled = curve(labels, max_distance=3), curve(labels, max_distance=3, voxel_size=0.5, unit="µm")
    np.testing.assert_array_equal(scaled.distance, [0, 0.5, 1, 1.5])
    np.testing.assert_array_equal(scaled.values, plain.values)
    assert (plain.unit, scaled.unit) == ("voxel", "µm")


def test_the_default_distance_is_64_but_at_most_half_the_shortest_side():
    assert len(statistics.two_point_correlation(np.ones((200, 300), int)).distance) == 65
    assert len(statistics.two_point_correlation(np.ones((21, 300), int)).distance) == 11


@given(
    image=hnp.arrays(
        np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, min_side=3, max_side=8), elements=st.integers(0, 1)
    ),
    data=st.data(),
)
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("masked", [False, True])
def test_the_full_map_holds_the_curves_and_is_symmetric(monkeypatch_block_side, masked, image, data):
    periodic = data.draw(st.lists(st.booleans(), min_size=image.ndim, max_size=image.ndim))
    mask = data.draw(hnp.arrays(bool, image.shape).filter(np.any)) if masked else None
    reach = data.draw(st.integers(0, min(image.shape) - 1))
    full = statistics.two_point_map(image, max_distance=reach, periodic=periodic, mask=mask)
    s2 = statistics.two_point_correlation(image, max_distance=reach, periodic=periodic, mask=mask)
    np.testing.assert_array_equal(full.values, np.flip(full.values))
    for axis in range(image.ndim):
        line = tuple(slice(reach, None) if a == axis else reach for a in range(image.ndim))
        np.testing.assert_array_equal(full.samples[line], s2.samples[axis])
        np.testing.assert_allclose(full.values[line], s2.by_axis[axis])


def test_the_full_map_equals_shifted_products(rng):
    image = rng.integers(0, 2, (6, 7, 8))
    full = statistics.two_point_map(image, max_distance=3, periodic=True)
    for shift in [(1, 2, -3), (0, -2, 1), (-3, -3, -3)]:
        expected = np.mean(image & np.roll(image, [-s for s in shift], axis=(0, 1, 2)))
        assert full.values[tuple(3 + s for s in shift)] == pytest.approx(expected, abs=1e-12)
    assert full.length()[3, 3, 0] == 3
    assert full.length()[4, 5, 5] == 3


@pytest.fixture(scope="module")
def monkeypatch_block_side():
    """Blocks so small that the map is put together from many."""
    from napari_swnn.statistics import two_point

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_point, "_BLOCK_SIDE", {2: 4, 3: 3})
        yield


def test_pooled_sections_weigh_by_the_positions_they_sample(rng):
    small, large = rng.integers(0, 2, (10, 12)), rng.integers(0, 2, (40, 30))
    for curve in (statistics.two_point_correlation, statistics.lineal_path):
        parts = [curve(section, max_distance=m) for section, m in ((small, 4), (large, 9))]
        pooled = statistics.pool(parts)
        assert pooled.by_axis.shape == (2, 5)
        hits = sum(part.by_axis[:, :5] * part.samples[:, :5] for part in parts)
        np.testing.assert_allclose(pooled.by_axis, hits / (parts[0].samples + parts[1].samples[:, :5]))
    one = statistics.pool([parts[0]])
    np.testing.assert_allclose(one.by_axis, parts[0].by_axis)


def test_curves_that_differ_in_kind_are_not_pooled(rng):
    section = rng.integers(0, 2, (10, 10))
    s2 = statistics.two_point_correlation(section)
    with pytest.raises(ValueError, match=r"equal dimension, voxel size and unit, got a 2-D .* µm; compute them"):
        statistics.pool([s2, statistics.two_point_correlation(section, unit="µm")])
    with pytest.raises(ValueError, match=r"steps of 1 voxel and a 2-D curve in steps of 2 voxel"):
        statistics.pool([s2, statistics.two_point_correlation(section, voxel_size=2)])
    with pytest.raises(ValueError, match="at least one curve"):
        statistics.pool([])
