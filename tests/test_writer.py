"""Labels layers in the formats of other programs, and back."""

import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import tifffile
from napari.layers import Labels, Layer
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn import _writer
from napari_swnn._layer_style import read_names, write_names
from napari_swnn._reader import labels_reader, open_labels, volume_reader
from napari_swnn.io import open_ome_zarr, save_volume
from napari_swnn.widgets.layers.shown_phases import show_only

NAMES = {0: "pore", 1: "NMC", 2: "binder"}


@pytest.fixture
def layer(rng):
    layer = Labels(rng.integers(0, 3, (6, 9, 12)), name="cathode", scale=(0.5,) * 3, units=("um",) * 3)
    write_names(layer, NAMES)
    return layer


def write(function, path, layer):
    data, attributes, _ = layer.as_layer_data_tuple()
    return function(path, data, attributes)


def reopened(read, path):
    ((data, attributes, kind),) = read(path)(path)
    return Layer.create(data, attributes, kind)


@pytest.mark.parametrize(
    ("function", "read", "name"),
    [
        (_writer.write_tiff, labels_reader, "a.labels.tif"),
        (_writer.write_ome_zarr, volume_reader, "a.ome.zarr"),
        (_writer.write_ome_zarr_04, volume_reader, "a.ome.zarr"),
    ],
)
def test_a_layer_comes_back_with_its_voxel_size_and_names(tmp_path, layer, function, read, name):
    assert write(function, str(tmp_path / name), layer) == [str(tmp_path / name)]
    found = reopened(read, tmp_path / name)
    assert isinstance(found, Labels)
    assert found.name == "a"
    assert_array_equal(found.data, layer.data)
    assert_allclose(found.scale, 0.5)
    assert {str(unit) for unit in found.units} == {"micrometer"}
    assert read_names(found) == NAMES
    assert list(found.features["phase"]) == ["pore", "NMC", "binder"]


def test_what_3d_hides_and_widens_is_written_as_it_was(layer):
    layer.data = layer.data.astype(np.uint8)
    labels, facts = _writer.read_layer(*layer.as_layer_data_tuple()[:2])
    show_only(layer, [0, 2])
    assert layer.data.dtype != np.uint8
    found, found_facts = _writer.read_layer(*layer.as_layer_data_tuple()[:2])
    assert found.dtype == np.uint8
    assert_array_equal(found, labels)
    assert found_facts == facts


@pytest.mark.parametrize(
    ("function", "read", "name"),
    [(_writer.write_tiff, labels_reader, "a.labels.tif"), (_writer.write_ome_zarr, volume_reader, "a.zarr")],
)
def test_the_colours_of_phases_are_kept(tmp_path, layer, function, read, name):
    layer.colormap = {0: "transparent", 1: (0.2, 0.4, 0.6, 1.0), 2: "white", None: "transparent"}
    write(function, tmp_path / name, layer)
    found = reopened(read, tmp_path / name)
    for label in (1, 2):
        assert_allclose(found.get_color(label), layer.get_color(label), atol=1 / 255)
    assert found.colormap.map(0)[3] == 0


@pytest.mark.parametrize(
    "damaged",
    [
        *(None, [1], {"a": [1, 1, 1, 1]}, {"1": [1, 1]}, {"1": [5, 0, 0, 1]}, {"1": "red"}),
        *({"a": "#ff0000"}, {"": "transparent"}, {"1.5": "#ff0000"}, {str(10**30): "#ff0000"}),
    ],
)
def test_damaged_colours_are_ignored(tmp_path, layer, damaged):
    save_volume(tmp_path / "a.labels.tif", layer.data, provenance={"colours": damaged})
    assert_array_equal(reopened(labels_reader, tmp_path / "a.labels.tif").data, layer.data)


@pytest.mark.parametrize("damaged", ["a", None, [1], 1e999, 10**30])
def test_names_of_damaged_labels_are_ignored(tmp_path, layer, damaged):
    entries = {"labels": {"phases": [0, damaged], "names": ["pore", "NMC"]}}
    info = json.dumps({"napari-swnn": entries})
    options = {"imagej": True, "metadata": {"axes": "ZYX", "Info": info}}
    tifffile.imwrite(tmp_path / "a.labels.tif", layer.data.astype(np.uint8), **options)
    assert read_names(reopened(labels_reader, tmp_path / "a.labels.tif")) == {0: "pore"}
    layer.metadata["swnn"] = {"phases": {"0": "pore", str(damaged): "NMC"}}
    assert read_names(layer) == {0: "pore"}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (_writer.write_tiff, ".labels.tif"),
        (_writer.write_ome_zarr, ".ome.zarr"),
        (_writer.write_nrrd, ".nrrd"),
        (_writer.write_meta_image, ".mha"),
        (_writer.write_vti, ".vti"),
        (_writer.write_surface, ".stl"),
    ],
)
def test_a_name_without_an_ending_gets_that_of_the_format(tmp_path, layer, function, expected):
    assert write(function, tmp_path / "porosity 0.25", layer) == [str(tmp_path / f"porosity 0.25{expected}")]
    assert (tmp_path / f"porosity 0.25{expected}").exists()


def test_several_resolutions_and_lazy_arrays_are_written_as_the_finest(tmp_path, layer):
    levels = Labels([layer.data, layer.data[::2, ::2, ::2]], multiscale=True, scale=(2, 1, 1))
    write(_writer.write_nrrd, tmp_path / "a.nrrd", levels)
    image = sitk.ReadImage(tmp_path / "a.nrrd")
    assert_array_equal(sitk.GetArrayFromImage(image), layer.data)
    assert_allclose(image.GetSpacing(), (1, 1, 2))


def test_units_that_differ_between_axes_are_converted(tmp_path):
    layer = Labels(np.eye(4, dtype=int), scale=(500, 0.5), units=("nm", "um"))
    write(_writer.write_tiff, tmp_path / "a.tif", layer)
    (found,) = [Layer.create(*each) for each in open_labels(tmp_path / "a.tif")]
    assert_allclose(found.scale, 0.5)


def test_axes_of_length_one_are_left_out_and_realisations_kept(tmp_path, rng):
    write(_writer.write_tiff, tmp_path / "a.tif", Labels(np.ones((1, 5, 6), int), scale=(9, 1, 1)))
    assert tifffile.imread(tmp_path / "a.tif").shape == (5, 6)
    write(_writer.write_ome_zarr, tmp_path / "a.zarr", Labels(rng.integers(0, 2, (2, 3, 5, 6))))
    assert open_ome_zarr(tmp_path / "a.zarr").axes == ("realisation", "z", "y", "x")


def test_the_surface_is_that_of_the_phase_of_interest(tmp_path):
    labels = np.zeros((10, 10, 10), int)
    labels[2:8, 2:8, 2:8] = 5
    for metadata, name in (({}, "a.stl"), ({"swnn": {"phase": 5}}, "b.stl"), ({"swnn": {"phase": 0}}, "c.stl")):
        write(_writer.write_surface, tmp_path / name, Labels(labels, metadata=metadata))
    sizes = [(tmp_path / name).stat().st_size for name in ("a.stl", "b.stl", "c.stl")]
    assert sizes[0] == sizes[1] < sizes[2]
    with pytest.raises(ValueError, match="cubic voxels"):
        write(_writer.write_surface, tmp_path / "d.stl", Labels(labels, scale=(2, 1, 1)))


def test_realisations_of_a_tiff_become_layers(tmp_path, rng):
    labels = rng.integers(0, 2, (2, 3, 5, 6))
    save_volume(tmp_path / "a.labels.tif", labels)
    found = open_labels(tmp_path / "a.labels.tif")
    assert [attributes["name"] for _, attributes, _ in found] == ["a · 1", "a · 2"]
    assert_array_equal([data for data, _, _ in found], labels)
    assert labels_reader([tmp_path / "a.labels.tif"]) is None


def test_grey_values_that_are_not_integers_are_refused(tmp_path, rng):
    tifffile.imwrite(tmp_path / "a.tif", rng.random((5, 6)).astype(np.float32))
    with pytest.raises(ValueError, match="must hold labels, which are integers, got float32"):
        open_labels(tmp_path / "a.tif")
