import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import Reference
from napari_swnn.core.descriptor.autocovariance import correlation_length


def test_one_section_serves_every_direction(blobs):
    reference = Reference(blobs)
    assert len(reference.directions) == 1
    assert reference.direction(0) is reference.direction(2)
    assert reference.porosity == blobs.mean()


def test_volume_gives_the_sections_normal_to_each_axis(rng):
    volume = rng.integers(0, 2, (4, 5, 6))
    reference = Reference(volume)
    assert [len(sections) for sections in reference.directions] == [4, 5, 6]
    assert_array_equal(reference.direction(1)[3].image, volume[:, 3] == 1)


def test_list_is_several_sections_of_an_isotropic_material(blobs):
    reference = Reference([blobs, 1 - blobs[:40]])
    assert len(reference.directions) == 1
    assert len(reference.sections) == 2
    assert reference.porosity == pytest.approx((blobs.sum() + (1 - blobs[:40]).sum()) / (blobs.size + blobs[:40].size))


def test_only_the_region_of_interest_counts(blobs):
    roi = np.zeros(blobs.shape, bool)
    roi[:, :32] = True
    assert Reference(blobs, roi=roi).porosity == blobs[:, :32].mean()


@pytest.mark.parametrize(
    ("values", "phase", "background"), [((3, 7), 7, 3), ((0, 255), 255, 0), ((0, 1, 2), 2, 0), ((0, 1, 2), 0, 1)]
)
def test_background_is_the_other_phase_or_one_label_for_all_others(rng, values, phase, background):
    assert Reference(rng.choice(values, (20, 20)), phase=phase).background == background


@pytest.mark.parametrize(
    ("labels", "options", "error", "message"),
    [
        (np.zeros((0, 4), int), {}, ValueError, "at least one pixel"),
        (np.ones((9, 9), int), {}, ValueError, "at least two phases, got the single value 1"),
        (np.eye(9, dtype=int), {"phase": 5}, ValueError, r"one of the values of labels \(0, 1\), got 5"),
        (np.eye(9), {}, TypeError, "must hold integers.*float64"),
        (np.ones(9, int), {}, ValueError, r"2-D or 3-D, got an array of shape \(9,\)"),
        (np.eye(9, dtype=int), {"roi": np.ones((8, 9))}, ValueError, "roi must have the shape of labels"),
        (np.eye(9, dtype=int), {"roi": np.zeros((9, 9))}, ValueError, "roi must hold at least one pixel"),
        (np.eye(9, dtype=int), {"phase": 1.0}, ValueError, "phase must be a whole number"),
        ([np.eye(9, dtype=int)] * 2, {"roi": np.ones((9, 9))}, ValueError, "one region for each of the 2 sections"),
        (np.eye(9, dtype=int), {"voxel_size": 0}, ValueError, r"voxel_size must lie in \(0, inf\), got 0"),
        (np.eye(9, dtype=int), {"voxel_size": float("nan")}, ValueError, "voxel_size must lie in"),
    ],
)
def test_bad_input_is_refused(labels, options, error, message):
    with pytest.raises(error, match=message):
        Reference(labels, **options)


def test_phase_must_be_present_inside_the_region_of_interest():
    labels = np.zeros((10, 10), int)
    labels[:, 5:] = 1
    with pytest.raises(ValueError, match="single value 0"):
        Reference(labels, roi=labels == 0)


def test_correlation_length_of_stripes_is_a_known_fraction_of_their_width():
    # The normalised autocovariance of stripes of width w falls linearly along their normal, from 1 at 0 to -1 at w,
    # and stays 1 along them: the mean of both axes crosses 1/e where 1 - r/w = 1/e.
    stripes = np.tile(np.repeat([0, 1], 16), (256, 8))
    assert correlation_length(Reference(stripes)) == pytest.approx(16 * (1 - np.exp(-1)), rel=0.05)


def test_correlation_length_does_not_see_outside_the_region_of_interest(blobs):
    framed = np.pad(blobs, 30, constant_values=1)
    roi = np.pad(np.ones(blobs.shape, bool), 30)
    expected = correlation_length(Reference(blobs))
    assert correlation_length(Reference(framed, roi=roi)) == pytest.approx(expected, rel=1e-3)
