import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_swnn.physics import conductivity_bounds, hashin_shtrikman_bounds, wiener_bounds


@st.composite
def materials(draw):
    """Fractions that sum to 1 and conductivities over six decades, of two to five phases."""
    n = draw(st.integers(2, 5))
    parts = np.array(draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)))
    decades = draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n))
    return parts / parts.sum(), 10.0 ** np.array(decades)


# Closed form for two phases, with the paper's silica (1.4) and air (0.026): (pore, HS lower, HS upper, Wiener both).
@pytest.mark.parametrize(
    ("pore", "hs_lower", "hs_upper", "wiener_lower", "wiener_upper"),
    [
        (0.10, 0.4738, 1.2053, 0.2228, 1.2626),
        (0.20, 0.2690, 1.0278, 0.1210, 1.1252),
        (0.30, 0.1790, 0.8654, 0.0831, 0.9878),
    ],
)
def test_two_phases_in_three_dimensions(pore, hs_lower, hs_upper, wiener_lower, wiener_upper):
    bounds = conductivity_bounds([pore, 1 - pore], [0.026, 1.4])
    assert bounds.hashin_shtrikman == pytest.approx((hs_lower, hs_upper), abs=6e-5)
    assert bounds.wiener == pytest.approx((wiener_lower, wiener_upper), abs=6e-5)


def test_two_phases_in_two_dimensions():
    # Hashin's cylinders: k1 + φ2 / (1/(k2 - k1) + φ1/(2 k1)), from either phase
    expected = [k1 + p2 / (1 / (k2 - k1) + p1 / (2 * k1)) for k1, k2, p1, p2 in ((1, 4, 0.3, 0.7), (4, 1, 0.7, 0.3))]
    assert hashin_shtrikman_bounds([0.3, 0.7], [1, 4], ndim=2) == pytest.approx(expected)


@given(materials(), st.sampled_from([2, 3]))
def test_hashin_shtrikman_lies_within_wiener(material, ndim):
    (low, high), (tight_low, tight_high) = conductivity_bounds(*material, ndim=ndim)
    slack = 1e-9 * high
    assert low - slack <= tight_low <= tight_high + slack
    assert tight_high <= high + slack


@given(materials(), st.floats(1e-6, 1e6))
def test_bounds_scale_with_the_unit(material, factor):
    fractions, conductivities = material
    for bounds in (wiener_bounds, hashin_shtrikman_bounds):
        assert bounds(fractions, factor * conductivities) == pytest.approx(
            [factor * bound for bound in bounds(fractions, conductivities)], rel=1e-6
        )


def test_an_insulator_takes_the_lower_bounds_to_zero():
    bounds = conductivity_bounds([0.4, 0.6], [0, 1])
    assert bounds.wiener == (0, pytest.approx(0.6))
    assert bounds.hashin_shtrikman == (0, pytest.approx(2 * 0.6 / (3 - 0.6)))  # Maxwell


def test_an_absent_phase_changes_nothing():
    assert hashin_shtrikman_bounds([0.4, 0.6, 0], [1, 2, 100]) == hashin_shtrikman_bounds([0.4, 0.6], [1, 2])


def test_nothing_conducts():
    assert conductivity_bounds([0.5, 0.5], [0, 0]) == ((0, 0), (0, 0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.6], [1, 2]), "sum to 1, got 0.5, 0.6"),
        (([-0.5, 1.5], [1, 2]), "at least 0"),
        (([0.5, 0.5], [1, -2]), "conductivities must be finite and at least 0, got 1, -2"),
        (([0.5, 0.5], [1, 2, 3]), r"one number for each phase, got shapes \(2,\) and \(3,\)"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        wiener_bounds(*arguments)


def test_refuses_other_dimensions():
    with pytest.raises(ValueError, match="ndim must be 2 or 3, got 4"):
        hashin_shtrikman_bounds([0.5, 0.5], [1, 2], ndim=4)
