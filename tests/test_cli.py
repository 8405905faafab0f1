import json
import re
import signal
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from skimage.io import imsave

from napari_swnn import Model, Reference
from napari_swnn.cli import main
from napari_swnn.io import open_ome_zarr, read_labels


@pytest.fixture
def quick(monkeypatch, tiny_config):
    presets = {"standard": tiny_config, "draft": tiny_config}
    monkeypatch.setattr("napari_swnn.core.config.PRESETS", presets)


@pytest.fixture
def image(tmp_path, blobs):
    imsave(tmp_path / "section.png", 255 * blobs, check_contrast=False)
    return str(tmp_path / "section.png")


def test_train_generate_validate(quick, image, tmp_path, capsys):
    model, volume = str(tmp_path / "rock.swnn"), str(tmp_path / "rock.tif")
    assert main(["train", image, "--porosity", "0.4", "--voxel-size", "0.5", "--unit", "um", "-o", model]) == 0
    assert Model.load(model).porosity == 0.4
    assert main(["generate", model, "--shape", "32", "40", "64", "--seed", "3", "-o", volume]) == 0
    labels = read_labels(volume)
    assert labels.shape == (32, 40, 64)
    assert set(np.unique(labels)) == {0, 255}
    said = capsys.readouterr().out
    assert re.search(r"Reference porosity 0\.300, 95 % interval 0\.\d+ to 0\.\d+; reachable", said)
    assert "Note: " in said  # the image is small
    assert re.search(r"It will take about \d+ s to train and \d+ s to generate 128 × 128 × 128 voxels, in \d", said)
    report, picture = tmp_path / "report.json", tmp_path / "picture.png"
    assert main(["validate", image, volume, "--report", str(report), "--picture", str(picture)]) == 0
    assert json.loads(report.read_text(encoding="utf-8"))["phase"] == 255
    assert read_picture(picture).std() > 10
    assert "porosity" in capsys.readouterr().out


def test_one_model_for_a_range(quick, image, tmp_path, capsys):
    model, volume = str(tmp_path / "range.swnn"), str(tmp_path / "rock.tif")
    assert main(["train", image, "--porosity", "0.2", "0.4", "-o", model]) == 0
    assert "range 0.200 to 0.400" in capsys.readouterr().out
    assert Model.load(model).porosity_range == (0.2, 0.4)
    assert main(["generate", model, "--shape", "64", "--porosity", "0.35", "-o", volume]) == 0
    assert main(["generate", model, "--shape", "64", "--porosity", "0.5", "-o", str(tmp_path / "b.tif")]) == 2
    assert "[0.2, 0.4]" in capsys.readouterr().err
    assert main(["train", image, "--porosity", "0.2", "0.3", "0.4", "-o", model, "--overwrite"]) == 2
    assert "--porosity must be one number or two" in capsys.readouterr().err


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
    assert (tmp_path / "figures" / "fields.svg").exists()
    said = capsys.readouterr().out
    assert "validating" in said
    assert "W/(m·K)" in said


def read_picture(path):
    from skimage.io import imread

    return imread(path)


def test_demo_leaves_model_volume_report_and_picture(quick, tmp_path, capsys):
    assert main(["demo", "--size", "48", "--output", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "model.swnn",
        "volume.tif",
        "report.json",
        "reconstruction.png",
    }
    said = capsys.readouterr().out
    assert "left" in said
    assert "target 0.250" in said
    assert Model.load(tmp_path / "out" / "model.swnn").porosity == 0.25


def test_one_number_is_a_cube(quick, image, tmp_path):
    model, volume = str(tmp_path / "m.swnn"), str(tmp_path / "v.tif")
    main(["train", image, "-o", model])
    main(["generate", model, "--shape", "20", "-o", volume])
    assert read_labels(volume).shape == (20, 20, 20)


@pytest.fixture
def model(quick, image, tmp_path, capsys):
    path = str(tmp_path / "m.swnn")
    assert main(["train", image, "-o", path]) == 0
    capsys.readouterr()
    return path


def test_the_ending_chooses_the_format(model, tmp_path, capsys):
    stored = str(tmp_path / "v.ome.zarr")
    command = ["generate", model, "--shape", "20", "--n", "2", "--seed", "3", "-o", stored]
    assert main(command) == 0
    labels = open_ome_zarr(stored).levels[0].compute()
    assert labels.shape == (2, 20, 20, 20)
    assert f"Porosity {(labels == 255).mean():.4f}; wrote" in capsys.readouterr().out
    assert main(command) == 2
    assert "which is already there" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 0


def test_periodic_axes_are_named_by_letters(model, tmp_path):
    volumes = []
    for i, axes in enumerate((["--periodic"], ["--periodic", "zyx"], ["--periodic", "z"], [])):
        path = str(tmp_path / f"{i}.tif")
        assert main(["generate", model, "--shape", "32", "-o", path, *axes]) == 0
        volumes.append(read_labels(path))
    np.testing.assert_array_equal(volumes[0], volumes[1])
    assert (volumes[0] != volumes[2]).any()
    assert (volumes[2] != volumes[3]).any()
    assert main(["generate", model, "--periodic", "zw", "-o", str(tmp_path / "w.tif")]) == 2


def test_axes_that_a_model_lacks_are_refused(quick, image, tmp_path, capsys):
    model, out = str(tmp_path / "m.swnn"), str(tmp_path / "v.tif")
    assert main(["train", image, "--dimension", "2", "-o", model]) == 0
    assert main(["generate", model, "--shape", "32", "--periodic", "z", "-o", out]) == 2
    assert "--periodic must name axes of yx, which a 2-D model has, got 'z'" in capsys.readouterr().err
    assert main(["generate", model, "--shape", "32", "--periodic", "-o", out]) == 0


def test_an_interrupted_generation_says_how_to_go_on(model, tmp_path, capsys, monkeypatch):
    from napari_swnn.production import generation

    write = generation.iter_local

    def interrupted(*arguments):
        yield next(write(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(generation, "iter_local", interrupted)
    command = ["generate", model, "--shape", "70", "10", "10", "-o", str(tmp_path / "v.tif")]
    assert main(command) == 130
    assert "the same command with --resume goes on" in capsys.readouterr().err
    monkeypatch.undo()
    assert main([*command, "--resume"]) == 0
    assert read_labels(tmp_path / "v.tif").shape == (70, 10, 10)


def test_workers_of_a_cluster_generate(model, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        for name, options in (("here", []), ("there", ["--scheduler", cluster.scheduler_address])):
            assert main(["generate", model, "--shape", "20", "-o", str(tmp_path / f"{name}.ome.zarr"), *options]) == 0
    here, there = (open_ome_zarr(tmp_path / f"{name}.ome.zarr").levels[0].compute() for name in ("here", "there"))
    np.testing.assert_array_equal(here, there)


def test_an_ensemble_leaves_tables(quick, image, tmp_path, capsys):
    folder = tmp_path / "e"
    options = ["--trainings", "1", "--realisations", "2", "--shape", "20", "--no-validation", "-o", str(folder)]
    assert main(["ensemble", image, *options]) == 0
    said = capsys.readouterr().out
    assert "1 training(s) with 2 realisation(s)" in said
    before, _ = said.split("0/3 done", 1)
    assert re.search(r"Reference porosity 0\.300, 95 % interval 0\.\d+ to 0\.\d+; reachable", before)
    assert re.search(r"It will take about \d+ s to train and \d+ s to generate 2 times 20 × 20 × 20 voxels", before)
    options.remove("--no-validation")
    assert main(["ensemble", image, *options, "--resume"]) == 0
    said = capsys.readouterr().out
    assert "porosity" in said
    assert "5/5 done" in said
    assert {path.name for path in folder.iterdir()} == {
        "ensemble.json",
        "members.csv",
        "summary.csv",
        "summary.txt",
        "training-1",
        "training-1.swnn",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "none.png"], "does not exist"),
        (["train", "IMAGE", "--porosity", "2"], "porosity must lie in"),
        (["train", "IMAGE", "--phase", "7"], "one of the values of labels (0, 255), got 7"),
        (["train", "IMAGE", "-o", "no/such/folder/model.swnn"], "the folder of no/such/folder/model.swnn must exist"),
        (["train", "IMAGE", "-o", "."], "got the folder ."),
        (["demo", "--size", "0"], "shape must be"),
        (["validate", "IMAGE", "IMAGE", "--picture", "x.gif"], "--picture must end in"),
        (["generate", "IMAGE"], "must name a model file"),
        (["generate", "none.swnn"], "does not exist"),
        (["generate", "none.swnn", "-o", "no/such/v.tif"], "the folder of no/such/v.tif must exist"),
        (["ensemble", "IMAGE", "-o", "no/such/folder"], "must exist"),
        (["ensemble", "IMAGE", "--porosity", "2"], "porosity must lie in"),
        (["validate", "IMAGE", "IMAGE", "--html", "no/such/page.html"], "the folder of no/such/page.html must exist"),
        (["validate", "IMAGE", "IMAGE", "--physics"], "physics needs volumes"),
        (["validate", "IMAGE", "IMAGE", "--figures", "IMAGE"], "--figures must name a folder, got"),
        (["validate", "IMAGE", "none.ome.zarr"], "must name an OME-Zarr folder, got none.ome.zarr"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(image, capsys, arguments, message):
    assert main([image if argument == "IMAGE" else argument for argument in arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_grey_levels_are_refused(tmp_path, rng, capsys):
    imsave(tmp_path / "grey.png", rng.integers(0, 255, (30, 30)).astype(np.uint8), check_contrast=False)
    assert main(["train", str(tmp_path / "grey.png")]) == 2
    assert "segment the image first" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["demo"], ["train"], ["generate"], ["ensemble"], ["validate"]])
def test_help_explains(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_region_of_interest_file(quick, image, tmp_path, blobs):
    roi = np.zeros(blobs.shape, np.uint8)
    roi[:, :32] = 255
    imsave(tmp_path / "roi.png", roi, check_contrast=False)
    main(["train", image, "--roi", str(tmp_path / "roi.png"), "-o", str(tmp_path / "m.swnn")])
    expected = Reference(blobs, roi=roi > 0).porosity
    assert Model.load(tmp_path / "m.swnn").provenance["reference_porosity"] == pytest.approx(expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_a_training_finishes_the_model(quick, image, tmp_path, capsys, monkeypatch, number):
    from napari_swnn.core import training

    take_stage = training.iter_stage

    def interrupted(*arguments):
        for i, step in enumerate(take_stage(*arguments)):
            if i == 1:
                signal.raise_signal(number)
            yield step

    monkeypatch.setattr(training, "iter_stage", interrupted)
    before = signal.getsignal(number)
    assert main(["train", image, "-o", str(tmp_path / "m.swnn")]) == 0
    assert Model.load(tmp_path / "m.swnn").provenance["stopped_early"]
    assert "stopping: finishing the model" in capsys.readouterr().out
    assert signal.getsignal(number) is before


def test_a_model_that_is_there_is_not_replaced_unasked(model, image, capsys):
    before = Path(model).read_bytes()
    assert main(["train", image, "--seed", "1", "-o", model]) == 2
    said = capsys.readouterr()
    assert said.out == ""  # before any work
    assert "add --overwrite to replace it" in said.err
    assert Path(model).read_bytes() == before
    assert main(["train", image, "--seed", "1", "-o", model, "--overwrite"]) == 0
    assert Model.load(model).provenance["seed"] == 1


@pytest.mark.parametrize("command", ["train", "ensemble"])
def test_what_a_training_has_to_say_is_said(quick, image, tmp_path, capsys, monkeypatch, command):
    from napari_swnn.core import training

    take_stage = training.iter_stage

    def diverging(*arguments):
        for i, step in enumerate(take_stage(*arguments)):
            yield replace(step, note="the loss diverged" if i == 1 else "")

    monkeypatch.setattr(training, "iter_stage", diverging)
    options = ["--trainings", "1", "--realisations", "1", "--shape", "20", "--no-validation"]
    assert main([command, image, *(options if command == "ensemble" else []), "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.splitlines().count("Note: the loss diverged") == 2  # once in each of the two stages


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
    assert read_picture(picture).std() > 10


@pytest.mark.parametrize("kind", ["KilledWorker", "CancelledError"])
def test_lost_workers_are_one_sentence(model, tmp_path, capsys, monkeypatch, kind):
    distributed = pytest.importorskip("distributed")

    def lost(*arguments):
        yield from ()
        if kind == "CancelledError":
            raise CancelledError("cancelled:\nscheduler-connection-lost")
        raise distributed.KilledWorker("piece", SimpleNamespace(address="tcp://10.0.0.1:1"), 3)

    monkeypatch.setattr("napari_swnn.production.generation.iter_cluster", lost)
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster:
        options = ["--scheduler", cluster.scheduler_address, "-o", str(tmp_path / "v.ome.zarr")]
        assert main(["generate", model, "--shape", "20", *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("napari-swnn: the workers and the scheduler must stay alive, got: ")
    assert said.count("\n") == 1


def test_a_file_that_cannot_be_replaced_is_refused_before_the_work(image, tmp_path, capsys, monkeypatch):
    (tmp_path / "report.json").write_text("precious")
    monkeypatch.setattr("os.access", lambda path, mode: Path(path).is_dir())  # root may write everywhere
    assert main(["validate", image, image, "--report", str(tmp_path / "report.json")]) == 2
    assert "report.json must be writable, got one that is not" in capsys.readouterr().err
