"""Pixel sizes are read in their units, and pixels that are no squares are refused with both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Labels

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.errors import BadInputError, Remedy
from napari_swnn.widgets.layers.conversion import square_pixels
from napari_swnn.widgets.layers.grid import read_grid, read_voxel_size
from napari_swnn.widgets.layers.snapshot import Snapshot


def section(**place):
    return Labels(np.random.default_rng(0).integers(0, 2, (32, 32)), name="rock", **place)


@pytest.mark.parametrize(
    ("scale", "units", "text"),
    [
        ((0.5, 0.5), ("nm", "um"), "measure 0.5 nm × 0.5 µm; they must be squares"),
        ((0.5, 0.25), ("um", "um"), "measure 0.5 µm × 0.25 µm; they must be squares"),
        ((0.5, 0.25), ("pixel", "pixel"), "measure 0.5 × 0.25; they must be squares"),
        ((1, 1), ("pixel", "um"), "they must be squares"),
    ],
)
def test_pixels_that_are_no_squares_are_refused_with_a_remedy(scale, units, text):
    with pytest.raises(BadInputError, match=text) as caught:
        Snapshot.take(section(scale=scale, units=units))
    assert caught.value.remedy is Remedy.RESAMPLE


def test_sides_are_compared_in_one_unit():
    assert Snapshot.take(section(scale=(500, 0.5), units=("nm", "um"))).voxel == VoxelSize(0.5, "µm")
    assert Snapshot.take(section(scale=(0.5, 500), units=("um", "nm"))).voxel == VoxelSize(500.0, "nm")


@settings(max_examples=30, deadline=None)
@given(
    side=st.floats(1e-4, 1e4),
    angle=st.floats(-180, 180),
    shift=st.floats(-1e6, 1e6),
    flip=st.sampled_from([1, -1]),
)
def test_the_pixel_size_does_not_depend_on_position_and_direction(side, angle, shift, flip):
    layer = section(scale=(side, flip * side), rotate=angle, translate=(shift, -shift), units=("nm", "nm"))
    size = read_voxel_size(layer, 2, "reference")
    assert size.unit == "nm"
    assert size.value == pytest.approx(side, rel=1e-5 if abs(shift) > 1e3 * side else 1e-8)


def test_an_affine_transform_counts():
    assert read_voxel_size(section(affine=np.diag([0.5, 0.5, 1])), 2, "reference").value == 0.5
    with pytest.raises(BadInputError, match=r"0\.5 × 1"):
        read_voxel_size(section(affine=np.diag([0.5, 1, 1])), 2, "reference")


def test_a_layer_turned_out_of_its_plane_is_refused():
    with pytest.warns(UserWarning, match="Non-orthogonal slicing"):
        layer = Labels(np.zeros((1, 16, 16), int), rotate=(30, 20, 10))
    with pytest.raises(BadInputError, match="rotated out of its plane"):
        read_grid(layer, 2, "reference")


@pytest.mark.parametrize("angle", [0, 30])
@pytest.mark.parametrize(("scale", "units"), [((1.0, 0.25), ("um", "um")), ((0.5, 2.0), ("nm", "nm"))])
def test_a_copy_with_square_pixels_covers_the_same_place(scale, units, angle):
    layer = section(scale=scale, units=units, translate=(7, -3), rotate=angle)
    data, attributes = square_pixels(layer)
    copy = Labels(data, **attributes)
    assert read_voxel_size(copy, 2, "reference").value == min(scale)
    assert data.mean() == layer.data.mean()  # the sides are whole multiples of one another
    for index in np.argwhere(data)[:: data.size // 50]:
        world = copy.data_to_world(tuple(index))
        assert layer.data[tuple(np.rint(layer.world_to_data(world)).astype(int))] == data[tuple(index)]


def test_a_copy_with_square_pixels_keeps_the_colours():
    colours = {0: "transparent", 1: "gold", None: "transparent"}
    layer = section(scale=(1.0, 0.5), colormap=colours, opacity=0.5)
    data, attributes = square_pixels(layer)
    copy = Labels(data, **attributes)
    assert (copy.get_color(1) == layer.get_color(1)).all()
    assert copy.opacity == layer.opacity


def test_a_copy_that_would_be_too_large_is_refused():
    layer = Labels(np.zeros((600, 600), int), scale=(1000, 1), units=("nm", "nm"))
    with pytest.raises(BadInputError, match="crop it first"):
        square_pixels(layer)
