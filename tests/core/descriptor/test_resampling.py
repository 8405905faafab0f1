import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_swnn.core.descriptor.resampling import (
    STRATEGIES,
    TargetFamily,
    control,
    maximum_entropy_weights,
    pattern_means,
    reachable_range,
    systematic_resample,
    truncation_weights,
)


def patterns(seed, n=200, t=3):
    return np.random.default_rng(seed).integers(0, 2, (n, 1, t, t)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 1), st.sampled_from(STRATEGIES))
def test_mean_is_the_target_within_the_weight_of_one_pattern(seed, position, strategy):
    drawn = patterns(seed)
    low, high = reachable_range(drawn)
    target = low + position * (high - low)
    achieved = control(drawn, target, strategy=strategy).porosity
    # Truncation stops before the pattern that would overshoot: at the ends few patterns are left, each weighs much.
    used = np.count_nonzero(truncation_weights(pattern_means(drawn), target)) if strategy == "truncation" else 1e6
    assert abs(achieved - target) <= (high - low) / used + 1e-6


@given(st.integers(0, 1000), st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_truncation_is_the_longest_sorted_run_that_meets_the_target(seed, position):
    means = np.sort(pattern_means(patterns(seed)))
    target = means[0] + position * (means[-1] - means[0])
    used = np.flatnonzero(truncation_weights(means, target))
    if target <= means.mean():
        lengths = [k for k in range(1, len(means) + 1) if means[:k].mean() <= target + 1e-9]
        assert used[0] == 0
    else:
        lengths = [k for k in range(1, len(means) + 1) if means[-k:].mean() >= target - 1e-9]
        assert used[-1] == len(means) - 1
    assert len(used) == max(lengths)
    assert np.all(np.diff(used) == 1)


def test_maximum_entropy_weights_are_exponential_in_the_mean(rng):
    means = rng.random(500)
    weights = maximum_entropy_weights(means, 0.3)
    slope, intercept = np.polyfit(means, np.log(weights), 1)
    np.testing.assert_allclose(np.log(weights), intercept + slope * means, atol=1e-9)
    assert weights.sum() == pytest.approx(1)


def test_own_mean_leaves_all_patterns_equal(rng):
    means = rng.random(300)
    np.testing.assert_allclose(maximum_entropy_weights(means, means.mean()), 1 / 300, rtol=1e-6)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("end", ["low", "high"])
def test_ends_of_the_range_are_reached(strategy, end):
    drawn = patterns(3)
    target = reachable_range(drawn)[end == "high"]
    assert control(drawn, target, strategy=strategy).porosity == pytest.approx(target, abs=1e-6)


@pytest.mark.parametrize("target", [-0.1, 0.05, 0.95, 1.2, float("nan")])
def test_unreachable_porosity_is_refused_and_the_range_named(target):
    drawn = np.stack([np.full((1, 3, 3), value, np.float32) for value in (0.25, 0.5, 0.75)])
    with pytest.raises(ValueError, match=r"porosity must lie in \[0.25, 0.75\], got"):
        control(drawn, target)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 50), st.integers(1, 400), st.integers(0, 1000))
def test_no_count_is_off_by_more_than_one(n_patterns, n, seed):
    rng = np.random.default_rng(seed)
    weights = rng.random(n_patterns)
    weights /= weights.sum()
    counts = np.bincount(systematic_resample(weights, n, rng), minlength=n_patterns)
    assert counts.sum() == n
    assert np.all(np.abs(counts - n * weights) < 1 + 1e-9)


def test_expansion_keeps_whole_copies(rng):
    target = control(patterns(5, n=40), pattern_means(patterns(5, n=40)).mean())
    drawn = target.draw(3 * 40, rng)  # three whole copies, nothing left to chance
    expected = np.repeat(target.patterns, 3, axis=0)
    assert sorted(map(bytes, drawn)) == sorted(map(bytes, expected))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100), st.floats(-0.2, 1.2))
def test_a_family_gives_the_nearest_porosity_it_can_reach(seed, porosity):
    family = TargetFamily(patterns(seed))
    low, high = family.reachable
    assert family.near(porosity).porosity == pytest.approx(
        np.clip(porosity, low, high), abs=TargetFamily.STEP / 2 + 1e-6
    )
    assert family.near(porosity) is family.near(porosity)


def test_a_family_refuses_what_it_cannot_reach():
    with pytest.raises(ValueError, match="porosity must lie in"):
        TargetFamily(np.full((5, 1, 3, 3), 0.5, np.float32)).at(0.6)


def test_effective_size_counts_equal_weights_and_falls_towards_the_ends():
    family = TargetFamily(patterns(7))
    mean = pattern_means(family.patterns).mean()
    assert family.at(mean).effective_size == pytest.approx(200)
    assert family.at(family.reachable[1]).effective_size < 20


@pytest.fixture
def without_collector():
    """Only reference counts free memory, as in a process whose collector seldom runs."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_family_frees_its_patterns_with_the_last_reference(without_collector):
    family = TargetFamily(patterns(7))
    family.near(0.3)
    gone = weakref.ref(family.patterns)
    del family
    assert gone() is None
