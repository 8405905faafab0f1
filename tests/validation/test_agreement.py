"""Sections of one material agree; sections of two do not."""

import numpy as np
import pytest

from napari_swnn import Reference
from napari_swnn._sample_data import gaussian_field, gaussian_level_set, smooth_spectrum
from napari_swnn.validation import find_disagreements


def section(fraction, length, seed, side=192):
    """A window of a Gaussian level set with the autocovariance exp(-r²/2l²); its own porosity varies."""
    field = gaussian_level_set(
        fraction, lambda k: np.exp(-(np.hypot(*k) ** 2) * length**2 / 2), seed=seed, side=2 * side
    )
    return field[:side, :side].astype(np.uint8)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_sections_of_one_material_agree(n):
    for seed in range(4):
        assert find_disagreements(Reference([section(0.25, 4, 10 * seed + i) for i in range(n)])) == ()


def test_another_porosity_is_found():
    (found,) = find_disagreements(Reference([section(0.2, 4, 1), section(0.35, 4, 2)], voxel_size=0.5, unit="um"))
    assert (found.section, found.quantity) == (0, "porosity")
    assert found.value == pytest.approx(0.2, abs=0.05)
    assert found.others == pytest.approx(0.35, abs=0.05)
    assert abs(found.value - found.others) > found.tolerance


def test_the_odd_one_of_several_is_named():
    sections = [section(0.2, 4, seed) for seed in range(4)]
    found = find_disagreements(Reference([*sections[:2], section(0.45, 4, 9), *sections[2:]]))
    assert [each.section for each in found] == [2]


def test_features_of_another_size_are_found_at_equal_porosity():
    (found,) = find_disagreements(Reference([section(0.25, 3, 1), section(0.25, 7, 2)], voxel_size=0.5, unit="um"))
    assert found.quantity == "two-point correlation"
    assert found.distance > 0
    assert found.distance % 0.5 == 0
    assert found.value > found.others  # smaller features have more interface


def three_phases(thickness, seed):
    """A matrix (0) with a phase (1) that a coating (2) of the given level surrounds."""
    grey = gaussian_field(smooth_spectrum(5), seed=seed, side=384)[:192, :192]
    return np.select([grey > 0.5, grey > 0.5 - thickness], [1, 2], 0)


def test_three_phases_of_one_material_agree():
    for seed in range(3):
        assert find_disagreements(Reference([three_phases(0.4, 10 * seed + i) for i in range(3)])) == ()


def test_the_phase_that_differs_is_named():
    # The phase of interest is the same in both; only the coating and the matrix differ.
    found = find_disagreements(Reference([three_phases(0.3, 1), three_phases(1.0, 2)], phase=1))
    assert [(each.quantity, each.phase) for each in found] == [("volume fraction", 0)]


def test_only_the_region_of_interest_counts():
    one, other = section(0.25, 4, 1), section(0.25, 4, 2)
    spoilt = other.copy()
    spoilt[:, :60] = np.random.default_rng(0).integers(0, 2, (192, 60))  # charging, say
    assert find_disagreements(Reference([one, spoilt]))
    inside = np.ones(other.shape, bool)
    inside[:, :60] = False
    assert find_disagreements(Reference([one, spoilt], roi=[np.ones(one.shape, bool), inside])) == ()


def test_there_is_nothing_to_compare_in_one_section_or_a_volume():
    rng = np.random.default_rng(0)
    assert find_disagreements(Reference(section(0.25, 4, 1))) == ()
    assert find_disagreements(Reference(rng.integers(0, 2, (24, 24, 24)))) == ()


def test_small_sections_and_sections_of_one_phase_are_compared_as_far_as_possible():
    tiny = np.array([[0, 1, 0, 1]] * 4)
    assert find_disagreements(Reference([tiny, tiny])) == ()
    full = np.ones((192, 192), np.uint8)
    assert find_disagreements(Reference([section(0.2, 4, 1), section(0.2, 4, 2), full])) != ()
