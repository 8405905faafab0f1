import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage.io import imsave

from napari_swnn import Model, Reference
from napari_swnn.cli import main
from napari_swnn.core.training.trainer import StageTrainer


def test_one_model_for_a_range(quick, image, tmp_path, capsys):
    model, volume = str(tmp_path / "range.swnn"), str(tmp_path / "rock.tif")
    assert main(["train", image, "--porosity", "0.2", "0.4", "-o", model]) == 0
    assert "range 0.200 to 0.400" in capsys.readouterr().out
    assert Model.load(model).porosity_range == (0.2, 0.4)
    assert main(["generate", model, "--shape", "64", "--porosity", "0.35", "-o", volume]) == 0
    assert main(["generate", model, "--shape", "64", "--porosity", "0.5", "-o", str(tmp_path / "b.tif")]) == 2
    assert "[0.2, 0.4]" in capsys.readouterr().err
    assert main(["train", image, "--porosity", "0.2", "0.3", "0.4", "-o", model, "--overwrite"]) == 2
    assert "--porosity must be one number, or two" in capsys.readouterr().err


def test_one_model_for_ranges_of_fractions(quick, tmp_path, rng, capsys):
    labels = np.kron(rng.choice([0, 1, 2], (20, 20)), np.ones((3, 3))).astype(np.uint8)
    imsave(tmp_path / "three.png", labels, check_contrast=False)
    model, section = str(tmp_path / "box.swnn"), str(tmp_path / "v.tif")
    ranges = ["--fractions", "1=0.25:0.4", "2=0.3:0.35"]
    assert main(["train", str(tmp_path / "three.png"), "--dimension", "2", *ranges, "-o", model]) == 0
    assert "Ranges of fractions: 0.25 to 0.4 of phase 1, 0.3 to 0.35 of phase 2, and the others in proportion" in (
        capsys.readouterr().out
    )
    assert Model.load(model).network.free_ranges == ((0.25, 0.4), (0.3, 0.35))
    assert main(["generate", model, "--shape", "64", "--fractions", "1=0.3", "2=0.32", "-o", section]) == 0
    assert main(["generate", model, "--shape", "64", "--fractions", "1=0.6", "-o", str(tmp_path / "b.tif")]) == 2
    assert "fractions must lie in the ranges of the model" in capsys.readouterr().err


def test_grey_levels_are_refused(tmp_path, rng, capsys):
    imsave(tmp_path / "grey.png", rng.integers(0, 255, (30, 30)).astype(np.uint8), check_contrast=False)
    assert main(["train", str(tmp_path / "grey.png")]) == 2
    assert "segment grey levels first" in capsys.readouterr().err


def test_region_of_interest_file(quick, image, tmp_path, blobs):
    roi = np.zeros(blobs.shape, np.uint8)
    roi[:, :32] = 255
    imsave(tmp_path / "roi.png", roi, check_contrast=False)
    main(["train", image, "--roi", str(tmp_path / "roi.png"), "-o", str(tmp_path / "m.swnn")])
    expected = Reference(blobs, roi=roi > 0).porosity
    assert Model.load(tmp_path / "m.swnn").provenance["reference_porosity"] == pytest.approx(expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_a_training_finishes_the_model(quick, image, tmp_path, capsys, monkeypatch, number):
    iter_steps = StageTrainer.iter_steps

    def interrupted(trainer):
        for i, step in enumerate(iter_steps(trainer)):
            if i == 1:
                signal.raise_signal(number)
            yield step

    monkeypatch.setattr(StageTrainer, "iter_steps", interrupted)
    before = signal.getsignal(number)
    assert main(["train", image, "-o", str(tmp_path / "m.swnn")]) == 0
    assert Model.load(tmp_path / "m.swnn").provenance["stopped_early"]
    assert "stopping: finishing the model" in capsys.readouterr().out
    assert signal.getsignal(number) is before


def test_an_existing_model_is_replaced_only_on_request(model, image, capsys):
    before = Path(model).read_bytes()
    assert main(["train", image, "--seed", "1", "-o", model]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""  # before any work
    assert "add --overwrite to replace it" in printed.err
    assert Path(model).read_bytes() == before
    assert main(["train", image, "--seed", "1", "-o", model, "--overwrite"]) == 0
    assert Model.load(model).provenance["seed"] == 1


@pytest.mark.parametrize("command", ["train", "ensemble"])
def test_notes_of_a_training_are_printed(quick, image, tmp_path, capsys, monkeypatch, command):
    iter_steps = StageTrainer.iter_steps

    def diverging(trainer):
        for i, step in enumerate(iter_steps(trainer)):
            yield replace(step, note="the loss diverged" if i == 1 else "")

    monkeypatch.setattr(StageTrainer, "iter_steps", diverging)
    options = ["--trainings", "1", "--realisations", "1", "--shape", "20", "--no-validation"]
    assert main([command, image, *(options if command == "ensemble" else []), "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.splitlines().count("Note: the loss diverged") == 2  # once in each of the two stages


def test_another_loss_is_trained_with_and_weights_of_no_use_are_refused(quick, image, tmp_path, capsys):
    path = tmp_path / "m.swnn"
    command = ["train", image, "--dimension", "2", "-o", str(path)]
    assert main([*command, "--vgg-weights", "w.pkl"]) == 2
    assert "--vgg-weights needs --loss vgg, got --loss patterns" in capsys.readouterr().err
    assert main([*command, "--loss", "vgg", "--vgg-weights", "w.pkl"]) == 2
    assert "w.pkl, which does not exist" in capsys.readouterr().err
    assert main([*command, "--loss", "autocorrelation"]) == 0
    assert Model.load(path).provenance["training"]["loss"] == "autocorrelation"
