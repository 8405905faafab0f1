import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import _sample_data
from napari_swnn.cli import main
from napari_swnn.io import read_image, read_labels, read_phase_names


def test_a_sample_is_written_with_pixel_size_and_names(tmp_path, capsys):
    path = tmp_path / "electrode.tif"
    assert main(["sample", "three-phase-electrode", "-o", str(path)]) == 0
    labels, _, _ = _sample_data.three_phase_electrode()[0]
    assert_array_equal(read_labels(path), labels)
    assert read_phase_names(path) == {0: "pore", 1: "active material", 2: "binder"}
    assert read_image(path).voxel.value == pytest.approx(0.1)
    assert "256 × 256 pixels of 0.1 µm" in capsys.readouterr().out


def test_the_raw_sample_is_a_micrograph(tmp_path):
    path = tmp_path / "SEM.tif"
    assert main(["sample", "raw", "-o", str(path)]) == 0
    image = read_image(path)
    assert image.axes == ("y", "x")
    assert len(np.unique(image.values)) > 100


def test_an_existing_file_is_kept(tmp_path, capsys):
    path = tmp_path / "rock.tif"
    path.write_bytes(b"precious")
    assert main(["sample", "rock", "-o", str(path)]) == 2
    assert path.read_bytes() == b"precious"
    assert "--overwrite" in capsys.readouterr().err
