"""Stored volumes as layers of the viewer."""

import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels, Layer
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import Reference, generate, train
from napari_swnn._layer_style import PHASE_COLOUR, read_phase, write_names
from napari_swnn._reader import open_labels, volume_reader
from napari_swnn._writer import write_ome_zarr, write_tiff
from napari_swnn.io import save_volume


@pytest.fixture(scope="module")
def model(blobs, tiny_config):
    labels = np.where(blobs == 1, 0, 5)  # the phase is what napari shows as nothing
    return train(Reference(labels, phase=0, voxel_size=0.5, unit="um"), config=tiny_config)


def opened(path):
    ((data, attributes, kind),) = volume_reader(path)(path)
    return Layer.create(data, attributes, kind)


def test_a_stored_volume_opens_as_it_was_generated(model, tmp_path):
    path = tmp_path / "v.ome.zarr"
    generate(model, (140, 64, 40), seed=2, out=path)
    layer = opened(str(path))
    assert isinstance(layer, Labels)
    assert layer.multiscale
    assert_array_equal(layer.data[0], generate(model, (140, 64, 40), seed=2))
    assert_allclose(layer.scale, 0.5)
    assert {str(unit) for unit in layer.units} == {"micrometer"}
    assert layer.metadata["swnn"]["request"]["seed"] == 2
    assert layer.colormap.map(0)[3] == 1  # seen, and what lies between is not
    assert layer.colormap.map(5)[3] == 0


def test_a_stored_volume_has_the_colour_that_it_had_in_the_session(blobs, tiny_config, tmp_path):
    model = train(Reference(blobs, phase=1), config=tiny_config)
    generate(model, (20, 20, 20), out=tmp_path / "v.ome.zarr")
    layer = opened(tmp_path / "v.ome.zarr")
    assert_allclose(layer.get_color(1), PHASE_COLOUR, atol=1 / 255)
    assert layer.colormap.map(0)[3] == 0


def test_realisations_stand_on_a_leading_axis(model, tmp_path):
    path = tmp_path / "two.ome.zarr"
    generate(model, (30, 30, 30), n=2, out=path)
    layer = opened(path)
    assert layer.data.shape == (2, 30, 30, 30)
    assert_allclose(layer.scale, (1, 0.5, 0.5, 0.5))


@pytest.mark.parametrize("ending", ["ome.zarr", "labels.tif"])
@pytest.mark.parametrize("names", [{}, {0: "dark", 1: "bright"}])
def test_a_saved_layer_keeps_its_phase_of_interest(ending, names, tmp_path, blobs):
    write = {"ome.zarr": write_ome_zarr, "labels.tif": write_tiff}[ending]
    layer = Labels(np.stack([blobs == 1] * 8).astype(np.uint8), metadata={"swnn": {"phase": 0}})
    write_names(layer, names)
    data, attributes, _ = layer.as_layer_data_tuple()
    (path,) = write(tmp_path / f"a.{ending}", data, attributes)
    ((data, attributes, kind),) = open_labels(path)
    assert read_phase(Layer.create(data, attributes, kind)) == 0
    if ending == "ome.zarr":
        assert read_phase(opened(path)) == 0


def test_a_generated_volume_states_its_phase_and_other_files_none(model, tmp_path, blobs):
    generate(model, (20, 20, 20), out=tmp_path / "v.ome.zarr")
    assert read_phase(opened(tmp_path / "v.ome.zarr")) == 0
    save_volume(tmp_path / "plain.ome.zarr", blobs, names={0: "dark", 1: "bright"})
    assert read_phase(opened(tmp_path / "plain.ome.zarr")) is None


def stored(path, values, **attributes):
    import zarr

    root = zarr.open_group(path, mode="w", zarr_format=3)
    root.create_array("0", data=values)
    axes = [{"name": name, "type": "channel" if name == "c" else "space"} for name in "czyx"[-values.ndim :]]
    root.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [{"path": "0"}]}], **attributes}
    return path


def test_grey_values_open_as_an_image_and_few_values_as_labels(tmp_path, rng):
    grey = rng.integers(0, 255, (20, 20)).astype(np.uint8)
    assert isinstance(opened(stored(tmp_path / "grey.ome.zarr", grey)), Image)
    assert isinstance(opened(stored(tmp_path / "float.ome.zarr", grey.astype(np.float32))), Image)
    assert isinstance(opened(stored(tmp_path / "mask.ome.zarr", 255 * (grey // 128))), Labels)
    assert isinstance(opened(stored(tmp_path / "bool.ome.zarr", grey > 9)), Labels)
    assert isinstance(opened(stored(tmp_path / "cells.ome.zarr", grey, **{"image-label": {}})), Labels)


def test_what_is_no_image_of_one_channel_is_left_to_others(tmp_path):
    stored(tmp_path / "colour.ome.zarr", np.zeros((3, 4, 4, 4), np.uint8))
    (tmp_path / "empty.ome.zarr").mkdir()
    for path in ("colour.ome.zarr", "empty.ome.zarr", "gone.ome.zarr", "rock.tif"):
        assert volume_reader(tmp_path / path) is None
    assert volume_reader([tmp_path / "a.ome.zarr"]) is None


@pytest.mark.parametrize("step", [0.0, float("nan")])
def test_a_scale_that_is_no_length_becomes_one(tmp_path, step):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=np.eye(20, dtype=np.uint8))
    placed = [{"type": "scale", "scale": [step, step]}]
    dataset = {"path": "0", "coordinateTransformations": placed}
    group.attrs["multiscales"] = [{"axes": ["y", "x"], "datasets": [dataset], "version": "0.4"}]
    ((_, attributes, _),) = volume_reader(tmp_path / "a.zarr")(tmp_path / "a.zarr")
    assert attributes["scale"] == (1.0, 1.0)
    assert attributes["translate"] == (0.0, 0.0)
