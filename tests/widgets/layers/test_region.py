"""Regions of interest are matched with the reference by place: positions, pixel sizes, units and directions count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Labels, Shapes

from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.snapshot import Snapshot

HALVES = np.where(np.arange(64) < 32, 0.5, 0.95)
"""Porosity of the columns: two materials side by side."""


@pytest.fixture
def labels():
    return (np.random.default_rng(0).random((64, 64)) < HALVES).astype(np.uint8)


def region_of(reference, region):
    return Snapshot.take(reference, region).region


def porosity(reference, region):
    return CheckedReference.look(Snapshot.take(reference, region), 1).reference().porosity


def test_a_region_counts_where_it_lies(labels):
    reference = Labels(labels, scale=(0.5, 0.5))
    left = (np.arange(64) < 32) + np.zeros((64, 64), int)
    assert porosity(reference, Labels(left, scale=(0.5, 0.5))) < 0.6
    moved = Labels(left, scale=(0.5, 0.5), translate=(0, 16))  # lies on the right half
    assert porosity(reference, moved) > 0.9


@settings(max_examples=25, deadline=None)
@given(
    dy=st.integers(-9, 9),
    dx=st.integers(-9, 9),
    scale=st.sampled_from([0.25, 1.0, 3.0]),
    unit=st.sampled_from(["um", "nm", "pixel"]),
)
def test_a_shift_of_whole_pixels_is_exact(dy, dx, scale, unit):
    marked = np.random.default_rng(1).integers(0, 2, (10, 12))
    place = {"scale": (scale, scale), "units": (unit, unit)}
    region = Labels(marked, translate=(dy * scale, dx * scale), **place)
    expected = np.zeros((10, 12), bool)
    for y, x in np.argwhere(marked):
        if 0 <= y + dy < 10 and 0 <= x + dx < 12:
            expected[y + dy, x + dx] = True
    if not expected.any():
        with pytest.raises(BadInputError, match="beside it"):
            region_of(Labels(marked, **place), region)
    else:
        np.testing.assert_array_equal(region_of(Labels(marked, **place), region), expected)


def test_a_coarser_region_covers_whole_blocks_of_pixels(labels):
    coarse = np.zeros((16, 16), int)
    coarse[3:7, 2] = 1
    # the first coarse pixel covers the first 4 × 4 fine ones: its centre lies at 1.5 of their pixels
    region = Labels(coarse, scale=(2.0, 2.0), translate=(0.75, 0.75))
    found = region_of(Labels(labels, scale=(0.5, 0.5)), region)
    np.testing.assert_array_equal(found, np.kron(coarse, np.ones((4, 4))) > 0)


def test_a_finer_region_decides_by_the_nearest_pixel(labels):
    fine = np.zeros((192, 192), int)
    fine[:, :96] = 7
    region = Labels(fine, scale=(1 / 3, 1 / 3), translate=(-1 / 3, -1 / 3))
    np.testing.assert_array_equal(region_of(Labels(labels), region), np.zeros((64, 64), bool) + (np.arange(64) < 32))


def test_units_are_converted(labels):
    left = (np.arange(64) < 32) + np.zeros((64, 64), int)
    reference = Labels(labels, scale=(0.5, 0.5), units=("um", "um"))
    region = Labels(left, scale=(500, 500), translate=(0, 16_000), units=("nm", "nm"))
    np.testing.assert_array_equal(region_of(reference, region), left[:, ::-1] > 0)


def test_a_turned_or_mirrored_region_counts_as_it_is_seen(labels):
    marked = np.zeros((64, 64), int)
    marked[:10, :20] = 1
    turned = Labels(marked, rotate=90, translate=(63, 0))  # (y, x) is shown at (63 - x, y)
    found = region_of(Labels(labels), turned)
    seen = {tuple(np.rint(turned.data_to_world(index)).astype(int)) for index in np.argwhere(marked)}
    assert {tuple(index) for index in np.argwhere(found)} == seen
    mirrored = Labels(marked, scale=(1, -1), translate=(0, 63))
    np.testing.assert_array_equal(region_of(Labels(labels), mirrored), marked[:, ::-1] > 0)


def test_a_sheared_region_counts_as_it_is_seen_and_a_sheared_reference_is_refused(labels):
    marked = np.zeros((64, 64), int)
    marked[:, 20:30] = 1
    region = Labels(marked, shear=[0.5])
    found = region_of(Labels(labels), region)
    for y, x in [(10, 31), (40, 47), (10, 12), (60, 25)]:
        inside = region.world_to_data((y, x))
        assert found[y, x] == marked[tuple(np.clip(np.rint(inside).astype(int), 0, 63))]
    with pytest.raises(BadInputError, match="is sheared"):
        Snapshot.take(Labels(labels, shear=[0.5]))


def test_a_region_elsewhere_is_refused(labels):
    with pytest.raises(BadInputError, match="marks no pixel of “rock”: it lies beside it") as caught:
        Snapshot.take(Labels(labels, name="rock"), Labels(np.ones((8, 8), int), translate=(0, 100)))
    assert caught.value.control == "region"


def test_shapes_mark_the_pixels_whose_centres_they_contain(labels):
    rectangle = np.array([[9.5, 19.5], [9.5, 39.5], [29.5, 39.5], [29.5, 19.5]])
    expected = np.zeros((64, 64), bool)
    expected[10:30, 20:40] = True
    reference = Labels(labels, scale=(0.5, 0.5), units=("um", "um"))
    for place in ({"scale": (0.5, 0.5), "units": ("um", "um")}, {"scale": (500, 500), "units": ("nm", "nm")}):
        shapes = Shapes([rectangle], shape_type="rectangle", **place)
        np.testing.assert_array_equal(region_of(reference, shapes), expected)
    moved = Shapes([rectangle], shape_type="polygon", scale=(0.5, 0.5), translate=(2, -3), units=("um", "um"))
    np.testing.assert_array_equal(region_of(reference, moved), np.roll(expected, (4, -6), (0, 1)))


def test_an_ellipse_is_rasterised():
    reference = Labels(np.random.default_rng(0).integers(0, 2, (64, 80)))
    shapes = Shapes([[[30, 40], [20, 35]]], shape_type="ellipse")  # centre and radii
    y, x = np.mgrid[:64, :80]
    inside = ((y - 30) / 20) ** 2 + ((x - 40) / 35) ** 2 <= 1
    found = region_of(reference, shapes)
    assert np.count_nonzero(found != inside) < 0.01 * inside.sum()


def test_several_shapes_are_joined_and_lines_enclose_nothing(labels):
    squares = [np.array([[a, a], [a, a + 9], [a + 9, a + 9], [a + 9, a]]) for a in (2, 20)]
    line = np.array([[0, 0], [60, 60]])
    shapes = Shapes([*squares, line], shape_type=["rectangle", "polygon", "line"])
    found = region_of(Labels(labels), shapes)
    assert found.sum() == pytest.approx(2 * 81, abs=40)
    assert not found[15, 15]
    with pytest.raises(BadInputError, match="encloses no area"):
        region_of(Labels(labels), Shapes([line], shape_type="line"))


@pytest.mark.parametrize("ndim", [2, 3])
def test_shapes_and_sections_apply_to_every_plane_of_a_volume(ndim):
    volume = Labels(np.random.default_rng(0).integers(0, 2, (5, 32, 32)), scale=(2, 2, 2))
    corners = np.array([[-0.5, -0.5], [-0.5, 9.5], [9.5, 9.5], [9.5, -0.5]])
    if ndim == 3:
        corners = np.column_stack([np.full(4, 3.0), corners])
    found = region_of(volume, Shapes([corners], shape_type="rectangle", scale=(2,) * ndim))
    assert found.shape == (5, 32, 32)
    np.testing.assert_array_equal(found.sum(axis=(1, 2)), 100)
    plane = np.zeros((32, 32), int)
    plane[:, 4] = 1
    np.testing.assert_array_equal(
        region_of(volume, Labels(plane, scale=(2, 2))), np.broadcast_to(plane > 0, (5, 32, 32))
    )


def test_a_volume_marks_no_section(labels):
    with pytest.raises(BadInputError, match="is a volume, but"):
        Snapshot.take(Labels(labels), Labels(np.ones((4, 64, 64), int)))
