"""From grey values to phases."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from napari_swnn.core.model.labels import PhaseLabels
from napari_swnn.core.model.segmentation import OffsetCurve, ThresholdCurve


@pytest.fixture
def grey(rng):
    return torch.from_numpy(rng.normal(size=(4, 9, 8, 7)).astype(np.float32))


def test_the_phase_of_interest_lies_at_and_above_the_threshold():
    grey = torch.tensor([[-1.0, 0.2, 0.3, float("nan")]])
    positions = ThresholdCurve.constant(float(np.float32(0.2))).classify(grey)
    assert positions.dtype == torch.uint8
    assert positions.tolist() == [1, 0, 0, 1]


def test_the_phase_is_the_one_with_the_largest_sum(grey):
    offsets = (0.0, 0.5, -0.3, 0.2)
    positions = OffsetCurve.constant(offsets).classify(grey)
    expected = (grey.numpy() + np.array(offsets, np.float32)[:, None, None, None]).argmax(0)
    assert positions.dtype == torch.uint8
    assert_array_equal(positions.numpy(), expected)


def test_of_two_channels_the_offset_is_the_threshold_of_their_difference(grey):
    pair, difference = grey[:2], grey[:1] - grey[1:2]
    by_offset = OffsetCurve.constant((0.0, 0.25)).classify(pair)
    assert_array_equal(by_offset.numpy(), ThresholdCurve.constant(0.25).classify(difference).numpy())


@pytest.mark.parametrize("n", [1, 3])
def test_a_map_of_porosity_is_segmented_place_by_place(grey, n):
    values = (0.1, 0.7) if n == 1 else ((0.0, 0.1, 0.9), (0.0, -0.5, 0.2))
    curve = (ThresholdCurve if n == 1 else OffsetCurve)((0.2, 0.6), values)
    porosity = np.linspace(0.1, 0.7, 9, dtype=np.float32).reshape(9, 1, 1)
    positions = curve.classify(grey[:n], porosity)
    for i, local in enumerate(porosity.ravel()):
        assert_array_equal(positions[i].numpy(), curve.classify(grey[:n, i], float(local)).numpy())


def test_offsets_are_linear_between_porosities_and_constant_beyond():
    curve = OffsetCurve((0.2, 0.6), ((0.0, 1.0, -1.0), (0.0, 2.0, 1.0)))
    np.testing.assert_allclose(curve.at(0.3), (0, 1.25, -0.5))
    np.testing.assert_allclose(curve.at(np.array([0.0, 1.0])), [(0, 0), (1, 2), (-1, 1)])
    assert_array_equal(curve.at(None), curve.at(0.2))


def test_equal_sums_go_to_the_first_phase():
    assert OffsetCurve.constant((0.0,) * 3).classify(torch.zeros(3, 2)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("phases", "background", "dtype"),
    [
        ((1, 0), 0, "uint8"),
        ((3, 7), 7, "uint8"),
        ((1, 0, 2), 3, "uint8"),
        ((2, 5, 7), 0, "uint8"),
        ((1, -4, 300), 0, "int32"),
        ((-1, -3, -2), 0, "int8"),
        ((70_000, 0, 1), 2, "uint32"),
    ],
)
def test_labels_are_painted_in_a_type_that_holds_them(phases, background, dtype):
    labels = PhaseLabels(phases)
    painted = labels.paint(np.array([[0, 1], [len(phases) - 1, 0]], np.uint8))
    assert painted.dtype == labels.dtype == np.dtype(dtype)
    assert painted.tolist() == [[phases[0], phases[1]], [phases[-1], phases[0]]]
    assert labels.phase == phases[0]
    assert labels.background == background


def test_fractions_follow_the_porosity_in_proportion(three_phase_model, fixed_model):
    assert three_phase_model.fractions_at() == pytest.approx((0.2, 0.8 / 3, 1.6 / 3))
    assert three_phase_model.fractions_at(0.4) == pytest.approx((0.4, 0.2, 0.4))
    assert fixed_model.fractions_at() == (0.2, 0.8)
    with pytest.raises(ValueError, match="fractions need a model of known porosity"):
        replace(fixed_model, porosity=None).fractions_at()


def test_a_threshold_is_refused_for_three_phases(three_phase_model, fixed_model):
    with pytest.raises(ValueError, match="a threshold needs a model of two phases, got a model of 3 phases"):
        three_phase_model.threshold_at(0.2)
    assert fixed_model.offsets is None
    assert three_phase_model.offsets is three_phase_model.segmentation
