"""Average of the weights over the last steps of a stage."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from napari_swnn import Reference
from napari_swnn.core.training.plan import plan_training
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.core.training.weight_average import WeightAverage


def averaged(values, memory):
    """Return the average of a weight that takes these values one after another."""
    network = nn.Linear(1, 1, bias=False)
    average = WeightAverage(network, memory)
    for value in values:
        nn.init.constant_(network.weight, value)
        average.add()
    average.apply()
    return network.weight.item()


def test_within_its_memory_it_is_the_plain_mean():
    assert averaged([3.0, 5.0, 10.0], memory=3) == pytest.approx(6.0)


def test_beyond_it_old_weights_count_less_and_less():
    values, memory = np.random.default_rng(0).normal(size=200), 10
    shares = (1 - 1 / memory) ** np.arange(200)[::-1] / memory
    assert averaged(values, memory) == pytest.approx(float(np.sum(shares * values)), abs=1e-6)


def test_a_mean_without_memory_is_the_last_value():
    assert averaged([3.0, 5.0, 10.0], memory=0.5) == 10.0


def test_without_anything_added_the_network_is_left_as_it_is():
    network = nn.Linear(2, 2)
    before = network.weight.detach().clone()
    WeightAverage(network, 5).apply()
    assert torch.equal(network.weight, before)


def train_stage(blobs, tiny_config, n_averaged_steps):
    """Return the trainer of a single stage of twelve steps."""
    plan = plan_training(Reference(blobs), config=replace(tiny_config, n_scales=1, n_steps=12))
    schedule = replace(plan.schedules[0], n_averaged_steps=n_averaged_steps, averaging_memory=2.4)
    return StageTrainer(replace(plan, schedules=(schedule,)), 0, [], Randomness(plan.seed, plan.device))


@pytest.mark.parametrize("stop_after", [12, 10])
def test_a_stage_ends_with_the_mean_of_its_late_weights_stopped_or_not(blobs, tiny_config, stop_after):
    trainer = train_stage(blobs, tiny_config, n_averaged_steps=6)
    weight = trainer.stage.head.weight
    seen = []
    with closing(trainer.iter_steps()) as steps:
        before = weight.detach().clone()
        for i, _ in enumerate(steps, start=1):
            seen.append(before)  # each loss is that of the weights before the step
            before = weight.detach().clone()
            if i == stop_after:
                break
    mean = seen[6]
    for k, later in enumerate(seen[7:], start=2):
        mean = mean.lerp(later, max(1 / k, 1 / 2.4))
    torch.testing.assert_close(weight.detach(), mean)


def test_without_averaged_steps_a_stage_ends_with_its_last_weights(blobs, tiny_config):
    trainer = train_stage(blobs, tiny_config, n_averaged_steps=0)
    for _ in trainer.iter_steps():
        last = trainer.stage.head.weight.detach().clone()
    assert torch.equal(trainer.stage.head.weight, last)
