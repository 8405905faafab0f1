"""Training steps for several phases."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn import Reference
from napari_swnn.core.training.plan import analyse_reference, plan_training
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import StageTrainer


@pytest.fixture
def three_phases(blobs):
    return Reference(blobs + 2 * blobs[::-1] * (1 - blobs))


def trainer_for(reference, config, **asked):
    plan = plan_training(reference, config=replace(config, n_scales=1), **asked)
    return StageTrainer(plan, 0, (), Randomness(0, plan.device))


@pytest.mark.parametrize("porosity", [None, (0.25, 0.35)])
def test_a_step_moves_every_phase_and_keeps_their_sum(three_phases, tiny_config, porosity):
    trainer = trainer_for(three_phases, tiny_config, porosity=porosity)
    distance, grey = trainer.accumulate_gradients(10)
    assert distance > 0
    assert grey.shape[1] == 3
    torch.testing.assert_close(grey.sum(1), torch.full_like(grey[:, 0], -1.0), atol=1e-4, rtol=0)
    assert (trainer.stage.head.weight.grad.abs().sum(1) > 0).all()


def test_training_brings_the_phases_closer_to_their_fractions(three_phases, tiny_config):
    trainer = trainer_for(three_phases, replace(tiny_config, n_steps=60, cube_size=16, finest_critic=0))
    greys = [step.grey for step in trainer.iter_steps()]
    wanted = list(three_phases.fractions.values())
    found = [torch.stack(part).mean((0, 1, 3, 4, 5)) / 2 + 0.5 for part in (greys[:5], greys[-20:])]
    before, after = (np.abs(one.numpy() - wanted).max() for one in found)
    assert after < 0.1
    assert after < before


def test_more_phases_have_more_projections(three_phases, blobs, tiny_config):
    def count(reference):
        return plan_training(reference, config=tiny_config).schedules[0].n_projections

    assert count(Reference(blobs)) == tiny_config.n_projections
    assert count(three_phases) > tiny_config.n_projections


def finest(reference, config):
    return plan_training(reference, config=config).schedules[-1]


def test_more_phases_have_as_many_voxels_in_more_steps(three_phases, blobs, tiny_config):
    config = replace(tiny_config, cube_size=48, n_steps=120)
    two, three = (finest(reference, config) for reference in (Reference(blobs), three_phases))
    n_voxels = [stage.n_steps * np.prod(stage.windows[0].shape) for stage in (two, three)]
    assert two.windows[0].shape == (48, 48, 48)
    assert three.n_steps > two.n_steps
    np.testing.assert_allclose(*n_voxels, rtol=0.002)


def test_small_volumes_of_more_phases_have_twice_the_steps(three_phases, blobs, tiny_config):
    two, three = (finest(reference, tiny_config) for reference in (Reference(blobs), three_phases))
    assert three.windows == two.windows
    assert three.n_steps == 2 * two.n_steps


def test_the_finest_scale_of_more_phases_has_a_critic(three_phases, blobs, tiny_config):
    config = replace(tiny_config, cube_size=20, coarse_cube_size=20)
    weights = [schedule.critic_weight for schedule in plan_training(three_phases, config=config).schedules]
    assert weights[-1] == config.finest_critic > 0
    assert not any(weights[:-1])
    assert finest(Reference(blobs), config).critic_weight == 0
    in_a_plane = analyse_reference(three_phases, config=config, dimension=2).plan()
    assert in_a_plane.schedules[-1].critic_weight == 0
    assert finest(three_phases, replace(config, finest_critic=0)).critic_weight == 0
    assert finest(three_phases, replace(config, critic=0.1)).critic_weight == 0.1
    assert finest(three_phases, replace(config, loss="autocorrelation")).critic_weight == 0
