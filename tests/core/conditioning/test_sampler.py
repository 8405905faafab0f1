from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn import generate
from napari_swnn.core.conditioning.known_voxels import collect_known
from napari_swnn.core.conditioning.noise_variables import NoiseVariables, input_windows
from napari_swnn.core.conditioning.sampler import NoiseSampler
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import run_stages
from napari_swnn.core.network.evaluation import make_noise_source

CPU = torch.device("cpu")
SHAPE = (20, 16)
N_STEPS = 24


def sampler_of(model, seed=3):
    """Return a sampler for a section that the model itself has generated."""
    section = generate(model, (1, *SHAPE), seed=8)[0]
    known = collect_known(model.labels, 3, {"z": (9, section)}, None)
    return NoiseSampler(model, known, (), seed, CPU)


def run(sampler):
    return [sampler.step(k / (N_STEPS - 1)) for k in range(N_STEPS)]


def noise_of(sampler):
    return torch.cat([values.detach().flatten() for values in sampler.variables.values.values()])


def with_head(model, factor):
    """Return the model with the output of its last network multiplied by a factor."""
    stages = [stage.fold() for stage in model.stages]
    with torch.no_grad():
        stages[-1].head.weight.mul_(factor)
    return replace(model, stages=tuple(stages))


@pytest.fixture(scope="module")
def drawn(fixed_model):
    sampler = sampler_of(fixed_model)
    before = noise_of(sampler).clone()
    return sampler, before, run(sampler)


def test_the_variables_are_all_noise_that_a_window_depends_on(fixed_model):
    window = Window((9, 0, 0), (10, 24, 20))
    variables = NoiseVariables(fixed_model.network, [window], seed=3, device=CPU)
    found, _ = run_stages(fixed_model.stages, window, variables.source())
    expected, _ = run_stages(fixed_model.stages, window, make_noise_source(3))
    torch.testing.assert_close(found, expected)
    sizes = {scale: part.shape for scale, part in input_windows(fixed_model.network, window).items()}
    for scale, values in variables.values.items():
        assert values.shape[1] == np.prod(sizes[scale])


def test_the_noise_puts_known_voxels_into_their_phases(drawn):
    sampler, *_ = drawn
    at_first = sampler_of(sampler.model).wrong_share()
    assert sampler.wrong_share() < 0.7 * at_first


def test_the_noise_stays_gaussian(drawn):
    sampler, before, _ = drawn
    noise = noise_of(sampler)
    assert float((noise * before).mean()) < 0.9  # it is another sample
    assert float(noise.mean()) == pytest.approx(0, abs=0.06)
    assert float(noise.square().mean()) == pytest.approx(1, abs=0.04)


def test_noise_without_influence_is_another_sample_of_the_same_distribution(fixed_model):
    sampler = sampler_of(with_head(fixed_model, 0.0))
    run(sampler)
    finest = sampler.variables.values[1].detach()
    error = (2 / finest.numel()) ** 0.5
    assert float(finest.square().mean()) == pytest.approx(1, abs=5 * error)


def test_a_network_that_is_too_stiff_for_the_steps_does_not_heat_the_noise(fixed_model):
    sampler = sampler_of(with_head(fixed_model, 8.0))
    run(sampler)
    assert float(noise_of(sampler).square().mean()) < 1.2


def test_other_seeds_draw_other_noise(fixed_model, drawn):
    sampler, before, _ = drawn
    again, other = sampler_of(fixed_model), sampler_of(fixed_model, seed=4)
    run(again)
    torch.testing.assert_close(noise_of(again), noise_of(sampler), rtol=0, atol=0)
    assert float((noise_of(other) * before).mean()) == pytest.approx(0, abs=0.05)


def test_the_coarsest_stage_is_as_close_to_a_section_as_that_of_the_volume_it_comes_from(fixed_model):
    section = generate(fixed_model, (10, *SHAPE), seed=8)[9]
    known = collect_known(fixed_model.labels, 3, {"z": (9, section)}, None)
    sampler, truth = (NoiseSampler(fixed_model, known, (), seed, CPU) for seed in (3, 8))
    assert truth.wrong_share() == 0
    at_first = sampler.misfit(0)
    for k in range(N_STEPS // 2):
        sampler.step(k / (N_STEPS - 1))
    assert truth.misfit(0) < 0.4 * at_first
    assert sampler.misfit(0) == pytest.approx(truth.misfit(0), rel=0.25)


def test_the_coarsest_of_four_stages_is_so_too(deep_model):
    n_steps = 24
    section = generate(deep_model, (10, 32, 32), seed=8)[9]
    known = collect_known(deep_model.labels, 3, {"z": (9, section)}, None)
    sampler, truth = (NoiseSampler(deep_model, known, (), seed, CPU) for seed in (3, 8))
    for k in range(n_steps):
        sampler.step(k / (4 * n_steps - 1))
    assert sampler.misfit(0) == pytest.approx(truth.misfit(0), rel=0.25)
