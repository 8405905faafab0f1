"""A training whose loss diverges returns to its last good state, with a note."""

import numpy as np
import pytest
import torch

from napari_swnn import Reference
from napari_swnn.core.training import divergence
from napari_swnn.core.training.divergence import DivergenceGuard
from napari_swnn.core.training.optimiser import Optimiser
from napari_swnn.core.training.plan import plan_training
from napari_swnn.core.training.run import iter_training
from napari_swnn.core.training.trainer import StageTrainer, new_stage


def spoilt_at(monkeypatch, calls, value):
    """Make the loss of some calls useless, and the weights with it."""
    original = StageTrainer.accumulate_gradients
    count = iter(range(10**6))

    def accumulate(trainer, step):
        loss, grey = original(trainer, step)
        if next(count) in calls:
            for weight in trainer.stage.parameters():
                weight.data.fill_(float("nan"))
            return value, grey
        return loss, grey

    monkeypatch.setattr(StageTrainer, "accumulate_gradients", accumulate)


def test_a_loss_that_is_not_finite_sets_the_training_back(monkeypatch, blobs, tiny_config):
    spoilt_at(monkeypatch, {2, 10}, float("nan"))  # once in each of the two stages
    plan, notes = plan_training(Reference(blobs), config=tiny_config), []
    steps = iter_training(plan)
    try:
        while True:
            notes.append(next(steps).note)
    except StopIteration as end:
        model = end.value
    said = [note for note in notes if note]
    assert len(said) == 2
    assert all("diverged" in note and "0.5 times" in note for note in said)
    assert all(torch.isfinite(tensor).all() for stage in model.stages for tensor in stage.state_dict().values())
    assert np.isfinite(model.threshold)


def test_a_training_that_never_converges_says_what_to_do(monkeypatch, blobs, tiny_config):
    spoilt_at(monkeypatch, range(100), float("inf"))
    monkeypatch.setattr(divergence, "MAX_RESTARTS", 2)
    with pytest.raises(RuntimeError, match="choose a lower learning_rate"):
        list(iter_training(plan_training(Reference(blobs), config=tiny_config)))


def test_a_loss_far_above_the_usual_one_counts_as_diverged(blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=tiny_config)
    stage = new_stage(plan.network, 0, torch.Generator().manual_seed(0))
    guard = DivergenceGuard(stage, Optimiser(stage.parameters(), 0.01, muon=True))
    weight = stage.head.weight.detach().clone()
    assert all(guard.check(i, 1.0 + 0.3 * (i % 2)) == "" for i in range(20))
    stage.head.weight.data.fill_(1e6)
    assert "went back to step 0" in guard.check(20, 30.0)
    assert torch.equal(stage.head.weight, weight)
    assert guard.rate == 0.5


def test_a_changed_loss_is_not_compared_with_the_former_one(blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=tiny_config)
    stage = new_stage(plan.network, 0, torch.Generator().manual_seed(0))
    guard = DivergenceGuard(stage, Optimiser(stage.parameters(), 0.01, muon=True))
    assert all(guard.check(i, 1.0) == "" for i in range(20))
    guard.forget()
    assert all(guard.check(i, 8.0) == "" for i in range(20, 40))
    assert "diverged" in guard.check(40, 60.0)
