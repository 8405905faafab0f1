"""The pixel size that a file states is offered where its reader did not give it to the layer."""

import numpy as np
import pytest
import tifffile
from napari.layers import Labels
from napari.layers._source import layer_source
from PIL import Image

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.layers.pixel_size import read_given_size, read_stored_size, write_pixel_size
from napari_swnn.widgets.layers.pixel_size_control import PixelSizeControl


@pytest.fixture
def layer(tmp_path, blobs):
    """Layer of a calibrated TIFF, which the reader of napari opens without its pixel size."""
    path = tmp_path / "section.tif"
    tifffile.imwrite(path, blobs, imagej=True, resolution=(1 / 0.35, 1 / 0.35), metadata={"unit": "micron"})
    return of_file(path, blobs)


def of_file(path, values):
    with layer_source(path=str(path)):
        return Labels(values)


def test_the_pixel_size_of_the_file_is_read(layer):
    assert read_stored_size(layer) == VoxelSize(0.35, "µm")
    write_pixel_size(layer, VoxelSize(0.35, "µm"))
    assert read_stored_size(layer) is None


def test_other_layers_have_none(tmp_path, blobs):
    Image.fromarray(blobs).save(tmp_path / "section.png", dpi=(72, 72))
    printed = of_file(tmp_path / "section.png", blobs)
    assert read_stored_size(printed) is None
    (tmp_path / "section.png").unlink()
    assert read_stored_size(printed) is None
    assert read_stored_size(Labels(np.eye(4, dtype=int))) is None


def test_the_control_offers_it(qtbot, layer):
    control = PixelSizeControl()
    qtbot.addWidget(control)
    control.entered.connect(lambda size: write_pixel_size(layer, size))
    control.show_layer(layer)
    assert control.number.text() == ""
    assert control.number.placeholderText() == "0.35 µm in the file"
    assert not control.back.isHidden()
    assert "0.35 µm" in control.back.toolTip()
    control.back.click()
    control.show_layer(layer)
    assert layer.scale[-1] == 0.35
    assert control.number.text() == "0.35"
    assert read_given_size(layer) == VoxelSize(1, "voxel")
