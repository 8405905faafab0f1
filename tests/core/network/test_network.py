import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import run_stages, upsample
from napari_swnn.core.network.config import NetworkConfig, StageConfig
from napari_swnn.core.network.evaluation import compute_grey_and_coarse, make_noise_source
from napari_swnn.core.network.stage import Stage, bound_phases, crop, phase_scores


def stage(dimension=3, *, conditioned=False, normalised=False, scale=1, seed=0, n_blocks=3, n_phases=1):
    return Stage(
        StageConfig(scale, 5, n_blocks, 8, 2),
        conditioned=conditioned,
        dimension=dimension,
        n_phase_channels=n_phases,
        normalised=normalised,
        generator=torch.Generator().manual_seed(seed),
    )


@pytest.mark.parametrize("dimension", [2, 3])
def test_margin_is_what_is_lost_on_every_side(dimension):
    network = stage(dimension, normalised=True)
    assert network(torch.randn(1, 2, *[12] * dimension)).shape == (1, 1, *[12 - 2 * network.margin] * dimension)


def test_receptive_field_is_where_the_gradient_reaches():
    network, noise = stage(2, n_blocks=4), torch.randn(1, 2, 21, 21, requires_grad=True)
    network(noise)[0, 0, 6, 6].backward()
    reached = torch.nonzero(noise.grad.abs().sum((0, 1)))
    assert (reached.max(0).values - reached.min(0).values + 1).tolist() == [network.config.receptive_field] * 2
    assert NetworkConfig((network.config,), 2).receptive_field == network.config.receptive_field


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("conditioned", [False, True])
@pytest.mark.parametrize("n_phases", [1, 3])
def test_folding_batch_norm_changes_nothing(dimension, conditioned, n_phases):
    network = stage(dimension, conditioned=conditioned, normalised=True, n_phases=n_phases)
    shape = [14] * dimension
    noise, coarse = torch.randn(2, 2, *shape), torch.randn(2, n_phases, *shape) if conditioned else None
    for _ in range(3):  # statistics that are neither 0 nor 1
        network(noise * 2 + 1, coarse)
    network.eval()
    torch.testing.assert_close(network.fold()(noise, coarse), network(noise, coarse), rtol=1e-4, atol=1e-5)


def test_with_running_statistics_a_training_step_sees_what_will_be_generated():
    network, noise = stage(normalised=True), torch.randn(1, 2, 14, 14, 14)
    for norm in network.norms:
        norm.momentum = 0.0  # the statistics stay as they are
    generated = network.fold()
    network.running_statistics = True
    torch.testing.assert_close(network(noise + 0.3), generated(noise + 0.3), rtol=1e-4, atol=1e-5)
    network.running_statistics = False  # each batch by its own statistics: a shift of the whole input is taken away
    torch.testing.assert_close(network(noise + 0.3), network(noise), rtol=1e-4, atol=1e-4)
    assert (generated(noise + 0.3) - generated(noise)).abs().max() > 0.01


def test_running_statistics_come_to_those_of_the_batches():
    network, noise = stage(normalised=True), torch.randn(1, 2, 14, 14, 14)
    expected = network(noise)
    network.running_statistics = True
    for _ in range(40):
        network(noise)
    torch.testing.assert_close(network(noise), expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("dimension", [2, 3])
def test_upsampling_is_linear_interpolation_in_global_coordinates(dimension):
    # A linear function of position is reproduced exactly, whatever the window's start, odd ones included.
    slope = np.arange(1, dimension + 1)
    for start in (-5, -4, 0, 3):
        target = Window(tuple(start + i for i in range(dimension)), tuple(start + 7 + i for i in range(dimension)))
        source = target.coarser()
        coarse = _linear(source, slope, spacing=2.0)
        fine = upsample(torch.from_numpy(coarse)[None, None], source, target)[0, 0].numpy()
        assert_allclose(fine, _linear(target, slope, spacing=1.0), atol=1e-9)


def _linear(window, slope, spacing):
    positions = [(np.arange(a, b) + 0.5) * spacing for a, b in zip(window.start, window.stop, strict=True)]
    return sum(s * x for s, x in zip(slope, np.meshgrid(*positions, indexing="ij"), strict=True))


def test_windows_that_overlap_agree():
    stages = [stage(scale=4), stage(conditioned=True, scale=2, seed=1), stage(conditioned=True, scale=1, seed=2)]
    stages = [s.eval().requires_grad_(False) for s in stages]
    large, small = Window((-3, 0, 5), (15, 14, 20)), Window((0, 3, 6), (9, 10, 17))
    grey, expected = (compute_grey_and_coarse(stages, window, make_noise_source(3))[0] for window in (small, large))
    torch.testing.assert_close(grey, expected[:, *small.slices(large.start)], rtol=1e-4, atol=1e-5)


def test_a_stage_without_a_last_layer_passes_the_coarser_volume_on():
    first, second = stage(scale=2), stage(conditioned=True, scale=1)
    torch.nn.init.zeros_(second.head.weight)
    with torch.no_grad():
        grey, coarse = run_stages([first, second], Window.of_shape((8, 8, 8)), _noise)
    torch.testing.assert_close(grey, Stage.CEILING * torch.tanh(Stage.CARRY_OVER * coarse))


def test_two_opposite_channels_are_bounded_as_one():
    y = torch.randn(2, 1, 5, 5)
    both = bound_phases(torch.cat([y, -y], 1), Stage.CEILING)
    torch.testing.assert_close(both[:, :1], Stage.CEILING * torch.tanh(y))
    torch.testing.assert_close(both[:, 1:], -Stage.CEILING * torch.tanh(y))


@pytest.mark.parametrize("n_phases", [2, 3, 8])
def test_the_area_fractions_of_all_phases_add_up_to_one(n_phases):
    network = stage(n_phases=n_phases)
    grey = network(10 * torch.randn(1, 2, 14, 14, 14))
    torch.testing.assert_close((grey / 2 + 0.5).sum(1), torch.ones(1, 8, 8, 8), rtol=1e-5, atol=1e-5)
    # A finite input reaches the values of a single phase.
    single = bound_phases(10 * torch.nn.functional.one_hot(torch.tensor([0]), n_phases).float()[:, :, None], 1.03)
    assert single[0, 0] > 1
    assert (single[0, 1:] < -1).all()


def test_scores_are_the_logarithms_of_the_shares():
    y = 2 * torch.randn(1, 4, 6, 6, 6, generator=torch.Generator().manual_seed(0))
    scores = phase_scores(bound_phases(y, Stage.CEILING)[0], Stage.CEILING)
    torch.testing.assert_close(scores, torch.log_softmax(y[0], 0), atol=1e-2, rtol=1e-2)
    saturated = phase_scores(bound_phases(100 * y, Stage.CEILING)[0], Stage.CEILING)
    assert torch.isfinite(saturated).all()
    assert torch.equal(saturated.argmax(0), y[0].argmax(0))


def test_an_offset_puts_no_third_phase_between_two_others():
    # From the second to the third phase, with hardly any of the first; a tenth of the second phase has to go.
    y = torch.zeros(1, 3, 1, 1000)
    y[0, 1, 0] = torch.linspace(6, -6, 1000)
    y[0, 0] = -8
    grey = bound_phases(y, Stage.CEILING)[0]
    offsets = torch.tensor([0.0, -2.0, -1.0]).view(3, 1, 1)
    assert ((phase_scores(grey, Stage.CEILING) + offsets).argmax(0) > 0).all()
    assert ((grey + offsets).argmax(0) == 0).any()  # as it would with offsets of the grey values


def _noise(config, window):
    return torch.randn(1, config.n_noise_channels, *window.shape, generator=torch.Generator().manual_seed(config.scale))


def test_initial_weights_depend_on_the_seed_only():
    state = torch.random.get_rng_state()
    a, b, c = stage(seed=1), stage(seed=1), stage(seed=2)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not torch.equal(a.head.weight, c.head.weight)


def test_cropping_nothing_is_the_identity():
    volume = torch.randn(1, 1, 4, 4)
    assert torch.equal(crop(volume, 0), volume)
