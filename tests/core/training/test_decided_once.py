"""One run analyses its reference and makes its plan once."""

from collections import Counter

import pytest

from napari_swnn import Reference, ensemble, train
from napari_swnn.cli import main
from napari_swnn.core.training import plan


@pytest.fixture
def calls(monkeypatch):
    """Number of calls of each function that analyses a reference or plans."""
    counts = Counter()

    def count(name):
        original = getattr(plan, name)

        def counted(*args, **kwargs):
            counts[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(plan, name, counted)

    for name in ("extract_patterns", "choose_network", "TrainingPlan"):
        count(name)
    return counts


@pytest.fixture
def image(tmp_path, blobs):
    from skimage.io import imsave

    imsave(tmp_path / "section.png", 255 * blobs, check_contrast=False)
    return str(tmp_path / "section.png")


ONCE = {"extract_patterns": 2, "choose_network": 1, "TrainingPlan": 1}  # one direction at two scales


def test_a_training_is_planned_once(calls, blobs, tiny_config):
    train(Reference(blobs), config=tiny_config)
    assert calls == ONCE


def test_the_command_line_plans_a_training_once(calls, image, tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.training.config.PRESETS", {"standard": tiny_config})
    assert main(["train", image, "-o", str(tmp_path / "model.swnn")]) == 0
    assert calls == ONCE


ENSEMBLE = {"n_trainings": 2, "n_realisations": 1, "shape": (16, 16, 16), "validate": False}


def test_the_trainings_of_an_ensemble_share_one_analysis(calls, blobs, tiny_config, tmp_path):
    ensemble(Reference(blobs), config=tiny_config, out=tmp_path / "ensemble", **ENSEMBLE)
    assert calls == {**ONCE, "TrainingPlan": 3}  # one to check the request, and one for each seed


def test_so_they_do_on_the_command_line(calls, image, tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.training.config.PRESETS", {"standard": tiny_config})
    options = ["--trainings", "2", "--realisations", "1", "--shape", "16", "--no-validation"]
    assert main(["ensemble", image, *options, "-o", str(tmp_path / "out")]) == 0
    assert {**calls, "TrainingPlan": 0} == {**ONCE, "TrainingPlan": 0}


def test_an_analysis_serves_every_porosity_and_seed(calls, blobs, tiny_config):
    analysis = plan.analyse_reference(Reference(blobs), config=tiny_config)
    plans = [analysis.plan(porosity=porosity, seed=1) for porosity in (0.2, 0.3, (0.2, 0.4))]
    assert [made.porosity for made in plans] == pytest.approx([0.2, 0.3, Reference(blobs).porosity])
    assert calls == {**ONCE, "TrainingPlan": 3}
