"""A training that ends at any step and is resumed gives the model of an uninterrupted training, to the byte."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn import Reference
from napari_swnn._steps import drain
from napari_swnn.core.training import checkpoint as module
from napari_swnn.core.training.checkpoint import Checkpoint, plan_digest
from napari_swnn.core.training.obstacle import Circumstance, Obstacle
from napari_swnn.core.training.plan import analyse_reference
from napari_swnn.core.training.run import iter_training, train
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.core.training.unfinished import find_unfinished, record_path


@pytest.fixture(autouse=True)
def save_every_step(monkeypatch):
    monkeypatch.setattr(module, "INTERVAL", 0.0)


@pytest.fixture(scope="module")
def plan_of(blobs, tiny_config):
    """Maker of plans; equal ones are made once."""
    made = {}

    def make(*, labels=None, seed=0, porosity=None, dimension=2, **options):
        key = str((None if labels is None else labels.tolist(), seed, porosity, dimension, options))
        if key not in made:
            reference = Reference(blobs if labels is None else labels)
            config = replace(tiny_config, n_channels=4, **options)
            analysis = analyse_reference(reference, config=config, dimension=dimension)
            made[key] = analysis.plan(porosity=porosity, seed=seed)
        return made[key]

    return make


def three_phases(blobs):
    labels = blobs.astype(int)
    labels[:32][labels[:32] == 1] = 2
    return labels


def train_stages(plan, path, n_steps=None):
    """Train all stages, or for some steps after which it is closed; return the finished stages."""
    steps = iter_training(plan, checkpoint=Checkpoint(path, resume=True))
    for _, step in zip(itertools.count() if n_steps is None else range(n_steps), steps, strict=False):
        if step.activity != "training":
            break
    steps.close()
    return torch.load(path, weights_only=True)["finished"] if path.exists() else []


def assert_same(ours, theirs):
    assert len(ours) == len(theirs) == 2
    for stage, other in zip(ours, theirs, strict=True):
        assert stage.keys() == other.keys()
        assert all(torch.equal(stage[name], other[name]) for name in stage)


@pytest.mark.parametrize(
    "options",
    [{"dimension": 3}, {"porosity": (0.2, 0.4)}, {"critic": 0.3}, {"labels": "three"}],
    ids=lambda options: "-".join(options) or "plain",
)
def test_a_resumed_training_is_the_uninterrupted_one(plan_of, blobs, tmp_path, options):
    if "labels" in options:
        options = {**options, "labels": three_phases(blobs)}
    whole = train_stages(plan_of(**options), tmp_path / "whole")
    for n in (2, 4, 3):  # within a stage, and between two
        train_stages(plan_of(**options), tmp_path / "a", n)
    assert_same(train_stages(plan_of(**options), tmp_path / "a"), whole)


def test_a_training_resumed_in_its_calibration_gives_the_same_model(plan_of, tmp_path):
    whole = drain(iter_training(plan_of()))
    train_stages(plan_of(), tmp_path / "a")
    resumed = drain(iter_training(plan_of(), checkpoint=Checkpoint(tmp_path / "a", resume=True)))
    assert resumed.fingerprint() == whole.fingerprint()
    assert resumed.provenance["n_steps"] == whole.provenance["n_steps"]


def test_the_first_step_after_resuming_is_the_next(plan_of, tmp_path):
    path = tmp_path / "a.checkpoint"
    whole = [next_step for next_step, _ in zip(iter_training(plan_of()), range(7), strict=False)]
    train_stages(plan_of(), path, 4)
    steps = iter_training(plan_of(), checkpoint=Checkpoint(path, resume=True))
    resumed = [next(steps), next(steps), next(steps)]
    assert [step.iteration for step in resumed] == [5, 6, 7], "the state of four steps was saved at the end"
    assert [step.loss for step in resumed] == [step.loss for step in whole[4:]]
    assert resumed[0].fraction == pytest.approx(whole[4].fraction)


def test_without_resume_a_training_starts_again(plan_of, tmp_path):
    path = tmp_path / "a.checkpoint"
    train_stages(plan_of(), path, 4)
    assert next(iter_training(plan_of(), checkpoint=Checkpoint(path))).iteration == 1


@pytest.mark.parametrize("damage", [b"", b"half", None])
def test_a_damaged_checkpoint_is_left_aside(plan_of, tmp_path, damage):
    path = tmp_path / "a.checkpoint"
    train_stages(plan_of(), path, 4)
    path.write_bytes(path.read_bytes()[:2000] if damage is None else damage)
    assert next(iter_training(plan_of(), checkpoint=Checkpoint(path, resume=True))).iteration == 1


def test_a_stopped_training_can_be_finished(plan_of, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "INTERVAL", 1e9)
    path = tmp_path / "a.checkpoint"
    taken = []
    steps = iter_training(plan_of(), should_stop=lambda: len(taken) >= 5, checkpoint=Checkpoint(path))
    assert drain(steps, taken.append).provenance["stopped_early"]
    assert_same(train_stages(plan_of(), path), train_stages(plan_of(), tmp_path / "whole"))


def test_a_restart_after_divergence_is_resumed_as_well(plan_of, tmp_path, monkeypatch):
    accumulate = StageTrainer.accumulate_gradients

    def diverging(self, step):
        loss, grey = accumulate(self, step)
        return (float("nan") if step == 1 else loss), grey

    monkeypatch.setattr(StageTrainer, "accumulate_gradients", diverging)
    whole = train_stages(plan_of(), tmp_path / "whole")
    train_stages(plan_of(), tmp_path / "a", 4)
    assert_same(train_stages(plan_of(), tmp_path / "a"), whole)


def test_a_checkpoint_that_cannot_be_written_ends_nothing(plan_of, tmp_path):
    assert train_stages(plan_of(), tmp_path / "none" / "a", 9) == []


def test_checkpoints_belong_to_a_plan(plan_of, blobs, monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path))
    assert plan_digest(plan_of()) == plan_digest(plan_of())
    other = [
        plan_of(seed=1),
        plan_of(n_steps=4),
        plan_of(dimension=3),
        plan_of(porosity=0.25),
        plan_of(labels=blobs.T),
    ]
    assert len({plan_digest(plan) for plan in [plan_of(), *other]}) == 6
    checkpoint = Checkpoint.of(plan_of())
    assert checkpoint.path.parent == tmp_path / "trainings"
    assert not checkpoint.exists
    checkpoint.save({"a": torch.zeros(2)})
    assert Checkpoint.of(plan_of()).load() is None, "only on request"
    np.testing.assert_array_equal(Checkpoint.of(plan_of(), resume=True).load()["a"], np.zeros(2))
    checkpoint.remove()
    assert not checkpoint.exists


def test_an_interrupted_call_is_resumed_to_the_same_model(blobs, tiny_config, monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path))
    options = {"config": replace(tiny_config, n_channels=4), "dimension": 2}
    whole = train(Reference(blobs), **options)
    assert list((tmp_path / "trainings").iterdir()) == []

    def interrupt(step):
        if step.iteration == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Reference(blobs), **options, progress=interrupt)
    steps = []
    resumed = train(Reference(blobs), **options, resume=True, progress=steps.append)
    assert steps[0].iteration == 6  # the state of the interrupted step is the last one saved
    assert resumed.fingerprint() == whole.fingerprint()
    assert list((tmp_path / "trainings").iterdir()) == []


def test_without_a_folder_for_checkpoints_a_training_runs(blobs, tiny_config, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path / "file"))
    assert train(Reference(blobs), config=replace(tiny_config, n_channels=4), dimension=2) is not None


def interrupt(plan, monkeypatch, tmp_path, aim=None):
    """Train as far as the first checkpoint in the user's folder."""
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path))
    steps = iter_training(plan, checkpoint=Checkpoint.of(plan, aim=aim))
    for _ in range(2):
        next(steps)
    steps.close()
    return Checkpoint.of(plan)


def test_an_unfinished_training_is_found_by_its_reference_whatever_the_settings(plan_of, monkeypatch, tmp_path, blobs):
    plan = plan_of(seed=4, porosity=0.4)
    checkpoint = interrupt(plan, monkeypatch, tmp_path)
    (found,) = find_unfinished(plan_of().reference)
    assert (found.path, found.config, found.aim, found.seed) == (checkpoint.path, plan.config, {"porosity": 0.4}, 4)
    assert (found.n_done, found.n_steps, found.device, found.obstacle) == (2, plan.n_steps, plan.device.type, None)
    assert find_unfinished(Reference(1 - blobs)) == []
    assert find_unfinished(Reference(blobs, voxel_size=2.0, unit="um", names={1: "pore"}))[0].obstacle is None
    assert find_unfinished(Reference(blobs, phase=0))[0].obstacle == Obstacle(Circumstance.PHASE, "label 1")
    found.remove()
    assert find_unfinished(plan.reference) == []
    assert list(checkpoint.path.parent.iterdir()) == []


@pytest.mark.parametrize("aim", [{"porosity": (0.3, 0.5)}, {"fractions": {0: 0.625, 1: 0.375}}])
def test_the_target_of_an_unfinished_training_is_found_as_it_was_given(plan_of, monkeypatch, tmp_path, aim):
    plan = plan_of()
    interrupt(plan, monkeypatch, tmp_path, aim)
    assert find_unfinished(plan.reference)[0].aim == aim


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"reference": 1}', "\0"])
def test_a_damaged_record_is_passed_over(plan_of, monkeypatch, tmp_path, text):
    plan = plan_of()
    record_path(interrupt(plan, monkeypatch, tmp_path).path).write_text(text)
    assert find_unfinished(plan.reference) == []


def test_a_training_that_is_closed_keeps_its_last_step(plan_of, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "INTERVAL", 30.0)
    checkpoint = Checkpoint(tmp_path / "state")
    steps = iter_training(plan_of(), checkpoint=checkpoint)
    for _ in range(3):
        next(steps)
    assert not checkpoint.exists  # half a minute has not passed
    steps.close()
    assert next(iter_training(plan_of(), checkpoint=Checkpoint(tmp_path / "state", resume=True))).iteration == 4
