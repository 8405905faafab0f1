import numpy as np
import pytest
import torch

from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import run_stages
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.film import fraction_features, n_features
from napari_swnn.core.network.stage import Stage

RANGE = (0.1, 0.3)


def modulated(dimension=3, *, ranges=(RANGE,), conditioned=False, scale=1, normalised=False, seed=0, n_phases=1):
    generator = torch.Generator().manual_seed(seed)
    stage = Stage(
        StageConfig(scale, 5, 3, 8, 2),
        conditioned=conditioned,
        dimension=dimension,
        n_phase_channels=n_phases,
        free_ranges=ranges,
        normalised=normalised,
        generator=generator,
    )
    for name, weight in stage.named_parameters():
        if "modulation" in name:
            torch.nn.init.normal_(weight, 0, 0.3, generator=generator)
    return stage


def noise(config, window):
    generator = torch.Generator().manual_seed(config.scale)
    return torch.randn(1, config.n_noise_channels, *window.shape, generator=generator)


def test_features_are_legendre_polynomials_of_the_place_in_the_range():
    places = torch.tensor([0.1, 0.15, 0.2, 0.3]).view(1, 1, 4)
    u = np.array([-1, -0.5, 0, 1])
    expected = np.stack([np.polynomial.legendre.legval(u, np.eye(4)[k]) for k in (1, 2, 3)], -1)
    np.testing.assert_allclose(fraction_features(places, [RANGE])[0], expected, atol=1e-5)
    assert expected.shape[-1] == n_features(1)


def test_features_of_two_fractions_are_all_products_up_to_the_third_order(rng):
    ranges = ((0.1, 0.3), (0.2, 0.6))
    u = rng.uniform(-1, 1, (50, 2))
    values = torch.tensor(0.5 * (u + 1) * np.diff(ranges)[:, 0] + [0.1, 0.2], dtype=torch.float32)
    found = fraction_features(values, ranges).numpy().T
    products = np.polynomial.legendre.legvander2d(*u.T, (3, 3)).reshape(-1, 4, 4)
    expected = [products[:, i, j] for i in range(4) for j in range(4) if 0 < i + j <= 3]
    assert len(found) == n_features(2) == 9
    for product in expected:
        assert np.abs(found - product).max(axis=1).min() < 1e-5


@pytest.mark.parametrize("n", [3, 4, 7])
def test_features_of_many_fractions_are_of_the_second_order(n):
    assert n_features(n) == 2 * n + n * (n - 1) // 2


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("conditioned", [False, True])
@pytest.mark.parametrize("n_phases", [1, 3])
def test_a_stage_at_one_porosity_is_the_modulated_one_there(dimension, conditioned, n_phases):
    stage = modulated(dimension, conditioned=conditioned, normalised=True, n_phases=n_phases)
    shape = [12] * dimension
    z, coarse = torch.randn(2, 2, *shape), torch.randn(2, n_phases, *shape) if conditioned else None
    porosity = torch.full((2, 1, *[1] * dimension), 0.17)
    for _ in range(3):
        stage(z * 2 + 1, coarse, porosity)
    stage.eval()
    expected = stage(z, coarse, porosity)
    torch.testing.assert_close(stage.fold()(z, coarse, porosity), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(stage.fold().at(0.17)(z, coarse), expected, rtol=1e-4, atol=1e-5)


def test_a_stage_for_uniform_fractions_is_the_modulated_one():
    stage = modulated(ranges=((0.1, 0.3), (0.2, 0.6))).fold()
    z = torch.randn(1, 2, 12, 12, 12)
    expected = stage(z, None, torch.tensor([0.15, 0.5]).view(1, 2, 1, 1, 1))
    torch.testing.assert_close(stage.at((0.15, 0.5))(z), expected, rtol=1e-4, atol=1e-5)
    changed = stage(z, None, torch.tensor([0.15, 0.4]).view(1, 2, 1, 1, 1))
    assert not torch.allclose(changed, expected)


def test_a_constant_map_is_a_constant():
    stage = modulated().eval()
    z = torch.randn(1, 2, 12, 12, 12)
    torch.testing.assert_close(
        stage(z, None, torch.full((1, 1, 12, 12, 12), 0.22)), stage(z, None, torch.full((1, 1, 1, 1, 1), 0.22))
    )


def test_a_voxel_feels_the_porosity_of_its_receptive_field_only():
    stage = modulated().eval()
    z, porosity = torch.randn(1, 2, 21, 12, 12), torch.full((1, 1, 21, 12, 12), 0.2)
    before = stage(z, None, porosity)
    porosity[:, :, 14:] = 0.3
    after = stage(z, None, porosity)
    same = (before == after).flatten(3).all(-1)[0, 0]
    # Output voxel i has its last feature at input voxel i + 3, which sees modulated features up to 2 voxels away.
    first_changed = int(torch.nonzero(~same)[0])
    assert same[:first_changed].all()
    assert first_changed == 14 - stage.margin - (stage.margin - 1)


def test_porosities_reach_every_stage_of_a_cascade():
    stages = [modulated(scale=2, seed=1).fold(), modulated(conditioned=True, seed=2).fold()]
    window, asked = Window.of_shape((8, 8, 8)), []

    def local(config, where):
        asked.append((config.scale, where.shape))
        return 0.25

    constant, _ = run_stages(stages, window, noise, local)
    assert sorted(asked) == [(1, (14, 14, 14)), (2, (14, 14, 14))]
    mapped, _ = run_stages(stages, window, noise, lambda _, where: torch.full((1, 1, *where.shape), 0.25))
    torch.testing.assert_close(constant, mapped, rtol=1e-4, atol=1e-5)
    plain, _ = run_stages([stage.at(0.25) for stage in stages], window, noise)
    torch.testing.assert_close(constant, plain)
