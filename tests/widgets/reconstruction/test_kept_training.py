"""An unfinished training of the reference is named beside the buttons, resumed or discarded."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.core.training.obstacle import Circumstance, Obstacle
from napari_swnn.core.training.plan import analyse_reference
from napari_swnn.core.training.unfinished import UnfinishedTraining
from napari_swnn.widgets.reconstruction import jobs, kept_training
from napari_swnn.widgets.reconstruction.keeping import Keeping
from napari_swnn.widgets.reconstruction.kept_training import describe_time, describe_training
from napari_swnn.widgets.reconstruction.request import MODELS
from napari_swnn.widgets.reconstruction.resumption import set_training


@pytest.fixture
def interrupted(ready, user, tiny, monkeypatch, tmp_path):
    """The panel with a kept training that has other settings than those shown, and none of other tests."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *args, **kwargs: str(tmp_path))
    monkeypatch.setattr("napari_swnn.core.training.checkpoint.INTERVAL", 0.0)
    reference = ready.session.checks.findings.analysis.reference
    plan = analyse_reference(reference, config=replace(tiny, n_steps=4)).plan(porosity=0.25, seed=7)
    steps = jobs.train(plan, lambda: False, Keeping(aim={"porosity": 0.25}, facts={"name": "rock"}))
    for _ in range(2):
        next(steps)
    steps.close()
    ready.settings.size.sides[0].setValue(31)  # the settings are checked again
    user.waits_for(lambda: not ready.run_bar.kept.isHidden())
    return ready


@pytest.fixture
def asked(monkeypatch):
    """Questions that were asked, all answered with no."""
    texts = []
    monkeypatch.setattr(kept_training, "ask_to_lose", lambda _parent, _title, text, _action: bool(texts.append(text)))
    return texts


def test_an_unfinished_training_is_named_and_resumed_with_its_settings(interrupted, user):
    kept = interrupted.run_bar.kept
    assert "kept (changed settings, step 2 of 12, today" in kept.note.text()
    assert interrupted.run_bar.resume_button.isHidden()
    user.clicks(kept.resume_button)
    user.waits_for(lambda: len(MODELS) == 1)
    user.waits_for_end(interrupted)
    provenance = MODELS.last.model.provenance
    assert (provenance["n_steps"], provenance["seed"], provenance["stopped_early"]) == (12, 7, False)
    assert MODELS.last.model.porosity == 0.25
    user.waits_for(kept.isHidden)


def test_a_gradient_that_the_training_cannot_have_is_taken_away(interrupted, user):
    user.choose(interrupted.settings.spatial.kind, "gradient")
    user.waits_for(lambda: "range" in interrupted.settings.spatial.form.problems["map"].text())
    user.clicks(interrupted.run_bar.kept.resume_button)
    user.waits_for(lambda: interrupted.session.is_busy)
    assert interrupted.settings.spatial.kind.value == "uniform"
    user.waits_for_end(interrupted)
    assert MODELS.last.model.provenance["seed"] == 7


def test_the_reason_that_a_training_cannot_be_resumed_is_named(interrupted, user):
    interrupted.settings.exact.setChecked(True)
    user.choose(interrupted.destination.output, "lazy")
    user.waits_for(lambda: "whole volume" in user.reads_problem(interrupted, "exact"))
    user.clicks(interrupted.run_bar.kept.resume_button)
    kept = interrupted.run_bar.kept.note
    user.waits_for(lambda: "it cannot be resumed" in kept.text())
    assert "it cannot be resumed: An exact porosity needs the whole volume" in kept.text()
    assert not interrupted.session.is_busy


def test_the_line_on_an_unfinished_training_is_scrolled_to(interrupted, user):
    interrupted.window().resize(900, 400)
    interrupted.window().show()
    assert interrupted.run_bar.kept.visibleRegion().isEmpty()
    interrupted.run_bar.kept.appeared.emit()
    user.waits_for(lambda: not interrupted.run_bar.kept.visibleRegion().isEmpty())


@pytest.mark.parametrize(
    ("circumstance", "needed", "remedy"),
    [
        (Circumstance.PHASE, "label 2", "Choose label 2 as the phase of interest to resume it."),
        (Circumstance.VERSION, "napari-swnn 1.0 (beta), PyTorch 2.0", "Only napari-swnn 1.0 (beta), PyTorch 2.0 can"),
        (Circumstance.DEVICE, "cuda", "It can be resumed on the device cuda only, which is not available."),
        (Circumstance.THREADS, "CPU (1 thread)", "It can be resumed on CPU (1 thread) only."),
    ],
)
def test_the_remedy_for_an_obstacle_is_named(circumstance, needed, remedy):
    obstacle = Obstacle(circumstance, needed)
    training = UnfinishedTraining(Path(), TrainingConfig(), {}, 0, "cpu", 1, 9, 5.0, 0.0, obstacle)
    assert remedy in describe_training(training)


def test_an_unfinished_training_is_discarded(interrupted, user):
    user.clicks(interrupted.run_bar.kept.discard_button)
    user.waits_for(interrupted.run_bar.kept.isHidden)


def test_without_its_reference_a_training_is_named_by_it_and_resumed_once_it_is_chosen(interrupted, user, viewer):
    kept, reference = interrupted.run_bar.kept, interrupted.settings.reference.value
    other = viewer.add_labels(1 - reference.data, name="other")
    interrupted.session.elsewhere.find()
    user.choose(interrupted.settings.reference, other)
    user.waits_for(lambda: "training of “rock” is kept (changed settings, step 2 of 12, today" in kept.note.text())
    assert kept.resume_button.isHidden()
    user.choose(interrupted.settings.reference, reference)
    user.waits_for(lambda: "of this reference" in kept.note.text() and not kept.isHidden())
    assert not kept.resume_button.isHidden()
    viewer.layers.clear()
    user.waits_for(lambda: "“rock”" in kept.note.text() and not kept.isHidden())
    user.clicks(kept.discard_button)
    user.waits_for(kept.isHidden)


def test_a_long_training_is_not_replaced_without_a_question(interrupted, user, asked, monkeypatch):
    set_training(interrupted.settings, interrupted.run_bar.kept.training)
    user.waits_for(lambda: interrupted.run_bar.run_button.text() == "Start again")
    assert not interrupted.run_bar.resume_button.isHidden()
    assert interrupted.run_bar.kept.resume_button.isHidden()
    monkeypatch.setattr(kept_training, "_LONG", 0.0)
    user.clicks(interrupted.run_bar.run_button)
    assert not interrupted.session.is_busy
    assert asked == ["The kept training (changed settings, step 2 of 12) will be lost."]


def test_discard_leaves_the_state_of_a_resumed_training(interrupted, user, asked, monkeypatch):
    set_training(interrupted.settings, interrupted.run_bar.kept.training)
    user.waits_for(lambda: not interrupted.run_bar.resume_button.isHidden())
    monkeypatch.setattr(kept_training, "_LONG", 0.1)
    user.clicks(interrupted.run_bar.resume_button)
    user.clicks(interrupted.run_bar.discard_button)
    user.waits_for_end(interrupted)
    assert interrupted.run_bar.progress.status.text().endswith("The unfinished training can still be resumed.")
    user.waits_for(lambda: not interrupted.run_bar.resume_button.isHidden())
    assert (asked, len(MODELS)) == ([], 0)


def test_a_long_training_is_not_discarded_without_a_question(running, user, asked, monkeypatch):
    monkeypatch.setattr(kept_training, "_LONG", 0.0)
    user.clicks(running.run_bar.discard_button)
    assert running.session.can_discard
    (text,) = asked
    assert text.startswith("The training (step ")
    monkeypatch.setattr(kept_training, "_LONG", 60.0)
    user.clicks(running.run_bar.discard_button)
    user.waits_for_end(running)


def test_the_time_of_a_state_is_short():
    now = datetime(2026, 3, 1, 12, 0)
    assert describe_time(datetime(2026, 3, 1, 6, 42), now) == "today 06:42"
    assert describe_time(datetime(2026, 2, 28, 23, 5), now) == "yesterday 23:05"
    assert describe_time(datetime(2026, 2, 1, 6, 42), now) == "2026-02-01 06:42"
