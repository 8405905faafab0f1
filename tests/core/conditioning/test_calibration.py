import numpy as np
import pytest
import torch

from napari_swnn.core.conditioning.calibration import fit_calibration

N = 20_000


def sample(slope, shifts):
    """Return scores, and phases whose probabilities are those of the scaled and shifted scores."""
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(len(shifts), N))
    gumbel = rng.gumbel(size=scores.shape)
    phases = (slope * scores + np.array(shifts)[:, None] + gumbel).argmax(axis=0)
    return torch.from_numpy(scores), torch.from_numpy(phases)


@pytest.mark.parametrize(("slope", "shifts"), [(1.0, (0.0, 0.0)), (2.5, (0.7, -0.7)), (0.4, (0.6, 0.0, -0.6))])
def test_the_probabilities_from_which_phases_were_drawn_are_found(slope, shifts):
    found = fit_calibration(*sample(slope, shifts))
    assert found.slope == pytest.approx(slope, rel=0.06)
    np.testing.assert_allclose(found.shifts, shifts, atol=0.06)


def test_mean_probabilities_are_the_fractions():
    scores, phases = sample(2.0, (1.0, -1.0))
    mean = fit_calibration(scores, phases)(scores).softmax(dim=0).mean(dim=1)
    np.testing.assert_allclose(mean, np.bincount(phases) / N, atol=2e-3)


def test_phases_that_scores_tell_apart_leave_a_finite_slope():
    scores, _ = sample(1.0, (0.0, 0.0))
    found = fit_calibration(scores, scores.argmax(dim=0))
    assert 1 < found.slope < 1000


def test_a_phase_that_is_absent_leaves_finite_shifts():
    scores, phases = sample(1.0, (0.0, 0.0, 0.0))
    found = fit_calibration(scores, phases.clamp(max=1))
    assert torch.isfinite(found.shifts).all()
