from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_swnn.core.descriptor.patterns import extract_patterns
from napari_swnn.core.descriptor.resampling import TargetDistribution
from napari_swnn.core.descriptor.section import Section
from napari_swnn.core.descriptor.whitening import half_whitening
from napari_swnn.core.loss.directions import pattern_directions
from napari_swnn.core.loss.pattern_loss import PatternLoss, project_patterns, take_sections
from napari_swnn.core.loss.sliced_wasserstein import sliced_wasserstein_distance


def target_of(image, t=3):
    patterns = extract_patterns([Section.of_phase(image > 0, np.ones(image.shape, bool))], t)
    return TargetDistribution(patterns, np.full(len(patterns), 1 / len(patterns)))


def loss_of(volumes, target, axes, **options):
    return PatternLoss(max_patterns=10**6, **options)(
        volumes,
        [target],
        axes,
        SimpleNamespace(generator=torch.Generator().manual_seed(0), rng=np.random.default_rng(0)),
    ).item()


def test_a_section_of_the_target_itself_costs_nothing(blobs):
    volume = torch.from_numpy(2.0 * blobs - 1).float()[None, None]
    assert loss_of(volume, target_of(blobs), (0,)) == pytest.approx(0, abs=1e-6)


def test_equals_the_distance_between_listed_patterns(blobs, rng):
    image = rng.integers(0, 2, (20, 20))
    volume = torch.from_numpy(2.0 * image - 1).float()[None, None]
    as_points = [torch.from_numpy(2 * target_of(x).patterns.reshape(-1, 9) - 1) for x in (image, blobs)]
    expected = sliced_wasserstein_distance(*as_points, n_projections=2000).item()
    assert loss_of(volume, target_of(blobs), (0,), n_projections=2000) == pytest.approx(expected, rel=0.05)


def three_phases(rng):
    image = rng.integers(0, 3, (20, 20))
    channels = np.stack([image == phase for phase in range(3)]).astype(np.float32)
    patterns = np.lib.stride_tricks.sliding_window_view(channels, (3, 3), (1, 2)).transpose(1, 2, 0, 3, 4)
    patterns = np.ascontiguousarray(patterns.reshape(-1, 3, 3, 3))
    return torch.from_numpy(2 * channels - 1)[None], TargetDistribution(patterns, np.full(len(patterns), 1 / 324))


def test_patterns_of_several_phases_are_compared_as_points_of_all_channels(rng):
    (volume, own), (_, target) = three_phases(rng), three_phases(rng)
    options = {"n_projections": 40, "local_share": 0.65}
    assert loss_of(volume, own, (0,), **options) == pytest.approx(0, abs=1e-6)
    directions = pattern_directions(40, 3, 3, local=0.65, generator=torch.Generator().manual_seed(0)).flatten(1)
    as_points = [torch.from_numpy(2 * each.patterns.reshape(-1, 27) - 1) for each in (own, target)]
    expected = sliced_wasserstein_distance(*as_points, projections=directions).item()
    assert loss_of(volume, target, (0,), **options) == pytest.approx(expected, rel=1e-4)


def test_a_gradient_moves_every_phase(rng):
    (volume, _), (_, target) = three_phases(rng), three_phases(rng)
    volume = (0.5 * volume).requires_grad_()
    source = SimpleNamespace(generator=torch.Generator().manual_seed(0), rng=rng)
    PatternLoss()(volume, [target], (0,), source).backward()
    assert (volume.grad.abs().sum((2, 3)) > 0).all()
    torch.testing.assert_close(volume.grad.sum(1), torch.zeros(1, 20, 20), atol=1e-6, rtol=0)  # none on their sum


def test_each_direction_follows_its_own_target():
    stripes = np.tile([0, 1], (12, 6))  # along y
    volume = torch.from_numpy(2.0 * np.broadcast_to(stripes, (12, 12, 12)) - 1).float()[None, None]
    assert loss_of(volume, target_of(stripes), (0,)) == pytest.approx(0, abs=1e-6)  # normal to z: the stripes
    assert loss_of(volume, target_of(stripes), (1,)) == pytest.approx(0, abs=1e-6)  # normal to y: the same stripes
    assert loss_of(volume, target_of(stripes), (2,)) > 0.1  # normal to x: all or nothing


def test_sections_are_planes_normal_to_the_axis():
    volume = torch.arange(2 * 3 * 4 * 5).view(2, 1, 3, 4, 5)
    sections = take_sections(volume, 1)
    assert sections.shape == (2 * 4, 1, 3, 5)
    assert torch.equal(sections[4 + 2, 0], volume[1, 0, :, 2])


@pytest.mark.parametrize("most", [50, 300, 1000])
@pytest.mark.parametrize("period", [2, 4])
def test_patterns_of_a_call_have_one_position_on_the_coarser_grid(most, period):
    y, x = torch.meshgrid(torch.arange(21), torch.arange(21), indexing="ij")
    phases = (y % period * period + x % period).float().expand(3, 1, 21, 21)
    corner = torch.zeros(1, 1, 5, 5)
    corner[..., 0, 0] = 1  # the value where a pattern starts
    rng = np.random.default_rng(0)
    calls = [project_patterns(phases, corner, most, rng, period=period).unique() for _ in range(200)]
    assert {len(found) for found in calls} == {1}
    assert {found.item() for found in calls} == set(range(period**2))


@pytest.mark.parametrize("most", [50, 300, 10**6])
def test_no_more_patterns_are_compared_than_allowed(most):
    projected = project_patterns(torch.randn(4, 1, 20, 20), torch.randn(7, 1, 5, 5), most, np.random.default_rng(0))
    assert projected.shape[0] == 7
    all_positions = 4 * 16 * 16
    assert min(most, all_positions) / 4 < projected.shape[1] <= min(most, all_positions)


def test_whitened_directions_make_detail_count_beside_the_amount(rng):
    squares = np.kron(rng.integers(0, 2, (15, 15)), np.ones((8, 8), int))
    speckled = squares ^ (rng.random(squares.shape) < 0.05)
    fuller = np.maximum(squares, np.kron(rng.random((15, 15)) < 0.2, np.ones((8, 8), int)))
    target = target_of(squares)

    def detail_over_amount(share):
        options = {"n_projections": 500, "whitened_share": share, "whitenings": [half_whitening(target.patterns)]}
        costs = (
            loss_of(torch.from_numpy(2.0 * image - 1).float()[None, None], target, (0,), **options)
            for image in (speckled, fuller)
        )
        return next(costs) / next(costs)

    assert detail_over_amount(1.0) > 1.5 * detail_over_amount(0.0)
