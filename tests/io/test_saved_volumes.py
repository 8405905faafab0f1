"""Volumes in the formats of other programs, read with the libraries of those programs."""

import json
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import tifffile
import vtk
import zarr
from numpy.testing import assert_allclose, assert_array_equal
from vtk.util.numpy_support import vtk_to_numpy

from napari_swnn.io import open_ome_zarr, read_image, read_phase_names, save_volume
from napari_swnn.io.export import tiff
from napari_swnn.io.export.volume import VOLUME_ENDINGS

NAMES = {0: "pore", 1: "NMC 811", 2: "binder (µ)"}
SIDES = (1.0, 0.5, 0.25)


def read_tiff(path):
    with tifffile.TiffFile(path) as file:
        values, page = file.asarray(), file.pages[0]
        x, y = (page.tags[f"{axis}Resolution"].value for axis in "XY") if file.is_imagej else ((1, 1), (1, 1))
        if file.is_ome:
            pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
            sides = [pixels.get(f"PhysicalSize{axis}", 1) for axis in "ZYX"]
            return SimpleNamespace(values=values, sides=sides, unit=pixels.get("PhysicalSizeXUnit", ""))
        found = file.imagej_metadata
    return SimpleNamespace(values=values, sides=[found["spacing"], y[1] / y[0], x[1] / x[0]], unit=found["unit"])


def read_zarr(path):
    group = zarr.open_group(path, mode="r")
    attributes = dict(group.attrs)
    described = attributes.get("ome", attributes)
    multiscale = described["multiscales"][0]
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    names = {entry["label-value"]: entry["name"] for entry in described["image-label"].get("properties", [])}
    unit = multiscale["axes"][-1].get("unit", "")
    return SimpleNamespace(values=group["0"][:], sides=scale, unit=unit, names=names)


def read_itk(path):
    image = sitk.ReadImage(path)
    keys = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    names = {int(key[10:]): text for key, text in keys.items() if key.startswith("PhaseName_")}
    segments = [key.removesuffix("_Name") for key in keys if key.startswith("Segment") and key.endswith("_Name")]
    names |= {int(keys[f"{key}_LabelValue"]): keys[f"{key}_Name"] for key in segments}
    unit = keys.get("VoxelUnit") or keys.get("NRRD_units[0]", "")
    return SimpleNamespace(
        values=sitk.GetArrayFromImage(image), sides=image.GetSpacing()[::-1], unit=unit, names=names, keys=keys
    )


def read_vti(path):
    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    image = reader.GetOutput()
    n = [max(n - 1, 1) for n in image.GetDimensions()[::-1]]
    fields = image.GetFieldData()

    def texts(name):
        array = fields.GetAbstractArray(name)
        return [] if array is None else [array.GetValue(i) for i in range(array.GetNumberOfTuples())]

    names = dict(zip(texts("phase labels"), texts("phase names"), strict=True))
    return SimpleNamespace(
        values=np.squeeze(vtk_to_numpy(image.GetCellData().GetArray("label")).reshape(n)),
        sides=image.GetSpacing()[::-1],
        unit=texts("unit")[0],
        names=names,
    )


READERS = {
    "a.tif": read_tiff,
    "a.tiff": read_tiff,
    "a.ome.zarr": read_zarr,
    "a.nrrd": read_itk,
    "a.mha": read_itk,
    "a.mhd": read_itk,
    "a.vti": read_vti,
}
FILES = [*READERS]


@pytest.fixture
def labels(rng):
    return rng.integers(0, 3, (9, 20, 31))


def test_every_ending_is_read_here():
    assert {f".{name.rpartition('.')[2]}" for name in READERS} == set(VOLUME_ENDINGS)


@pytest.mark.parametrize("name", FILES)
def test_another_library_reads_the_labels_and_the_voxel_size(tmp_path, labels, name):
    save_volume(tmp_path / name, labels, voxel_size=SIDES, unit="µm", names=NAMES)
    found = READERS[name](tmp_path / name)
    assert found.values.dtype == np.uint8
    assert_array_equal(found.values, labels)
    assert_allclose(found.sides, SIDES)
    assert found.unit == ("micrometer" if name.endswith("zarr") else "um")


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("a.tif")])
def test_another_library_reads_the_names_of_the_phases(tmp_path, labels, name):
    save_volume(tmp_path / name, labels, names=NAMES)
    expected = NAMES | ({2: "binder (u)"} if name == "a.nrrd" else {})
    assert READERS[name](tmp_path / name).names == expected


@pytest.mark.parametrize("name", ["a.tif", "a.tiff", "a.ome.zarr"])
def test_napari_swnn_reads_back_all_that_was_stored(tmp_path, labels, name):
    save_volume(tmp_path / name, labels, voxel_size=0.5, unit="nm", names=NAMES)
    image = read_image(tmp_path / name)
    assert_array_equal(image.values, labels)
    assert image.voxel.metres == pytest.approx(0.5e-9)
    assert read_phase_names(tmp_path / name) == NAMES


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0, 65535], np.uint16), ([-1, 1], np.int16), ([0, 65536], np.uint32), ([-5, 40000], np.int32)],
)
def test_labels_of_any_size_and_sign_are_kept(tmp_path, name, values, dtype):
    labels = np.array(values)[np.indices((4, 5, 6)).sum(axis=0) % 2]
    save_volume(tmp_path / name, labels)
    found = READERS[name](tmp_path / name)
    assert found.values.dtype == dtype
    assert_array_equal(found.values, labels)


@pytest.mark.parametrize("name", FILES)
def test_sections_and_booleans_are_written(tmp_path, labels, name):
    save_volume(tmp_path / name, labels[0] == 1, voxel_size=0.5, unit="um")
    found = READERS[name](tmp_path / name)
    assert_array_equal(found.values, labels[0] == 1)
    assert_allclose(found.sides[-2:], 0.5)


@pytest.mark.parametrize("name", FILES)
def test_lazy_labels_are_written_as_the_computed_ones(tmp_path, labels, name):
    save_volume(tmp_path / name, da.from_array(labels, chunks=(4, 7, 31)))
    assert_array_equal(READERS[name](tmp_path / name).values, labels)


@pytest.mark.parametrize("name", FILES)
def test_an_existing_file_survives_an_error_and_is_replaced_by_a_whole_one(tmp_path, labels, name):
    path = tmp_path / name
    save_volume(path, labels)
    lost = da.map_blocks(fail, da.from_array(labels, chunks=(4, 20, 31)), dtype=labels.dtype, meta=labels[:0])
    with pytest.raises(OSError, match="gone"):
        save_volume(path, lost)
    assert_array_equal(READERS[name](path).values, labels)
    save_volume(path, 2 - labels)
    assert_array_equal(READERS[name](path).values, 2 - labels)
    beside = {"a.raw"} if name == "a.mhd" else set()
    assert {entry.name for entry in tmp_path.iterdir()} == {name} | beside


def fail(block, block_info=None):
    if block_info[0]["chunk-location"][0] == 1:
        raise OSError("gone")
    return block


def test_large_volumes_are_ome_tiff(tmp_path, labels, monkeypatch):
    monkeypatch.setattr(tiff, "LARGEST_IMAGEJ", 0)
    save_volume(tmp_path / "a.tif", labels, voxel_size=SIDES, unit="um", names=NAMES)
    found = read_tiff(tmp_path / "a.tif")
    assert_array_equal(found.values, labels)
    assert_allclose(found.sides, SIDES)
    assert found.unit == "µm"
    assert read_phase_names(tmp_path / "a.tif") == NAMES


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("shape", [(2, 5, 140, 6), (150, 20, 20), (1100, 30)])
def test_ome_zarr_has_several_resolutions_in_both_versions(tmp_path, rng, version, shape):
    labels = rng.integers(0, 3, shape)
    save_volume(tmp_path / "a.zarr", labels, voxel_size=0.5, unit="um", names=NAMES, ome_zarr_version=version)
    stored = open_ome_zarr(tmp_path / "a.zarr")
    step = (slice(None), *(slice(None, None, 2),) * 3) if len(shape) == 4 else (slice(None, None, 2),) * len(shape)
    assert len(stored.levels) == 2
    assert_array_equal(stored.levels[0], labels)
    assert_array_equal(stored.levels[1], labels[step])
    assert stored.scale[-2:] == (0.5, 0.5)
    assert (tmp_path / "a.zarr" / "zarr.json").exists() == (version == "0.5")


def test_realisations_go_into_tiff_and_ome_zarr_only(tmp_path, rng):
    labels = rng.integers(0, 2, (2, 4, 5, 6))
    for name in ("a.tif", "a.zarr"):
        save_volume(tmp_path / name, labels)
        assert_array_equal(read_image(tmp_path / name).values, labels)
    for name in ("a.nrrd", "a.mha", "a.mhd", "a.vti"):
        with pytest.raises(ValueError, match="must hold one volume, got 2 realisations"):
            save_volume(tmp_path / name, labels)


def test_the_origin_is_stored_as_text_that_a_reader_of_any_format_shows(tmp_path, labels):
    save_volume(tmp_path / "a.nrrd", labels, provenance={"seed": 3, "file": tmp_path})
    found = json.loads(read_itk(tmp_path / "a.nrrd").keys["napari-swnn"])
    assert found["napari-swnn"]["origin"] == {"seed": 3, "file": str(tmp_path)}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"path": "a.png"}, ValueError, "must end in one of .tif"),
        ({"path": "none/a.tif"}, FileNotFoundError, "create .* first"),
        ({"labels": np.zeros((2, 3), float) + 0.5}, TypeError, "whole numbers|integers"),
        ({"labels": np.zeros(3, int)}, ValueError, "must be 2-D, 3-D"),
        ({"labels": np.array([[0, 2**40]])}, ValueError, "fit into 32 bits"),
        ({"voxel_size": 0}, ValueError, "voxel_size must"),
        ({"voxel_size": (1, 1, 1)}, ValueError, "one for each of 2 axes, got 3"),
        ({"names": ["pore"]}, TypeError, "map labels to names"),
        ({"names": {1: ""}}, ValueError, "name of label 1"),
        ({"ome_zarr_version": "0.3"}, ValueError, "ome_zarr_version must be"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(tmp_path, monkeypatch, arguments, error, message):
    monkeypatch.chdir(tmp_path)
    given = {"path": "a.tif", "labels": np.eye(3, dtype=int)} | arguments
    with pytest.raises(error, match=message):
        save_volume(**given)
    assert [*tmp_path.iterdir()] == []


def test_a_raw_file_of_another_image_is_not_replaced(tmp_path, labels):
    (tmp_path / "scan.raw").write_bytes(b"precious")
    with pytest.raises(ValueError, match=r"scan.raw belongs to another image"):
        save_volume(tmp_path / "scan.mhd", labels)
    assert (tmp_path / "scan.raw").read_bytes() == b"precious"


def test_a_folder_or_file_of_another_kind_is_not_replaced(tmp_path, labels):
    (tmp_path / "a.zarr").write_text("notes")
    (tmp_path / "a.tif").mkdir()
    for name in ("a.zarr", "a.tif"):
        with pytest.raises(ValueError, match="must be free or hold the same format"):
            save_volume(tmp_path / name, labels)
