import numpy as np
import pytest
import torch

from napari_swnn.core.control import TargetFamily
from napari_swnn.core.patterns import extract_patterns
from napari_swnn.core.reference import Reference
from napari_swnn.core.two_point_feedback import TwoPointFeedback


def feedback_for(image, side=24):
    reference = Reference(np.asarray(image, np.uint8))
    families = [TargetFamily(extract_patterns(sections, 5)) for sections in reference.directions]
    return TwoPointFeedback(reference, families, 1, side), reference.porosity


def gradient(feedback, section, porosity):
    volume = torch.tensor(2.0 * np.asarray(section, float) - 1)[None, None].float().requires_grad_()
    feedback(volume, (0,), porosity).backward()
    return volume.grad


@pytest.fixture(scope="module")
def stripes():
    """Layers of a random thickness, so that correlation dies out."""
    rng = np.random.default_rng(0)
    edges = np.cumsum(rng.integers(2, 6, 60))
    return np.tile(np.searchsorted(edges, np.arange(96), side="right") % 2, (96, 1))


def test_the_reference_itself_is_left_as_it_is(stripes):
    feedback, porosity = feedback_for(stripes)
    assert gradient(feedback, stripes, porosity).abs().sum() < 0.02
    other, porosity = feedback_for(stripes)
    assert gradient(other, stripes.T, porosity).abs().sum() > 0.1


def test_a_step_against_it_brings_the_correlation_closer(blobs, rng):
    feedback, porosity = feedback_for(blobs)
    noise = rng.random((48, 48)) < porosity

    def distance(section):
        fresh, _ = feedback_for(blobs)
        fresh(torch.as_tensor(section)[None, None].float(), (0,), porosity)
        (deviation,) = fresh._average.values()
        return float(deviation.square().mean())

    start = torch.tensor(2.0 * noise - 1).float()
    step = gradient(feedback, noise, porosity)[0, 0]
    assert distance(start - 5 * step) < distance(start) < distance(start + 5 * step)


def test_windows_that_differ_but_agree_on_average_are_left_alone(stripes):
    # Half as much again and half of what it should be, in turn, as in windows of one material.
    feedback, porosity = feedback_for(stripes)
    windows = [porosity + np.sqrt(factor) * (stripes - porosity) for factor in (1.5, 0.5)]
    alone = gradient(feedback_for(stripes)[0], windows[1], porosity).abs().sum()
    for window in windows * 60:
        last = gradient(feedback, window, porosity).abs().sum()
    assert last < 0.5 * alone


def test_what_was_seen_can_be_forgotten(stripes):
    feedback, porosity = feedback_for(stripes)
    gradient(feedback, np.full((48, 48), np.nan), porosity)
    feedback.forget()
    assert torch.isfinite(gradient(feedback, stripes, porosity)).all()
