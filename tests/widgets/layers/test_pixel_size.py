"""Pixel sizes entered by the user: written into layers at one place, with what the file said kept."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.grid import read_voxel_size, turn_upright
from napari_swnn.widgets.layers.pixel_size import read_given_size, write_pixel_size
from napari_swnn.widgets.layers.pixel_size_control import PixelSizeControl


def section(**place):
    return Labels(np.eye(16, dtype=np.uint8), **place)


def test_a_size_is_written_into_the_layers_at_the_same_place():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.eye(16, dtype=int), translate=(4, 8))
    over = viewer.add_image(np.zeros((16, 16)), translate=(4, 8))
    region = viewer.add_shapes([[[4, 8], [12, 16]]], shape_type="rectangle")
    finer = viewer.add_labels(np.zeros((32, 32), int), scale=(0.5, 0.5))
    beside = viewer.add_labels(np.zeros((8, 8), int), translate=(0, 100))
    result = viewer.add_labels(np.zeros((16, 16, 16), int), metadata={"swnn": {"seed": 0}})
    changed = write_pixel_size(layer, VoxelSize(0.5, "um"), viewer.layers)
    assert changed == [layer, over, region]
    for each in (layer, over):
        assert read_voxel_size(each, 2, "reference") == VoxelSize(0.5, "µm")
        np.testing.assert_allclose(each.translate, (2, 4))
    np.testing.assert_allclose(region.scale, 0.5)
    for each in (finer, beside, result):
        assert str(each.units[-1]) == "pixel"


def test_an_image_that_merely_overlaps_keeps_its_size():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((32, 32)), name="micrograph")
    other = viewer.add_image(np.zeros((16, 24)))
    far = viewer.add_shapes([[[4, 8], [12, 99]]], shape_type="rectangle")
    cropped = viewer.add_labels(np.zeros((16, 24), int), metadata={"swnn": {"image": "micrograph"}})
    assert write_pixel_size(image, VoxelSize(0.5, "um"), viewer.layers) == [image, cropped]
    assert {str(layer.units[-1]) for layer in (other, far)} == {"pixel"}
    assert write_pixel_size(cropped, VoxelSize(1, "um"), viewer.layers) == [cropped, image]


def test_what_the_file_said_is_kept_and_restored():
    layer = section(scale=(0.5, 0.5), units=("um", "um"), translate=(1, 2))
    assert read_given_size(layer) is None
    write_pixel_size(layer, VoxelSize(20.0, "nm"))
    write_pixel_size(layer, VoxelSize(30.0, "nm"))
    assert read_voxel_size(layer, 2, "reference") == VoxelSize(30.0, "nm")
    assert read_given_size(layer) == VoxelSize(0.5, "µm")
    write_pixel_size(layer, read_given_size(layer))
    np.testing.assert_allclose(layer.scale, 0.5)
    np.testing.assert_allclose(layer.translate, (1, 2))
    assert {str(unit) for unit in layer.units} == {"micrometer"}


def test_the_ratio_of_the_axes_stays():
    layer = Labels(np.zeros((4, 8, 8), int), scale=(500, 0.25, 0.25), units=("nm", "um", "um"))
    write_pixel_size(layer, VoxelSize(10.0, "nm"))
    np.testing.assert_allclose(layer.scale, (20, 10, 10))
    assert {str(unit) for unit in layer.units} == {"nanometer"}


def test_an_affine_transform_moves_along():
    layer = section(affine=np.array([[2.0, 0, 6], [0, 2, 10], [0, 0, 1]]))
    write_pixel_size(layer, VoxelSize(0.5, "um"))
    np.testing.assert_allclose(layer.data_to_world((0, 0)), (3, 5))


@pytest.fixture
def control(qtbot):
    widget = PixelSizeControl()
    qtbot.addWidget(widget)
    widget.sizes = []
    widget.entered.connect(widget.sizes.append)
    return widget


def test_the_field_is_filled_from_the_layer_and_empty_without_a_unit(control):
    control.show_layer(section(scale=(0.5, 0.5), units=("um", "um")))
    assert (control.number.text(), control.unit.value) == ("0.5", "µm")
    assert control.back.isHidden()
    control.show_layer(section())
    assert control.number.text() == ""
    control.show_layer(None)
    assert not control.isEnabled()
    assert control.sizes == []


def test_a_number_and_a_unit_are_entered(control, qtbot):
    layer = section()
    control.show_layer(layer)
    control.unit.setCurrentText("nm")
    assert control.sizes == []  # there is no number yet
    qtbot.keyClicks(control.number, "12.5")
    control.number.editingFinished.emit()
    assert control.sizes == [VoxelSize(12.5, "nm")]
    write_pixel_size(layer, control.sizes[-1])
    control.show_layer(layer)
    control.unit.setCurrentText("µm")
    assert control.sizes[-1] == VoxelSize(12.5, "µm")
    control.number.setText("nonsense")
    control.number.editingFinished.emit()
    assert len(control.sizes) == 2


def test_a_button_returns_to_the_size_of_the_file(control):
    layer = section(scale=(0.5, 0.5), units=("um", "um"))
    write_pixel_size(layer, VoxelSize(20.0, "nm"))
    control.show_layer(layer)
    assert not control.back.isHidden()
    assert "0.5 µm" in control.back.toolTip()
    control.back.click()
    assert control.sizes == [VoxelSize(0.5, "µm")]


def test_unequal_sides_are_shown_and_not_changed(control):
    control.show_layer(section(scale=(0.5, 0.25), units=("um", "um")))
    assert (control.number.text(), control.number.placeholderText()) == ("", "0.5 × 0.25")
    assert not control.number.isEnabled()
    control.show_layer(section(scale=(500, 0.5), units=("nm", "um")))  # one square in two units
    assert (control.number.text(), control.number.isEnabled()) == ("0.5", True)


@pytest.mark.parametrize("successor", [None, section(scale=(0.5, 0.25), units=("um", "um"))])
def test_a_field_that_is_disabled_while_it_has_the_focus_enters_nothing(control, qtbot, successor):
    control.show()
    control.show_layer(section(scale=(2, 2), units=("um", "um")))
    control.activateWindow()
    control.number.setFocus()
    qtbot.waitUntil(control.number.hasFocus)
    control.show_layer(successor)
    assert not control.number.isEnabled()
    assert control.sizes == []


def test_units_that_are_not_offered_are_shown(control):
    control.show_layer(section(scale=(2, 2), units=("km", "km")))
    assert (control.number.text(), control.unit.value) == ("2", "km")


def test_maps_are_taken_as_they_are_seen():
    values = np.arange(6).reshape(2, 3)
    mirrored = Labels(values, scale=(1, -2))
    np.testing.assert_array_equal(turn_upright(mirrored, values, "map"), values[:, ::-1])
    with pytest.raises(ValueError, match="is rotated or sheared"):
        turn_upright(Labels(values, rotate=30), values, "map")


@pytest.fixture
def counted():
    """A viewer, and the largest numbers of positions of its sliders, which have to fit into 32 bits."""
    viewer = ViewerModel()
    counts = [0]
    viewer.dims.events.range.connect(lambda _event: counts.append(max(viewer.dims.nsteps)))
    return viewer, counts


def test_layers_change_their_unit_in_one_step(counted):
    viewer, counts = counted
    image = viewer.add_image(np.zeros((512, 512)), scale=(0.05, 0.05), units=("angstrom",) * 2)
    labels = viewer.add_labels(np.zeros((512, 512), int), scale=(0.05, 0.05), units=("angstrom",) * 2)
    assert write_pixel_size(image, VoxelSize(0.05, "mm"), viewer.layers) == [image, labels]
    assert {str(layer.units[-1]) for layer in (image, labels)} == {"millimeter"}
    assert max(counts) <= 512
    np.testing.assert_allclose(viewer.layers.extent.world[1], 511 * 0.05)


@pytest.mark.parametrize("unit", ["angstrom", "nm", "pixel"])
def test_a_size_that_the_viewer_cannot_show_beside_the_others_is_refused(counted, unit):
    viewer, counts = counted
    image = viewer.add_image(np.zeros((3000, 3000)), scale=(0.05, 0.05), units=(unit,) * 2)
    viewer.add_labels(np.zeros((64, 64), int), name="detail", scale=(0.05, 0.05), units=(unit,) * 2, translate=(9e2, 0))
    counts.clear()
    before = (tuple(image.scale), image.units, dict(image.metadata))
    huge = VoxelSize(5e8 if unit == "pixel" else 5.0, "mm")
    with pytest.raises(BadInputError, match="“detail”, which measure"):
        write_pixel_size(image, huge, viewer.layers)
    assert (tuple(image.scale), image.units, image.metadata) == before
    assert max(counts, default=0) < 2**31
    write_pixel_size(image, VoxelSize(0.05, unit if unit != "pixel" else "nm"), viewer.layers)


def test_a_refused_size_is_explained_beside_the_control(control):
    layer = section(scale=(0.5, 0.5), units=("um", "um"))
    control.show_layer(layer)
    fine = section(scale=(0.05, 0.05), units=("angstrom", "angstrom"), name="atoms")
    control.unit.setCurrentText("m")
    control.resize(layer, control.sizes[-1], [layer, fine])
    assert (control.number.text(), control.unit.value) == ("0.5", "µm")
    assert control.problem.text().startswith("⚠ The viewer cannot show pixels of 0.5 m together with those of “atoms”")
    control.show_layer(layer)
    assert control.problem.isHidden()
