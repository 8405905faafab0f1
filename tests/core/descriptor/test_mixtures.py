import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_swnn.core.descriptor.mixtures import Mixtures
from napari_swnn.core.descriptor.resampling import TargetFamily, control, maximum_entropy_weights, pattern_means

CORNERS = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.2, 0.2, 0.6]])


def one_hot(seed, n=400, c=3, t=3):
    """Patterns of correlated pixels, so that their fractions vary as those of an image do."""
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((n, c, t, t)) + rng.standard_normal((n, c, 1, 1))
    return (scores.argmax(1)[:, None] == np.arange(c)[:, None, None]).astype(np.float32)


def blend(fractions, shares):
    return np.asarray(shares) @ fractions


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 8), st.integers(0, 1000))
def test_weighted_means_hit_the_target(seed, c, target_seed):
    patterns = one_hot(seed, c=c)
    rng = np.random.default_rng(target_seed)
    target = blend(pattern_means(patterns), rng.dirichlet(np.full(len(patterns), 0.05)))
    found = control(patterns, target)
    np.testing.assert_allclose(found.means, target, atol=1e-6)
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1)


def test_weights_are_exponential_in_the_fractions():
    fractions = pattern_means(one_hot(1))
    weights = Mixtures(fractions).weigh([0.5, 0.3, 0.2])
    columns = np.column_stack([np.ones(len(weights)), fractions[:, 1:]])
    _, residual, *_ = np.linalg.lstsq(columns, np.log(weights))
    assert residual < 1e-15


def test_two_channels_equal_the_scalar_case():
    first = one_hot(2, c=2)[:, :1]
    both = np.concatenate([first, 1 - first], 1)
    scalar = control(first, 0.62)
    vector = control(both, [0.62, 0.38])
    np.testing.assert_allclose(vector.weights, scalar.weights, rtol=1e-6)
    np.testing.assert_allclose(vector.means, [0.62, 0.38], atol=1e-9)
    np.testing.assert_allclose(vector.variances, np.repeat(scalar.variances, 2), rtol=1e-6)
    assert TargetFamily(both).reachable == pytest.approx(TargetFamily(first).reachable)


def test_channels_that_split_one_phase_leave_its_weights():
    """Two phases that always occur half and half are one phase."""
    rng = np.random.default_rng(0)
    first = rng.random(300)
    weights = Mixtures(np.column_stack([first, (1 - first) / 2, (1 - first) / 2])).weigh([0.4, 0.3, 0.3])
    np.testing.assert_allclose(weights, maximum_entropy_weights(first, 0.4), rtol=1e-6)


def test_own_means_leave_all_patterns_equal():
    patterns = one_hot(3)
    own = pattern_means(patterns).mean(axis=0)
    np.testing.assert_allclose(control(patterns, own).weights, 1 / len(patterns), rtol=1e-6)


@pytest.mark.parametrize("shares", [(1, 0, 0), (0.5, 0.5, 0), (0, 0.25, 0.75), (0.2, 0.3, 0.5)])
def test_corners_and_edges_of_the_hull_are_reached(shares):
    mixtures = Mixtures(np.vstack([CORNERS, CORNERS.mean(axis=0)]))
    target = blend(CORNERS, shares)
    assert mixtures.reaches(target)
    weights = mixtures.weigh(target)
    np.testing.assert_allclose(weights @ np.vstack([CORNERS, CORNERS.mean(axis=0)]), target, atol=2e-6)


def test_a_curved_edge_is_reached():
    """Next to a corner of a disc lie others as close as one likes, so no finite tilt singles it out."""
    angles = np.linspace(0, 2 * np.pi, 4001)[:-1]
    fractions = np.column_stack([0.3 + 0.1 * np.cos(angles), 0.3 + 0.1 * np.sin(angles)])
    fractions = np.column_stack([fractions, 1 - fractions.sum(axis=1)])
    target = fractions[777]
    np.testing.assert_allclose(Mixtures(fractions).weigh(target) @ fractions, target, atol=2e-6)


@pytest.mark.parametrize("target", [(0.7, 0.2, 0.1), (0.4, 0.55, 0.05), (0.1, 0.3, 0.6), (1.2, -0.1, -0.1)])
def test_fractions_beyond_the_hull_are_refused_and_the_nearest_named(target):
    mixtures = Mixtures(np.vstack([CORNERS, blend(CORNERS, np.random.default_rng(0).dirichlet([1, 1, 1], 200))]))
    assert not mixtures.reaches(target)
    with pytest.raises(ValueError, match="fractions must be those of a mixture of the patterns") as refused:
        mixtures.weigh(target)
    named = [float(number) for number in re.findall(r"\d\.\d+", str(refused.value).split("nearest")[1])]
    assert mixtures.reaches([*named[:2], 1 - sum(named[:2])])
    np.testing.assert_allclose(named, mixtures.nearest(target), atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100), st.lists(st.floats(-0.5, 1.5), min_size=2, max_size=2))
def test_near_never_fails_and_ends_close_to_the_nearest(seed, first):
    family = TargetFamily(one_hot(seed))
    target = (*first, 1 - sum(first))
    found = family.near(target)
    assert family.near(target) is found
    assert np.isfinite(found.weights).all()
    assert found.weights.sum() == pytest.approx(1)
    nearest = np.array(family.nearest(target))
    assert np.linalg.norm(found.means - target) <= 1.5 * np.linalg.norm(nearest - target) + 3 * family.STEP


def test_near_meets_what_is_well_inside():
    family = TargetFamily(one_hot(4, n=3000))
    for target in ((0.3, 0.4, 0.3), (0.5, 0.3, 0.2), (0.15, 0.25, 0.6)):
        np.testing.assert_allclose(family.near(target).means, target, atol=family.STEP)


def test_limits_keep_the_proportion_of_the_other_phases():
    mixtures = Mixtures(np.vstack([CORNERS, CORNERS.mean(axis=0)]))
    proportion = mixtures.own[1:] / (1 - mixtures.own[0])
    for low_or_high, further in zip(mixtures.limits, (-0.01, 0.01), strict=True):
        assert mixtures.reaches([low_or_high, *(1 - low_or_high) * proportion])
        beyond = low_or_high + further
        assert not mixtures.reaches([beyond, *(1 - beyond) * proportion])


def test_patterns_of_every_phase_alone_reach_everything():
    family = TargetFamily(np.eye(4, dtype=np.float32)[:, :, None, None] * np.ones((3, 3), np.float32))
    assert family.reachable == pytest.approx((0, 1), abs=1e-6)
    for target in ((1, 0, 0, 0), (0, 0, 0, 1), (0.1, 0.2, 0.3, 0.4)):
        np.testing.assert_allclose(family.at(target).means, target, atol=1e-6)


def test_a_phase_that_the_patterns_lack_cannot_be_reached():
    two = one_hot(5, c=2)
    family = TargetFamily(np.concatenate([two, np.zeros_like(two[:, :1])], 1))
    np.testing.assert_allclose(family.at([0.4, 0.6, 0]).means, [0.4, 0.6, 0], atol=1e-6)
    assert not family.reaches([0.4, 0.5, 0.1])
    assert family.near([0.4, 0.5, 0.1]).means[2] == 0


def test_identical_patterns_reach_only_their_own_fractions():
    family = TargetFamily(np.broadcast_to(np.float32([0.5, 0.25, 0.25])[:, None, None], (5, 3, 3, 3)))
    assert family.reachable == (0.5, 0.5)
    assert family.reaches([0.5, 0.25, 0.25])
    assert not family.reaches([0.4, 0.35, 0.25])
    np.testing.assert_allclose(family.near([0.4, 0.3, 0.3]).weights, 0.2)


def test_truncation_is_refused_for_several_channels():
    with pytest.raises(ValueError, match=r"strategy must be 'maximum_entropy' for more than two phases.*merge"):
        TargetFamily(one_hot(6), "truncation")


@pytest.mark.parametrize("fractions", [0.3, (0.3, 0.7), (0.3, 0.3, 0.3), (0.5, 0.5, float("nan"))])
def test_fractions_that_do_not_fit_the_channels_are_refused(fractions):
    with pytest.raises(ValueError, match="fractions must be 3 numbers that sum to 1, got"):
        TargetFamily(one_hot(7)).at(fractions)
