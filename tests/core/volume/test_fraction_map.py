import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_swnn.core.network.fraction_box import FractionBox
from napari_swnn.core.volume.fraction_map import FractionMap, as_fraction_map
from napari_swnn.core.volume.porosity_map import PorosityMap

PHASES = (1, 0, 5)
OWN = (0.4, 0.45, 0.15)
BOX = FractionBox.of(((0.3, 0.5), None, (0.1, 0.2)), OWN)


def test_phases_that_are_not_given_share_the_rest_in_proportion():
    fractions = as_fraction_map({1: 0.2}).over_phases(PHASES, OWN)
    assert_allclose(fractions, [0.2, 0.6, 0.2])


def test_all_fractions_are_scaled_to_one():
    fractions = as_fraction_map({0: 0.4003, 1: 0.4, 5: 0.2}).over_phases(PHASES, OWN)
    assert fractions.sum() == pytest.approx(1)
    assert_allclose(fractions, [0.4, 0.4, 0.2], atol=1e-3)


def test_a_number_beside_an_array_is_uniform():
    values = np.linspace(0.3, 0.5, 6).reshape(2, 3)
    fractions = FractionMap.from_arrays({1: values, 5: 0.1}).over_phases(PHASES, OWN)
    assert_allclose(fractions[..., 0], values, rtol=1e-6)
    assert_allclose(fractions[..., 2], 0.1, rtol=1e-6)
    assert_allclose(fractions.sum(-1), 1)


def test_regions_have_their_fractions():
    regions = np.array([[0, 7], [7, 7]])
    found = FractionMap.from_labels(regions, {0: {1: 0.3, 5: 0.2}, 7: {5: 0.1, 1: 0.5}}).over_phases(PHASES, OWN)
    assert_allclose(found[0, 0], [0.3, 0.5, 0.2], rtol=1e-6)
    assert_allclose(found[1, 0], [0.5, 0.4, 0.1], rtol=1e-6)


def test_free_maps_are_those_of_the_free_fractions():
    gradient = FractionMap.gradient({1: 0.3, 5: 0.2}, {1: 0.5, 5: 0.1}, axis=2)
    first, second = gradient.free_maps(BOX, PHASES, OWN)
    for found, ends in ((first, (0.3, 0.5)), (second, (0.2, 0.1))):
        expected = PorosityMap.gradient(*ends, axis=2)
        assert_allclose(found.values, expected.values, rtol=1e-6)
        assert (found.sampling, found.axis) == (expected.sampling, expected.axis)


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({7: 0.3}, r"fractions must name phases of the model \(1, 0, 5\), got label 7"),
        ({1: 0.7, 5: 0.4}, r"fractions must sum to less than 1.*got a sum of 1\.1"),
        ({1: 0.4, 0: 0.4, 5: 0.1}, r"fractions must sum to 1, got a sum of 0\.9"),
        ({1: 1.2}, r"fractions\[1\] must lie in \[0, 1\]"),
        ({1: np.full((2, 2), -0.1)}, r"fractions\[1\] must hold values in \[0, 1\]"),
        ({}, "fractions must name at least one phase"),
    ],
)
def test_fractions_that_make_no_sense_are_refused(fractions, message):
    with pytest.raises(ValueError, match=message):
        as_fraction_map(fractions).over_phases(PHASES, OWN)


def test_fractions_beyond_the_ranges_are_refused_with_the_ranges():
    expected = (
        r"0\.3 to 0\.5 of phase 1, 0\.1 to 0\.2 of phase 5, and the others in proportion, got 0\.35 to 0\.6, .*0\.1 for"
    )
    with pytest.raises(ValueError, match=expected):
        FractionMap.gradient({1: 0.35, 5: 0.1}, {1: 0.6, 5: 0.1}).free_maps(BOX, PHASES, OWN)


def test_maps_of_different_grids_are_refused():
    with pytest.raises(ValueError, match=r"one map shape for all phases, got \(2, 2\) and \(3, 3\)"):
        FractionMap.from_arrays({1: np.full((2, 2), 0.3), 5: np.full((3, 3), 0.1)})


def test_regions_with_different_phases_are_refused():
    with pytest.raises(ValueError, match="same phases in each region, got 1 and 5"):
        FractionMap.from_labels(np.array([[0, 1]]), {0: {1: 0.3}, 1: {5: 0.1}})


def test_something_else_than_a_mapping_is_refused():
    with pytest.raises(TypeError, match="fractions must map labels to fractions"):
        as_fraction_map(0.3)
