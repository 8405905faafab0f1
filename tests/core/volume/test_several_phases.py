"""Volumes of three phases: no chunk, window or period shows, as for two."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from napari_swnn import SpatialMask, generate, generate_lazy
from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.segmentation import OffsetCurve, ThresholdCurve
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.core.volume.virtual_volume import describe_volume

SHAPE = (70, 50, 66)


@pytest.fixture(scope="module")
def model(three_phase_model):
    """All phases occur."""
    return replace(three_phase_model, segmentation=OffsetCurve.constant((0.0, 0.8, 3.6)))


@pytest.fixture(scope="module")
def volume(model):
    return generate(model, SHAPE, seed=5)


def test_all_phases_are_labelled(model, volume):
    assert volume.dtype == np.uint8
    assert sorted(np.unique(volume)) == [0, 1, 2]
    described = describe_volume(model, VolumeSpec(SHAPE, seed=5))
    block = described.blocks()[0]
    sums = described.grey(block.window)[:, *block.source()] + np.array([0, 0.8, 3.6], np.float32)[:, None, None, None]
    assert_array_equal(volume[block.destination((0, 0, 0))], np.array([1, 0, 2])[sums.argmax(axis=0)])


@pytest.mark.parametrize("options", [{}, {"periodic": (True, False, True)}, {"mask": np.eye(5) > 0}])
def test_chunks_and_windows_never_show(model, options):
    shape = (70, 50, 66)
    whole = generate(model, shape, seed=5, **options)
    assert_array_equal(generate_lazy(model, shape, seed=5, chunks=40, **options).compute(), whole)
    virtual = describe_volume(model, VolumeSpec(shape, seed=5, **options))
    assert_array_equal(virtual[-30:, 3, 5:66:2], whole[-30:, 3, 5:66:2])
    assert virtual.dtype == whole.dtype


def test_a_larger_volume_contains_the_smaller(model, volume):
    assert_array_equal(generate(model, (100, 64, 80), seed=5)[:70, :50, :66], volume)


def test_a_periodic_volume_repeats(model):
    again = describe_volume(model, VolumeSpec((64, 64, 64), seed=5, periodic=True))
    window = again.blocks()[0].window
    shifted = type(window)(tuple(a + 64 for a in window.start), tuple(a + 64 for a in window.stop))
    assert_array_equal(again.grey(window), again.grey(shifted))


def test_a_map_of_porosity_moves_the_offsets_too(three_phase_range_model):
    low, high = (generate(three_phase_range_model, (64, 64, 64), porosity=p) for p in (0.1, 0.3))
    mapped = generate(three_phase_range_model, (64, 64, 64), porosity=np.array([[0.1, 0.1, 0.3, 0.3]]))
    assert_array_equal(mapped[..., :8], low[..., :8])
    assert_array_equal(mapped[..., -8:], high[..., -8:])
    assert not np.array_equal(low, high)


def test_outside_a_mask_is_a_label_of_no_phase(model, volume):
    mask = np.zeros(SHAPE, bool)
    mask[:30] = True
    masked = generate(model, SHAPE, seed=5, mask=mask)
    assert_array_equal(masked[:30], volume[:30])
    assert (masked[30:] == 3).all()
    assert (generate(model, SHAPE, seed=5, mask=SpatialMask(mask, outside=300))[30:] == 300).all()


@pytest.mark.parametrize("phases", [(-1, -3, -2), (70_000, 0, 1), (5, 2, 7)])
def test_labels_may_be_any_integers(model, volume, phases):
    painted = generate(replace(model, labels=PhaseLabels(phases)), SHAPE, seed=5)
    for ours, theirs in zip((1, 0, 2), phases, strict=True):
        assert_array_equal(painted == theirs, volume == ours)
    assert generate_lazy(replace(model, labels=PhaseLabels(phases)), SHAPE).dtype == painted.dtype


def test_two_channels_are_the_threshold_of_their_difference(fixed_model):
    """A head whose second channel is the negative of the first gives the volume of two phases."""
    stages = []
    for stage in fixed_model.stages:
        pair = type(stage)(stage.config, conditioned=stage.conditioned, dimension=3, n_phase_channels=2)
        weights = stage.state_dict()
        if stage.conditioned:  # the coarser volume is the first input; its negative is left unused
            first = weights["convolutions.0.weight"]
            weights["convolutions.0.weight"] = torch.cat(
                [first[:, :1], torch.zeros_like(first[:, :1]), first[:, 1:]], 1
            )
        for name in ("head.weight", "head.bias"):
            weights[name] = torch.cat([weights[name], -weights[name]])
        pair.load_state_dict(weights)
        stages.append(pair.eval().requires_grad_(False))
    network = replace(fixed_model.network, n_phase_channels=2)
    threshold = fixed_model.threshold
    pair = replace(
        fixed_model, network=network, stages=tuple(stages), segmentation=OffsetCurve.constant((0.0, 2 * threshold))
    )
    assert isinstance(fixed_model.segmentation, ThresholdCurve)
    same = generate(pair, SHAPE, seed=2) == generate(fixed_model, SHAPE, seed=2)
    assert same.mean() > 0.99999  # rounding of the sums may move a voxel at the threshold
