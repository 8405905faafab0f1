"""``napari-swnn convert``."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn.cli import main
from napari_swnn.io import open_volume_set, read_image, read_phase_names, save_volume


@pytest.fixture
def labels(rng):
    return rng.integers(0, 3, (8, 10, 12)).astype(np.uint8)


@pytest.fixture
def source(tmp_path, labels):
    save_volume(tmp_path / "in.tif", labels, voxel_size=0.5, unit="um", names={0: "pore", 1: "NMC"})
    return tmp_path / "in.tif"


def test_labels_voxel_size_and_names_are_carried_over(source, labels, tmp_path, capsys):
    assert main(["convert", str(source), str(tmp_path / "out.ome.zarr"), "--name", "2=binder"]) == 0
    image = read_image(tmp_path / "out.ome.zarr")
    assert_array_equal(image.values, labels)
    assert image.voxel.metres == pytest.approx(0.5e-6)
    assert read_phase_names(tmp_path / "out.ome.zarr") == {0: "pore", 1: "NMC", 2: "binder"}
    assert "8 × 10 × 12, voxels of 0.5 µm" in capsys.readouterr().out


def test_the_unit_is_converted_and_a_wrong_size_corrected(source, tmp_path):
    assert main(["convert", str(source), str(tmp_path / "a.nrrd"), "--unit", "nm"]) == 0
    assert main(["convert", str(source), str(tmp_path / "b.nrrd"), "--voxel-size", "2"]) == 0
    assert_allclose(sitk.ReadImage(tmp_path / "a.nrrd").GetSpacing(), 500)
    assert_allclose(sitk.ReadImage(tmp_path / "b.nrrd").GetSpacing(), 2)


def test_a_phase_becomes_a_surface(source, tmp_path, capsys):
    assert main(["convert", str(source), str(tmp_path / "a.stl"), "--phase", "2", "--smoothing", "0.5"]) == 0
    assert (tmp_path / "a.stl").stat().st_size > 84
    assert "triangles, coordinates in µm" in capsys.readouterr().out


def test_realisations_stay_together_or_are_picked(labels, tmp_path):
    save_volume(tmp_path / "in.zarr", np.stack([labels, 2 - labels]))
    assert main(["convert", str(tmp_path / "in.zarr"), str(tmp_path / "all.tif")]) == 0
    assert_array_equal(np.stack(open_volume_set(tmp_path / "all.tif").volumes), [labels, 2 - labels])
    assert main(["convert", str(tmp_path / "in.zarr"), str(tmp_path / "one.mha"), "--realisation", "1"]) == 0
    assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / "one.mha")), 2 - labels)


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("in.tif", [], "--overwrite"),
        ("a.png", [], "must end in one of .tif"),
        ("a.tif", ["--phase", "1"], "--phase must be left out"),
        ("a.stl", ["--name", "0=pore"], "--name must be left out"),
        ("a.stl", ["--phase", "9"], "phase"),
        ("a.tif", ["--realisation", "1"], "--realisation must lie between 0 and 0"),
        ("a.tif", ["--name", "pore"], "LABEL=VALUE"),
    ],
)
def test_bad_input_is_refused(source, tmp_path, capsys, output, options, message):
    assert main(["convert", str(source), str(tmp_path / output), *options]) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]
