"""Sections of several directions agree along the axes they share, unless one is turned or of another material."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from napari_swnn.core.descriptor.axis_lengths import length_along
from napari_swnn.core.descriptor.binary_mean import measure_mean, significant_difference
from napari_swnn.core.descriptor.direction_check import PLANES, check_directions
from napari_swnn.core.descriptor.section import Section


def field(rng, shape, sigmas):
    """A Gaussian field with correlation exp(-Σ xᵢ²/4σᵢ²), mean 0 and variance 1, that is not periodic."""
    margin = [int(5 * sigma) for sigma in sigmas]
    noise = rng.standard_normal([n + 2 * m for n, m in zip(shape, margin, strict=True)])
    smooth = gaussian_filter(noise, sigmas, mode="wrap", truncate=6)
    inner = smooth[tuple(slice(m, n + m) for n, m in zip(shape, margin, strict=True))]
    return inner * np.sqrt(4 * np.pi * np.prod(sigmas))


def sections(rng, sigmas, *, side=128, fraction=0.4):
    """One section of each plane of a level set stretched along the axes by `sigmas`, ``{"z": 9, "y": 3, "x": 3}``."""
    return {
        plane: [Section.of_phase(field(rng, (side, side), [sigmas[axis] for axis in axes]) > norm.ppf(1 - fraction))]
        for plane, axes in PLANES.items()
    }


def turned(section):
    return Section(np.rot90(section.positions), np.rot90(section.inside))


STRETCHED = {"z": 9.0, "y": 3.0, "x": 3.0}


@pytest.mark.parametrize("block", [1, 4])
def test_the_number_of_samples_is_that_of_independent_blocks(rng, block):
    # A random lattice of blocks of one value, at a random offset, has a block as its integral range.
    image = np.kron(rng.random((64, 64)) < 0.3, np.ones((block, block), bool))
    mean = measure_mean([(image, np.ones(image.shape, bool))])
    assert mean.value == image.mean()
    assert mean.n_samples == pytest.approx(64**2, rel=0.25)


def test_the_error_of_a_mean_is_the_scatter_between_sections(rng):
    means = [measure_mean([(field(rng, (128, 128), (9, 3)) > 0.5, np.ones((128, 128), bool))]) for _ in range(100)]
    scatter = np.std([mean.value for mean in means])
    expected = np.sqrt(np.mean([mean.value * (1 - mean.value) / mean.n_samples for mean in means]))
    assert scatter < expected * 1.15
    assert scatter > expected * 0.6  # small sections must not look worse than they are


def test_too_few_samples_show_no_difference():
    small = measure_mean([(np.eye(4, dtype=bool), np.ones((4, 4), bool))])
    assert significant_difference(small, small, 0.01) == np.inf


def test_lengths_along_the_axes_are_those_of_the_field(rng):
    # At φ = 1/2 the autocorrelation of the level set is (2/π) asin(exp(-r²/4σ²)), which is 1/e at r = 1.593 σ.
    images = [Section.of_phase(field(rng, (512, 512), (9, 3)) > 0) for _ in range(4)]
    expected = 2 * np.sqrt(-np.log(np.sin(np.pi / (2 * np.e))))
    assert [length_along([(image, axis) for image in images], (0, 1)) / expected for axis in (0, 1)] == pytest.approx(
        [9, 3], rel=0.08
    )


def test_a_phase_that_fills_a_section_has_no_length():
    assert np.isnan(length_along([(Section.of_phase(np.ones((8, 8), bool)), 0)], (0, 1)))


def test_sections_of_one_material_agree():
    rng = np.random.default_rng(1)
    checks = [check_directions(sections(rng, STRETCHED, side=96), (1, 0)) for _ in range(8)]
    assert sum(not check.agrees for check in checks) <= 1
    shared = {verdict.planes: verdict.axes for verdict in checks[0].verdicts}
    assert shared == {("xy", "yz"): ("y", "y"), ("xy", "xz"): ("x", "x"), ("xz", "yz"): ("z", "z")}
    assert all(verdict.compared for verdict in checks[0].verdicts)


@pytest.mark.parametrize("plane", ["xz", "yz"])
def test_a_turned_section_is_found_and_its_turn_is_proposed(plane):
    rng = np.random.default_rng(2)
    for _ in range(3):
        planes = sections(rng, STRETCHED)
        planes[plane] = [turned(section) for section in planes[plane]]
        check = check_directions(planes, (1, 0))
        assert check.turns == ((plane,),)
        assert plane in check.proposal
        assert any(plane in remark and "disagree along" in remark for remark in check.remarks)


def test_two_sections_are_enough_to_find_a_turn(rng):
    planes = sections(rng, STRETCHED)
    del planes["yz"]
    assert check_directions(planes, (1, 0)).agrees
    planes["xz"] = [turned(section) for section in planes["xz"]]
    assert ("xz",) in check_directions(planes, (1, 0)).turns


def test_another_fraction_is_no_question_of_turning(rng):
    planes = sections(rng, {"z": 3.0, "y": 3.0, "x": 3.0})
    planes["xz"] = sections(rng, {"z": 3.0, "y": 3.0, "x": 3.0}, fraction=0.7)["xz"]
    check = check_directions(planes, (7, 2))
    assert {verdict.agrees for verdict in check.verdicts if "xz" in verdict.planes} == {False}
    assert all(verdict.agrees for verdict in check.verdicts if "xz" not in verdict.planes)
    assert "phase 7" in check.remarks[0] or "phase 2" in check.remarks[0]
    assert check.proposal == ""


def test_a_symmetry_compares_equivalent_axes(rng):
    planes = sections(rng, {"z": 9.0, "y": 9.0, "x": 3.0})
    del planes["yz"]
    assert check_directions(planes, (1, 0)).agrees
    check = check_directions(planes, (1, 0), symmetry_axis="z")
    assert ("xy", "xy") in [verdict.planes for verdict in check.verdicts if not verdict.agrees]
    assert check_directions(planes, (1, 0), symmetry_axis="x").agrees


def test_each_of_three_phases_is_compared(rng):
    def plane(sigmas):
        first, second = (field(rng, (128, 128), sigmas) for _ in range(2))
        positions = np.where(first > 0, 0, np.where(second > 0, 1, 2)).astype(np.uint8)
        return Section(positions, np.ones(positions.shape, bool))

    planes = {name: [plane([STRETCHED[axis] for axis in axes])] for name, axes in PLANES.items()}
    assert check_directions(planes, (0, 1, 2)).agrees
    swapped = planes["xz"][0]
    planes["xz"] = [Section((2 - swapped.positions).astype(np.uint8), swapped.inside)]  # labels 0 and 2 are exchanged
    found = [verdict for verdict in check_directions(planes, (0, 1, 2)).verdicts if not verdict.agrees]
    assert found
    assert {difference.position for verdict in found for difference in verdict.differences} <= {0, 2}


def test_only_the_region_of_interest_counts(rng):
    planes = sections(rng, STRETCHED)
    (section,) = planes["xy"]
    spoilt, inside = section.positions.copy(), section.inside.copy()
    spoilt[:, :50] = rng.integers(0, 2, (128, 50))  # charging, say
    inside[:, :50] = False
    assert not check_directions({**planes, "xy": [Section(spoilt, section.inside)]}, (1, 0)).agrees
    assert check_directions({**planes, "xy": [Section(spoilt, inside)]}, (1, 0)).agrees


def test_tiny_sections_are_not_compared():
    tiny = Section.of_phase(np.array([[0, 1, 0, 1]] * 4, bool))
    check = check_directions({"xy": [tiny], "xz": [tiny]}, (1, 0))
    assert check.agrees
    assert not any(verdict.compared for verdict in check.verdicts)
    assert "too small" in check.verdicts[0].describe()
