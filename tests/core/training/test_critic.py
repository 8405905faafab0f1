from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn import Reference, generate, train
from napari_swnn.core.training.critic import StageCritic
from napari_swnn.core.training.plan import plan_training
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.core.training.work import count_arithmetic


@pytest.fixture
def config(tiny_config):
    """Settings whose volumes are large enough for the critic at both scales."""
    return replace(tiny_config, cube_size=20, coarse_cube_size=16, critic=0.3)


def weights_of(model):
    return [parameter for stage in model.stages for parameter in stage.parameters()]


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(weights_of(a), weights_of(b), strict=True))


def test_same_seed_same_model(blobs, config, device):
    first, again, other = (train(Reference(blobs), config=config, seed=seed, device=device) for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)


def test_it_changes_the_model_only_if_it_has_a_weight(blobs, config):
    models = [train(Reference(blobs), config=replace(config, critic=weight)) for weight in (0, 1e-9, 0.3)]
    unchanged = train(Reference(blobs), config=replace(config, critic=0, n_calibration_blocks=2))
    assert same(models[0], unchanged)
    assert not same(models[0], models[2])
    assert not same(models[1], models[2])


def test_no_critic_where_a_section_or_a_volume_is_little_more_than_it_sees(blobs, config):
    def weights(image, **changed):
        plan = plan_training(Reference(image), config=replace(config, **changed))
        return [schedule.critic_weight for schedule in plan.schedules]

    assert weights(np.tile(blobs, (2, 2))) == [0.3, 0.3]
    assert weights(np.tile(blobs, (2, 2)), coarse_cube_size=12) == [0, 0.3]
    assert weights(blobs) == [0, 0.3]
    assert weights(blobs[:40, :40]) == [0, 0]


def weights_in_time(schedule):
    return np.array([schedule.critic_weight_at(step) for step in range(schedule.n_steps)])


def test_its_weight_rises_and_falls_again(blobs, config):
    plan = plan_training(Reference(blobs), config=replace(config, n_scales=1, n_steps=300))
    (schedule,) = plan.schedules
    weights = weights_in_time(schedule)
    assert 0 < schedule.critic_warm_up < schedule.n_steps - schedule.critic_cool_down < schedule.n_steps
    assert weights.max() == schedule.critic_weight == 0.3
    assert (np.diff(weights[: schedule.critic_warm_up]) > 0).all()
    assert (weights[schedule.critic_warm_up : -schedule.critic_cool_down] == 0.3).all()
    assert (np.diff(weights[-schedule.critic_cool_down :]) <= 0).all()
    assert weights[-1] < 0.02
    np.testing.assert_allclose(weights_in_time(replace(schedule, critic_weight=0.6)), 2 * weights)
    assert not weights_in_time(replace(schedule, critic_weight=0.0)).any()


def test_its_weight_may_stay_to_the_end(blobs, config):
    plan = plan_training(Reference(blobs), config=replace(config, n_scales=1, n_steps=300))
    constant = replace(plan.schedules[0], critic_warm_up=0, critic_cool_down=0)
    assert (weights_in_time(constant) == 0.3).all()


@pytest.mark.parametrize("given", ["one", "several", "region", "range", "volume", "flat", "paper", "three phases"])
def test_it_trains_on_every_kind_of_reference(given, blobs, config, rng):
    inside = np.zeros(blobs.shape, bool)
    inside[:48, :50] = True
    labels = {
        "several": [blobs, blobs.T],
        "volume": (rng.random((48, 48, 48)) < 0.4).astype(np.uint8),
        "three phases": blobs + 2 * blobs[::-1] * (1 - blobs),
    }.get(given, blobs)
    reference = Reference(labels, roi=inside if given == "region" else None)
    porosity = (0.2, 0.3) if given == "range" else None
    if given in ("volume", "range"):
        config = replace(config, n_scales=1)
    if given == "paper":
        config = replace(config, recipe="paper", strategy="truncation")
    model = train(reference, porosity=porosity, config=config, dimension=2 if given == "flat" else 3)
    shape = (16,) * model.network.dimension
    assert set(np.unique(generate(model, shape))) <= set(reference.phases)


def critic_of(reference, config, *, device="cpu", **asked):
    plan = plan_training(reference, config=replace(config, n_scales=1), device=device, **asked)
    schedule = replace(plan.schedules[0], critic_warm_up=1)
    plan = replace(plan, schedules=(schedule,))
    return plan, StageCritic(plan, 0, Randomness(plan.seed, plan.device))


def noise(rng, *shape):
    return torch.from_numpy(np.where(rng.random(shape) < 0.3, 1.0, -1.0).astype(np.float32))


def test_it_learns_to_tell_textures_apart(blobs, config, rng, device):
    _, critic = critic_of(Reference(blobs), config, device=device)
    of_noise = [float(critic(noise(rng, 1, 1, 20, 20, 20).to(device), [(0.3,)], (0, 1, 2))) for _ in range(40)]
    assert np.mean(of_noise[-5:]) < -0.8
    places = np.lib.stride_tricks.sliding_window_view(blobs, (20, 20)).reshape(-1, 20, 20)
    real = torch.from_numpy(2.0 * rng.permutation(places)[:20] - 1).float()[None, None].to(device)
    assert float(critic(real, [(float(blobs.mean()),)], (0,))) > np.mean(of_noise[-5:]) + 1


def test_a_restarted_critic_knows_nothing(blobs, config, rng):
    _, critic = critic_of(Reference(blobs), config)
    volume = noise(rng, 1, 1, 20, 20, 20)
    for _ in range(40):
        learnt = float(critic(volume, [(0.3,)], (0, 1, 2)))
    critic.restart()
    assert float(critic(volume, [(0.3,)], (0, 1, 2))) > learnt / 2


def test_its_gradient_reaches_the_volume_and_not_itself_alone(blobs, config, rng, device):
    _, critic = critic_of(Reference(blobs), config, device=device)
    volume = noise(rng, 1, 1, 20, 20, 20).to(device).requires_grad_()
    critic(volume, [(0.3,)], (0, 1, 2)).backward()
    assert volume.grad.abs().sum() > 0
    assert volume.device == volume.grad.device


def test_it_knows_the_direction_of_a_section(rng, config):
    volume = np.zeros((48, 48, 48), np.uint8)
    volume[:, rng.random(48) < 0.4] = 1
    reference = Reference(volume)
    _, critic = critic_of(reference, config)
    swapped = torch.from_numpy(2.0 * volume[:20, :20, :20].swapaxes(0, 1) - 1).float()[None, None].contiguous()
    right = torch.from_numpy(2.0 * volume[:20, :20, :20] - 1).float()[None, None]
    for _ in range(60):
        of_swapped = float(critic(swapped, [(reference.porosity,)], (0, 1, 2)))
    assert of_swapped < -0.7
    assert float(critic(right, [(reference.porosity,)], (0, 1, 2))) > of_swapped + 0.7


def test_the_stage_learns_from_it(blobs, config):
    def gradient(weight):
        plan = plan_training(Reference(blobs), config=replace(config, n_scales=1, critic=weight))
        trainer = StageTrainer(plan, 0, (), Randomness(0, plan.device))
        trainer.accumulate_gradients(0)
        return trainer.stage.head.weight.grad.clone()

    assert (gradient(10.0) - gradient(0.001)).abs().sum() > 0.01


def test_a_step_with_it_counts_in_the_time_that_is_left(blobs, config):
    def steps(weight):
        return count_arithmetic(plan_training(Reference(blobs), config=replace(config, critic=weight))).steps

    (coarse, fine), (coarse_before, fine_before) = steps(0.3), steps(0)
    assert coarse == coarse_before
    assert fine > fine_before
