import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_swnn.core.network.fraction_box import FractionBox

OWN = (0.2, 0.5, 0.2, 0.1)
SIMPLEX = FractionBox.of(((0.2, 0.5), (0.3, 0.6), (0.1, 0.4)), (0.3, 0.4, 0.3))
BOXES = {
    "a range": FractionBox.of(((0.1, 0.4), None, None, None), OWN),
    "two ranges": FractionBox.of((None, (0.3, 0.5), (0.1, 0.3), None), OWN),
    "a fixed one": FractionBox.of(((0.1, 0.3), (0.4, 0.4), None, None), OWN),
    "every phase": SIMPLEX,
    "every phase, one fixed": FractionBox.of(((0.2, 0.5), (0.3, 0.3), (0.1, 0.6)), (0.3, 0.4, 0.3)),
    "a rest that may vanish": FractionBox.of(((0.1, 0.8), (0.1, 0.8), None), (0.3, 0.4, 0.3)),
}


@pytest.fixture(params=BOXES, ids=list(BOXES))
def box(request):
    return BOXES[request.param]


def draw(box, rng):
    n = len(box.free)
    return box.fractions(box.draw(rng.random(n), rng.permutation(n)))


def test_phases_without_a_range_share_the_rest_in_proportion():
    fractions = BOXES["two ranges"].fractions([0.4, 0.15])
    np.testing.assert_allclose(fractions, [0.45 * 2 / 3, 0.4, 0.15, 0.45 / 3])


def test_with_a_range_for_every_phase_the_last_is_what_the_others_leave():
    assert SIMPLEX.free == (0, 1)
    np.testing.assert_allclose(SIMPLEX.fractions([0.3, 0.5]), [0.3, 0.5, 0.2])


def test_a_fixed_fraction_stays():
    box = BOXES["a fixed one"]
    assert box.free == (0,)
    np.testing.assert_allclose(box.fractions([0.3]), [0.3, 0.4, 0.2, 0.1])


def test_corners_are_the_extreme_points_of_the_ranges():
    np.testing.assert_allclose(
        BOXES["two ranges"].corners()[:, 1:3], [[0.5, 0.3], [0.3, 0.3], [0.5, 0.1], [0.3, 0.1]], atol=1e-9
    )
    expected = [[0.2, 0.4, 0.4], [0.2, 0.6, 0.2], [0.3, 0.3, 0.4], [0.3, 0.6, 0.1], [0.5, 0.3, 0.2], [0.5, 0.4, 0.1]]
    np.testing.assert_allclose(SIMPLEX.corners(), expected, atol=1e-9)


def test_ranges_that_exclude_each_other_have_no_corners():
    assert len(FractionBox.of(((0.6, 0.7), (0.5, 0.6), None), (0.3, 0.4, 0.3)).corners()) == 0
    assert len(FractionBox.of(((0.1, 0.2), (0.1, 0.2), (0.1, 0.2)), (0.3, 0.4, 0.3)).corners()) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
@pytest.mark.parametrize("name", BOXES)
def test_random_fractions_are_fractions_in_the_box(name, seed):
    box = BOXES[name]
    fractions = draw(box, np.random.default_rng(seed))
    assert box.contains(fractions)
    assert fractions.sum() == pytest.approx(1)
    assert fractions.min() >= -1e-12
    np.testing.assert_allclose(box.fractions(box.free_of(fractions)), fractions)


def test_random_fractions_come_close_to_every_corner(box, rng):
    drawn = np.array([draw(box, rng) for _ in range(2000)])
    corners = box.corners()
    distances = np.linalg.norm(drawn[:, None] - corners, axis=2).min(axis=0)
    size = np.ptp(corners, axis=0).max()
    assert (distances < 0.1 * size).all()


@pytest.mark.parametrize("fractions", [(0.19, 0.5, 0.31), (0.3, 0.61, 0.09), (0.4, 0.4, 0.3), (np.nan, 0.4, 0.3)])
def test_fractions_outside_are_found(fractions):
    assert not SIMPLEX.contains(fractions)
    assert SIMPLEX.contains([(0.3, 0.5, 0.2), (0.4, 0.4, 0.2)])
    assert not SIMPLEX.contains([(0.3, 0.5, 0.2), fractions])


def test_a_spread_holds_the_corners_and_fills_the_box(box):
    spread = box.spread(40)
    corners = box.free_of(box.corners())
    assert spread.shape == (40, len(box.free))
    assert box.contains(box.fractions(spread))
    assert all(np.abs(spread - corner).max(axis=1).min() < 1e-9 for corner in corners)
    assert len(np.unique(spread.round(6), axis=0)) == 40


def test_only_a_range_of_the_first_phase_is_a_porosity_range():
    assert BOXES["a range"].porosity_range == (0.1, 0.4)
    assert all(box.porosity_range is None for name, box in BOXES.items() if name != "a range")
