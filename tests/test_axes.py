"""Laws of the axes: colour and other axes are distinguished from space, with and without names."""

import itertools

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_swnn._axes import spatial_labels

RNG = np.random.default_rng(0)
SECTION = RNG.integers(0, 2, (20, 24), np.uint8) * 255
VOLUME = RNG.integers(0, 2, (18, 20, 24), np.uint8)
OPAQUE = np.full_like(SECTION, 255)


@pytest.mark.parametrize("convert", [np.asarray, da.from_array], ids=["numpy", "dask"])
@pytest.mark.parametrize(
    "array",
    [
        np.stack([SECTION] * 3, axis=-1),
        np.stack([SECTION] * 4, axis=-1),
        np.stack([SECTION, SECTION, SECTION, OPAQUE], axis=-1),
        np.stack([SECTION, OPAQUE], axis=-1),
        np.stack([SECTION] * 3),
        np.stack([SECTION, SECTION, SECTION, OPAQUE]),
        SECTION[..., None],
        SECTION[None],
        SECTION,
    ],
    ids=["rgb", "rgbx", "rgba", "grey and alpha", "planar rgb", "planar rgba", "one channel", "one plane", "grey"],
)
def test_equal_channels_of_a_section_become_one(array, convert):
    found = spatial_labels(convert(array))
    assert isinstance(found, type(convert(array)))
    assert np.array_equal(np.asarray(found), SECTION)


@pytest.mark.parametrize(
    "array",
    [
        np.stack([VOLUME] * 3, axis=-1),
        np.stack([VOLUME] * 3, axis=1),
        np.stack([VOLUME] * 3),
        VOLUME[:, None],
        VOLUME[None, None],
        VOLUME,
    ],
)
def test_equal_channels_of_a_volume_become_one(array):
    assert np.array_equal(spatial_labels(array), VOLUME)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_different_channels_are_refused_with_their_axis(n):
    colours = RNG.integers(0, 2, (20, 24, n))
    with pytest.raises(ValueError, match=r"must have one channel.*along axis 2"):
        spatial_labels(colours)
    with pytest.raises(ValueError, match=r"must have one channel.*along axis 1"):
        spatial_labels(np.moveaxis(colours, 2, 1), "ycx")


@pytest.mark.parametrize("axis", [0, 1])
def test_different_volumes_along_a_fourth_axis_are_refused(axis):
    volumes = np.moveaxis(RNG.integers(0, 2, (3, 18, 20, 24)), 0, axis)
    with pytest.raises(ValueError, match=rf"channels, points of time or realisations along axis {axis}; pass one"):
        spatial_labels(volumes)


def test_planar_image_of_one_colour_is_refused():
    with pytest.raises(ValueError, match=r"one channel.*along axis 0"):
        spatial_labels(np.stack([SECTION, 0 * SECTION, 0 * SECTION]))


def test_picture_in_the_transparency_is_refused():
    with pytest.raises(ValueError, match="transparency"):
        spatial_labels(np.stack([OPAQUE, OPAQUE, OPAQUE, SECTION], axis=-1))


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_different_planes_along_the_first_axis_are_a_thin_volume(n):
    volume = RNG.integers(0, 2, (n, 20, 24))
    assert spatial_labels(volume) is volume


@pytest.mark.parametrize("shape", [(5, 6, 3), (3, 5, 6), (20, 24, 5), (15, 24, 3)])
def test_small_array_without_names_is_a_volume(shape):
    volume = np.ones(shape, int)
    assert spatial_labels(volume) is volume


def test_planes_along_z_are_a_volume_where_sections_are_not_expected():
    same = np.stack([SECTION] * 3)
    assert spatial_labels(same, planar=False) is same


@given(st.permutations("zyxcts"))
def test_named_axes_may_have_any_order(axes):
    array = VOLUME.reshape(*VOLUME.shape, 1, 1, 1).repeat(3, axis=3)
    order = ["zyxcts".index(axis) for axis in axes]
    assert np.array_equal(spatial_labels(array.transpose(order), axes), VOLUME)


@pytest.mark.parametrize("axes", [*map("".join, itertools.permutations("yx"))])
def test_named_section_may_have_any_order(axes):
    array = SECTION if axes == "yx" else SECTION.T
    assert np.array_equal(spatial_labels(array, axes), SECTION)


def test_thin_volume_with_names_stays_a_volume():
    volume = np.stack([SECTION] * 3, axis=2)
    assert spatial_labels(volume, ("z", "y", "x")).shape == volume.shape


def test_unknown_axis_is_depth():
    assert np.array_equal(spatial_labels(VOLUME, "iyx"), VOLUME)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ("tyx", r"18 points of time along axis 0 \(t\)"),
        ("zx", "3 different names"),
        ("zzx", "3 different names"),
        ("zcx", "y and x among them"),
    ],
)
def test_other_axes_are_refused(axes, message):
    with pytest.raises(ValueError, match=message):
        spatial_labels(VOLUME, axes)


def test_several_further_axes_are_refused():
    with pytest.raises(ValueError, match="z, y and x"):
        spatial_labels(np.zeros((2, 3, 20, 20), int), "zqyx")
