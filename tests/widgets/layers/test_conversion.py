"""Images that hold labels become Labels layers with the same place; grey and colour images do not."""

from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.layers._source import layer_source

from napari_swnn._layer_style import read_names
from napari_swnn.io import save_volume
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.conversion import convert_to_labels, may_hold_labels

MASK = np.random.default_rng(0).integers(0, 2, (32, 40))


@pytest.mark.parametrize(
    "values",
    [MASK.astype(bool), (255 * MASK).astype(np.uint8), MASK.astype(float), (65535 * MASK).astype(np.uint16), MASK - 1],
)
def test_few_whole_values_are_labels(values):
    image = Image(values, name="mask", scale=(0.5, 0.5), units=("um", "um"), translate=(3, 4), metadata={"a": 1})
    assert may_hold_labels(image)
    data, attributes = convert_to_labels(image)
    layer = Labels(data, **attributes)
    np.testing.assert_array_equal(layer.data, values)
    np.testing.assert_allclose(layer.extent.world, image.extent.world)
    assert (layer.name, layer.units, layer.metadata) == ("mask labels", image.units, {"a": 1})


def test_lazy_and_multiscale_images_are_converted_whole():
    fine = da.from_array(MASK, chunks=16)
    data, _ = convert_to_labels(Image([fine, fine[::2, ::2]], multiscale=True))
    np.testing.assert_array_equal(data, MASK)


def test_a_colour_image_with_equal_channels_is_converted():
    image = Image(np.dstack([(255 * MASK).astype(np.uint8)] * 3), rgb=True)
    assert may_hold_labels(image)
    data, attributes = convert_to_labels(image)
    np.testing.assert_array_equal(Labels(data, **attributes).data, 255 * MASK)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).integers(0, 256, (32, 40)),
        MASK + 0.5,
        np.where(MASK, np.nan, 1.0),
        np.zeros((32, 40)),
    ],
)
def test_grey_images_fractions_and_single_values_are_no_labels(values):
    assert not may_hold_labels(Image(values))


def test_what_a_sample_of_the_pixels_hid_is_refused():
    values = np.zeros((3000, 3000), np.uint8)
    values[:, ::2] = 1
    values[1, 1:60:2] = np.arange(30)
    image = Image(values, name="tricky")
    assert may_hold_labels(image)
    with pytest.raises(BadInputError, match="so it is a grey image"):
        convert_to_labels(image)


def test_differing_channels_are_refused():
    colours = np.random.default_rng(0).integers(0, 2, (32, 40, 3)).astype(np.uint8)
    with pytest.raises(BadInputError, match="is a colour image"):
        convert_to_labels(Image(colours, rgb=True, name="map"))


def test_a_large_image_on_disk_is_not_read_to_give_advice():
    def fail(_block):
        raise AssertionError("it was read")

    data = da.zeros((100, 1000, 1000), dtype=np.uint8, chunks=(1, 1000, 1000)).map_blocks(fail, dtype=np.uint8)
    image = SimpleNamespace(data=data, multiscale=False, rgb=False)
    assert not may_hold_labels(image)


def test_a_file_of_our_own_under_another_name_gives_its_voxel_size_and_names(tmp_path):
    path = tmp_path / "out1.tif"
    values = np.arange(60, dtype=np.uint8).reshape(3, 4, 5) % 3
    save_volume(path, values, voxel_size=0.5, unit="um", names={0: "pore", 1: "NMC", 2: "binder"})
    with layer_source(path=str(path)):
        image = Image(values, name="out1")
    data, attributes = convert_to_labels(image)
    layer = Labels(data, **attributes)
    np.testing.assert_array_equal(layer.data, values)
    np.testing.assert_allclose(layer.scale, 0.5)
    assert {str(unit) for unit in layer.units} == {"micrometer"}
    assert read_names(layer) == {0: "pore", 1: "NMC", 2: "binder"}
