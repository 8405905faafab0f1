import pytest
import torch

from napari_swnn.core.conditioning.noise_variables import NoiseVariables, input_windows
from napari_swnn.core.conditioning.slab import SlabPrior
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import run_stages
from napari_swnn.core.network.evaluation import make_noise_source

CPU = torch.device("cpu")
SECTION = Window((9, 0, 0), (10, 24, 20))


@pytest.fixture
def variables(fixed_model):
    return NoiseVariables(fixed_model.network, [SECTION], seed=3, device=CPU)


def test_the_variables_are_all_noise_that_a_window_depends_on(fixed_model, variables):
    for seen in (SECTION, SECTION.grown(3)):  # the larger one needs noise of the seed around them
        found, _ = run_stages(fixed_model.stages, seen, variables.source())
        expected, _ = run_stages(fixed_model.stages, seen, make_noise_source(3))
        torch.testing.assert_close(found, expected)
    sizes = {scale: window.shape for scale, window in input_windows(fixed_model.network, SECTION).items()}
    for scale, values in variables.values.items():
        assert values.shape[1] == torch.Size(sizes[scale]).numel()


def test_unconstrained_planes_meet_a_section_that_is_their_own(fixed_model, variables):
    prior = SlabPrior(fixed_model.network, fixed_model.stages, variables, CPU)
    prior.add(SECTION, 0, torch.zeros(1, 24, 20))
    assert len(prior) == 1  # the finest of two stages is left free
    assert float(prior.penalty(0).detach()) == pytest.approx(0, abs=1e-6)


def test_planes_are_to_follow_the_excess_of_a_section(fixed_model, variables):
    penalties = []
    for excess in (0.1, 0.2):
        prior = SlabPrior(fixed_model.network, fixed_model.stages, variables, CPU)
        prior.add(SECTION, 0, torch.full((1, 24, 20), excess))
        penalties.append(float(prior.penalty(0).detach()))
    assert penalties[1] == pytest.approx(4 * penalties[0], rel=1e-3)
    assert penalties[0] > 0
