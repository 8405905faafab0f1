import json
import re
from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

from napari_swnn import Model
from napari_swnn.cli import main
from napari_swnn.cli.validate import FIGURES
from napari_swnn.io import read_labels


def test_train_generate_validate(quick, image, tmp_path, capsys):
    model, volume = str(tmp_path / "rock.swnn"), str(tmp_path / "rock.tif")
    assert main(["train", image, "--porosity", "0.4", "--voxel-size", "0.5", "--unit", "um", "-o", model]) == 0
    assert Model.load(model).porosity == 0.4
    assert main(["generate", model, "--shape", "32", "40", "64", "--seed", "3", "-o", volume]) == 0
    labels = read_labels(volume)
    assert labels.shape == (32, 40, 64)
    assert set(np.unique(labels)) == {0, 255}
    printed = capsys.readouterr().out
    assert re.search(r"Reference porosity 0\.300, 95 % interval 0\.\d+ to 0\.\d+; reachable", printed)
    assert "Note: " in printed  # the image is small
    assert re.search(r"Estimated time: \d+ s to train, \d+ s to generate 128 × 128 × 128 voxels; memory: \d", printed)
    report, picture = tmp_path / "report.json", tmp_path / "picture.png"
    assert main(["validate", image, volume, "--report", str(report), "--picture", str(picture)]) == 0
    assert json.loads(report.read_text(encoding="utf-8"))["phase"] == 255
    assert imread(picture).std() > 10
    assert "porosity" in capsys.readouterr().out


def test_validate_with_physics_writes_every_format(image, tmp_path, capsys):
    slit = np.zeros((12, 12, 12), np.uint8)
    slit[:, 3:9] = 255
    np.save(tmp_path / "slit.npy", slit)
    files = {name: tmp_path / f"report.{name}" for name in ("json", "csv", "html")}
    options = ["--physics", "--conductivities", "3", "1", "--report", files["json"], "--csv", files["csv"]]
    options += ["--html", files["html"], "--figures", tmp_path / "figures"]
    assert main(["validate", image, str(tmp_path / "slit.npy"), *map(str, options)]) == 0
    saved = json.loads(files["json"].read_text(encoding="utf-8"))
    assert saved["transport"][0]["conductivity"]["z"]["value"] == pytest.approx(2)
    assert files["csv"].read_text(encoding="utf-8").startswith("statistic,realisation,axis,distance")
    assert "Transport through the volumes" in files["html"].read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"{name}.{ending}" for name in FIGURES if name != "pairs" for ending in ("png", "svg")
    }
    printed = capsys.readouterr().out
    assert "validating" in printed
    assert "W/(m·K)" in printed


@pytest.fixture
def three_phases(tmp_path):
    """Files of a section and a volume of layers of 0, 1 and 2."""
    section = np.tile(np.repeat([0, 1, 2], 4), (36, 3)).astype(np.uint8)
    np.save(tmp_path / "section.npy", section)
    np.save(tmp_path / "volume.npy", np.broadcast_to(section[:12, :12], (12, 12, 12)))
    return str(tmp_path / "section.npy"), str(tmp_path / "volume.npy")


def test_each_phase_is_validated_by_name(three_phases, tmp_path, capsys):
    report, figures = tmp_path / "report.json", tmp_path / "figures"
    options = ["--names", "0=pore", "2=binder", "--physics", "--conductivities", "0=0", "1=3", "2=1"]
    options += ["--report", str(report), "--figures", str(figures), "--csv", str(tmp_path / "report.csv")]
    assert main(["validate", *three_phases, *options]) == 0
    saved = json.loads(report.read_text(encoding="utf-8"))
    assert [phase["name"] for phase in saved["phases"]] == ["phase 1", "pore", "binder"]
    assert saved["transport"][0]["conductivity"]["z"]["value"] == pytest.approx(4 / 3)
    assert {path.stem for path in figures.iterdir()} == set(FIGURES)
    printed = capsys.readouterr().out
    assert "\n  pore – binder  " in printed
    assert "triple-phase boundary" in printed


def test_phases_are_merged_on_request(three_phases, tmp_path, capsys):
    report = tmp_path / "report.json"
    assert main(["validate", *three_phases, "--merge", "--report", str(report)]) == 0
    assert "phases" not in json.loads(report.read_text(encoding="utf-8"))
    assert "triple" not in capsys.readouterr().out


@pytest.mark.parametrize("values", [["3"], ["1", "2", "3"], ["1", "x"]])
def test_conductivities_of_another_form_are_refused(three_phases, capsys, values):
    assert main(["validate", *three_phases, "--physics", "--conductivities", *values]) == 2
    assert "two numbers, for the phase of interest and the rest, or LABEL=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["v.tif", "v.ome.zarr"])
def test_validate_reads_what_generate_writes(model, image, tmp_path, capsys, name):
    volumes, report = str(tmp_path / name), tmp_path / "report.json"
    assert main(["generate", model, "--shape", "24", "--n", "2", "-o", volumes]) == 0
    assert main(["validate", image, volumes, volumes, "--report", str(report), "--picture", f"{volumes}.PNG"]) == 0
    saved = json.loads(report.read_text(encoding="utf-8"))
    assert saved["shapes"] == [[24, 24, 24]] * 4
    porosities = [entry["value"] for entry in saved["porosities"]]
    assert porosities[:2] == porosities[2:]
    assert "4 volumes" in capsys.readouterr().out


def test_a_section_is_pictured(image, tmp_path):
    picture = tmp_path / "picture.png"
    assert main(["validate", image, image, "--picture", str(picture)]) == 0
    assert imread(picture).std() > 10


def test_a_file_that_cannot_be_replaced_is_refused_before_the_work(image, tmp_path, capsys, monkeypatch):
    (tmp_path / "report.json").write_text("precious")
    monkeypatch.setattr("os.access", lambda path, mode: Path(path).is_dir())  # root may write everywhere
    assert main(["validate", image, image, "--report", str(tmp_path / "report.json")]) == 2
    assert "report.json must be writable, got a read-only one" in capsys.readouterr().err


OUTPUTS = {
    "--report": "report.json",
    "--csv": "report.csv",
    "--html": "report.html",
    "--picture": "picture.png",
    "--figures": "sections.svg",
}


@pytest.fixture
def outputs(tmp_path):
    """The options that write, all into one folder that holds something under each name."""
    for name in OUTPUTS.values():
        (tmp_path / name).write_text("precious")
    return {option: str(tmp_path if option == "--figures" else tmp_path / name) for option, name in OUTPUTS.items()}


@pytest.mark.parametrize("option", OUTPUTS)
def test_existing_results_are_replaced_only_on_request(image, outputs, tmp_path, capsys, option):
    path = tmp_path / OUTPUTS[option]
    assert main(["validate", image, image, option, outputs[option]]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""  # before any work
    assert f"{option} must write a new file, got {path}, which exists; add --overwrite to replace it" in printed.err
    assert path.read_text() == "precious"


def test_existing_results_are_replaced_with_overwrite(image, outputs, tmp_path):
    options = [text for pair in outputs.items() for text in pair]
    assert main(["validate", image, image, *options, "--overwrite"]) == 0
    assert not any((tmp_path / name).read_bytes() == b"precious" for name in OUTPUTS.values())
