import numpy as np
import pytest

from napari_swnn import Reference, _sample_data
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.core.descriptor.autocovariance import correlation_length
from napari_swnn.preparation import assess
from napari_swnn.statistics import volume_fraction_interval


def test_a_sample_is_large_enough():
    labels = _sample_data.rock_like()[0][0]
    found = assess(labels, 1, VoxelSize(2.0, "um"))
    interval = volume_fraction_interval(labels)
    assert found.porosity == (labels == 1).mean()
    assert found.interval == pytest.approx((interval.low, interval.high))
    assert found.half_width == pytest.approx(interval.half_width)
    assert found.correlation_length == pytest.approx(2 * correlation_length(Reference(labels, phase=1)))
    assert found.unit == "um"
    assert found.large_enough
    assert found.verdict.startswith("large enough: 61 correlation lengths across, about 184 pores or grains; the sampl")
    assert found.verdict.endswith("percentage points, and errors of the segmentation add to it")


def test_a_small_part_is_small():
    found = assess(_sample_data.rock_like()[0][0][:40, :40])
    assert not found.large_enough
    assert found.n_scales < found.n_wanted
    assert "small: " in found.verdict
    assert "training can use 2 of the 4 scales" in found.verdict
    assert "where 30 are wanted" in found.verdict
    assert ", which further sections would reduce" in found.verdict


def test_more_sections_make_the_porosity_more_certain():
    labels = _sample_data.rock_like()[0][0]
    one, two = assess(labels), assess(np.stack([labels, labels.T]))
    assert two.porosity == one.porosity
    assert two.half_width == pytest.approx(one.half_width / np.sqrt(2))
    assert two.n_objects == 2 * one.n_objects


def test_the_interval_of_a_large_image_is_that_of_its_centre():
    """A periodic tiling: the fields are statistically alike, and the accuracy grows with the area."""
    tile = _sample_data.electrode_like()[0][0]
    small, large = assess(np.tile(tile, (8, 8))), assess(np.tile(tile, (12, 12)))
    assert large.porosity == small.porosity
    assert large.half_width == pytest.approx(small.half_width * 8 / 12, rel=0.1)


@pytest.mark.parametrize("labels", [np.zeros((20, 20), int), np.eye(20, dtype=int) * 2])
def test_an_absent_phase_is_refused(labels):
    with pytest.raises(ValueError, match="must hold phase 1 beside another one, got none of it"):
        assess(labels, 1)
    with pytest.raises(ValueError, match="must hold phase 1 beside another one, got all of it"):
        assess(np.ones((20, 20), int), 1)


def test_sections_of_one_phase_do_not_matter():
    """The interval comes from the sections that show the structure, and from all for the porosity."""
    labels = _sample_data.rock_like()[0][0]
    found = assess(np.stack([labels, np.zeros_like(labels)]))
    assert found.porosity == (labels == 1).mean() / 2
    assert found.correlation_length == assess(labels).correlation_length
    split = np.stack([np.zeros_like(labels), np.ones_like(labels)])
    assert assess(split).porosity == 0.5


def test_further_phases_do_not_matter(rng):
    labels = _sample_data.rock_like()[0][0]
    assert assess(np.where(labels, 1, rng.integers(2, 5, labels.shape))) == assess(labels)
