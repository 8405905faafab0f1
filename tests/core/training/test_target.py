"""Laws of the target fractions of a training."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_swnn import Reference, plan_training
from napari_swnn._phases import scale_fractions
from napari_swnn.core.training.config import PRESETS
from napari_swnn.core.training.target import check_fractions

SHARES = st.lists(st.floats(0.01, 1), min_size=2, max_size=8)


@pytest.fixture(scope="module")
def layered():
    """Three phases in the proportion 1 : 2 : 1, mixed on a small scale."""
    rng = np.random.default_rng(0)
    return Reference(rng.choice([1, 4, 9], (96, 96), p=[0.25, 0.5, 0.25]))


@given(SHARES, st.floats(0.01, 0.99))
def test_other_phases_keep_their_proportion(shares, porosity):
    fractions = tuple(np.array(shares) / sum(shares))
    changed = scale_fractions(fractions, porosity)
    assert changed[0] == porosity
    assert sum(changed) == pytest.approx(1)
    assert np.array(changed[1:]) * fractions[1] == pytest.approx(np.array(fractions[1:]) * changed[1])


def test_fractions_follow_the_order_of_the_phases(layered):
    assert check_fractions({9: 0.2, 4: 0.5, 1: 0.3}, layered) == pytest.approx((0.3, 0.5, 0.2))


def test_phases_without_a_fraction_share_the_rest_in_their_proportion(layered):
    found = check_fractions({1: 0.4}, layered)
    own = layered.fractions
    assert found == pytest.approx((0.4, 0.6 * own[4] / (own[4] + own[9]), 0.6 * own[9] / (own[4] + own[9])))


@pytest.mark.parametrize(
    ("fractions", "error", "message"),
    [
        ({7: 0.2}, ValueError, r"name phases of the reference \(1, 4, 9\), got label 7"),
        ({}, ValueError, "got none"),
        ({1: 0.5, 4: 0.5, 9: 0.1}, ValueError, "sum to 1, got a sum of 1.1"),
        ({1: 0.6, 4: 0.4}, ValueError, "sum to less than 1"),
        ({1: -0.1}, ValueError, r"fractions\[1\]"),
        ([0.3, 0.3, 0.4], TypeError, "fractions must map labels to fractions"),
    ],
)
def test_fractions_that_mean_nothing_are_refused(layered, fractions, error, message):
    with pytest.raises(error, match=message):
        plan_training(layered, fractions=fractions)


def test_ranges_make_a_box_with_the_other_phases_in_proportion(layered):
    plan = plan_training(layered, fractions={4: (0.4, 0.6), 1: (0.2, 0.3)})
    assert plan.network.free_ranges == ((0.2, 0.3), (0.4, 0.6))
    assert plan.porosity_range is None
    assert plan.target.fractions == pytest.approx(tuple(layered.fractions.values()))
    assert plan.target.means_of((0.2, 0.6)) == pytest.approx((0.2, 0.6, 0.2))


def test_a_box_without_the_fractions_of_the_reference_starts_in_its_middle(layered):
    plan = plan_training(layered, fractions={1: (0.3, 0.35), 4: (0.4, 0.45)})
    assert plan.target.fractions == pytest.approx((0.325, 0.425, 0.25))


def test_a_range_of_the_phase_of_interest_is_a_range_of_porosity(layered):
    of_porosity = plan_training(layered, porosity=(0.2, 0.4))
    assert plan_training(layered, fractions={1: (0.2, 0.4)}).network == of_porosity.network
    assert of_porosity.network.porosity_range == (0.2, 0.4)
    two = Reference((layered.labels == 1).astype(int))
    assert plan_training(two, fractions={0: (0.6, 0.8)}).porosity_range == pytest.approx((0.2, 0.4))


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({1: (0.4, 0.2)}, r"fractions\[1\] must be one number, or a range"),
        ({1: (0.2, 0.4), 4: 1.2}, r"fractions\[4\] must lie in"),
        ({1: (0.6, 0.7), 4: (0.5, 0.6)}, "sums from 1.1 to 1.3"),
        ({1: (0.2, 0.3), 4: (0.2, 0.3), 9: (0.2, 0.3)}, "sums from 0.6 to 0.9"),
        ({1: (0.2, 0.6), 4: (0.3, 0.5)}, "fractions must leave room for every phase"),
        ({1: (0.2, 0.97), 4: 0.015}, "fractions must be those of a mixture"),
        ({2: (0.2, 0.4)}, "name phases of the reference"),
    ],
)
def test_ranges_that_cannot_be_met_are_refused(layered, fractions, message):
    with pytest.raises(ValueError, match=message):
        plan_training(layered, fractions=fractions)


def test_porosity_beside_fractions_is_refused(layered):
    with pytest.raises(ValueError, match="must not both be given"):
        plan_training(layered, porosity=0.3, fractions={1: 0.3})


def test_fractions_that_no_mixture_has_are_refused(layered):
    with pytest.raises(ValueError, match="fraction"):
        plan_training(layered, fractions={1: 0.98, 4: 0.01, 9: 0.01})


def test_plan_has_a_channel_for_each_of_three_phases(layered):
    plan = plan_training(layered, porosity=0.3)
    assert plan.network.n_phase_channels == 3
    assert plan.target.fractions == pytest.approx((0.3, *[0.7 * f / 0.75 for f in (0.5, 0.25)]), abs=0.02)
    assert plan.families[0][0].patterns.shape[1] == 3


def test_paper_preset_is_refused_for_three_phases(layered):
    assert PRESETS["paper"].strategy == "truncation"
    with pytest.raises(ValueError, match=r"strategy must be 'maximum_entropy' for 3 phases.*merge=True"):
        plan_training(layered, preset="paper")
