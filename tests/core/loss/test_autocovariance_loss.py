import numpy as np
import pytest
import torch

from napari_swnn.core.descriptor.autocovariance import autocovariance, reference_autocovariance
from napari_swnn.core.descriptor.patterns import extract_patterns
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.descriptor.resampling import TargetFamily
from napari_swnn.core.descriptor.section import Section
from napari_swnn.core.loss import autocovariance_loss
from napari_swnn.core.loss.autocovariance_loss import AutocovarianceFeedback, phase_groups


def feedback_of(reference, *, side, template_size, coarsest=False):
    n = reference.n_channels
    families = [
        TargetFamily(extract_patterns(sections, template_size, n_channels=n)) for sections in reference.directions
    ]
    means = tuple(reference.fractions.values())[:n]
    return AutocovarianceFeedback(reference, families, means, scale=1, side=side, coarsest=coarsest)


def feedback_for(image, n_sections=1, *, coarsest=False):
    reference = Reference([np.asarray(image, np.uint8)] * n_sections)
    return feedback_of(reference, side=24, template_size=5, coarsest=coarsest)


def gradient(feedback, section):
    volume = torch.tensor(2.0 * np.asarray(section, float) - 1)[None, None].float().requires_grad_()
    feedback(volume, (0,)).backward()
    return volume.grad


@pytest.fixture(scope="module")
def stripes():
    """Layers of a random thickness, so that correlation dies out."""
    rng = np.random.default_rng(0)
    edges = np.cumsum(rng.integers(2, 6, 60))
    return np.tile(np.searchsorted(edges, np.arange(96), side="right") % 2, (96, 1))


@pytest.mark.parametrize(("n_sections", "coarsest"), [(1, False), (64, True)])
def test_a_reference_large_enough_is_left_as_it_is(n_sections, coarsest, stripes):
    feedback = feedback_for(stripes, n_sections, coarsest=coarsest)
    assert gradient(feedback, stripes).abs().sum() < 0.02
    other = feedback_for(stripes, n_sections, coarsest=coarsest)
    assert gradient(other, stripes.T).abs().sum() > 0.1


@pytest.mark.parametrize("slope", [1, -1])
def test_a_structure_that_slants_the_other_way_is_driven_back(slope, stripes):
    lines = stripes[0, (np.arange(96) + slope * np.arange(60)[:, None]) % 96].astype(np.uint8)
    planes = dict.fromkeys(("xy", "xz", "yz"), [lines] * 16)
    feedback = feedback_of(Reference(planes), side=24, template_size=5)
    own = gradient(feedback, lines).abs().sum()
    feedback.forget()
    assert own < 0.2 * gradient(feedback, lines[:, ::-1]).abs().sum()


def test_the_coarsest_scale_ignores_the_sampling_noise_of_a_section(rng, monkeypatch):
    # It would make volumes scatter in porosity: it shows in the pull on a window that has too much of the phase.
    monkeypatch.setattr(autocovariance_loss, "_BOX_WEIGHT", 0.0)  # of the lags alone
    pulls = []
    for reference in rng.random((8, 48, 48)) < 0.4:
        for coarsest in (False, True):
            feedback = feedback_for(reference, coarsest=coarsest)
            for window in rng.random((20, 40, 24, 24)) < 0.4:  # of the same material
                gradient(feedback, window)
            pulls.append(float(gradient(feedback, np.full((40, 24, 24), reference.mean() + 0.02)).sum()))
    measured, shrunk = np.std(np.reshape(pulls, (8, 2)), axis=0)
    assert shrunk < 0.8 * measured


def test_a_step_against_it_brings_the_correlation_closer(blobs, rng):
    feedback = feedback_for(blobs)
    noise = rng.random((48, 48)) < blobs.mean()
    reach = 12  # half the training volumes
    inside = np.ones(blobs.shape, bool)
    covariance = reference_autocovariance([Section.of_phase(blobs == 1, inside)], blobs.mean(), reach)

    def distance(section):
        deviations = section - (2 * blobs.mean() - 1)
        ours = autocovariance(torch.as_tensor(deviations)[None], reach).numpy() / (4 * covariance[0, 0, 0])
        return float(np.mean((ours - covariance / covariance[0, 0, 0]) ** 2))

    start = torch.tensor(2.0 * noise - 1).float()
    step = gradient(feedback, noise)[0, 0]
    assert distance(start - 5 * step) < distance(start) < distance(start + 5 * step)


def test_windows_that_differ_but_agree_on_average_are_left_alone(stripes):
    # Half as much again and half of what it should be, in turn, as in windows of one material.
    feedback = feedback_for(stripes)
    mean = stripes.mean()
    windows = [mean + np.sqrt(factor) * (stripes - mean) for factor in (1.5, 0.5)]
    alone = gradient(feedback_for(stripes), windows[1]).abs().sum()
    for window in windows * 60:
        last = gradient(feedback, window).abs().sum()
    assert last < 0.5 * alone


def test_windows_that_scatter_in_porosity_are_pulled_together(rng):
    # They have a little too much at each lag, which adds up in the spread over boxes: by lags alone it would be .13.
    feedback = feedback_for(rng.random((96, 96)) < 0.4, coarsest=True)
    pulls = []
    for shift in (0.06, -0.06) * 60:
        window = rng.random((24, 24)) < 0.4 + shift
        pulls.append(float(gradient(feedback, window).sum()) * np.sign(shift))
    assert np.mean(pulls[40:]) > 0.3


def test_a_small_section_is_followed_less(stripes):
    # What it says may be chance. Several copies say the same as one, with more pixels.
    a_little_off = stripes.mean() + np.sqrt(1.1) * (stripes - stripes.mean())
    pulls = [gradient(feedback_for(stripes, n), a_little_off).abs().sum() for n in (1, 4, 16)]
    assert pulls[0] < 0.9 * pulls[1] < 0.9 * pulls[2]


def test_what_was_seen_can_be_forgotten(stripes):
    feedback = feedback_for(stripes)
    gradient(feedback, np.full((48, 48), np.nan))
    feedback.forget()
    assert torch.isfinite(gradient(feedback, stripes)).all()


def test_a_region_of_interest_in_few_planes_of_a_volume_is_found(rng):
    labels, roi = (rng.random((200, 12, 12)) < 0.4).astype(np.uint8), np.zeros((200, 12, 12), bool)
    roi[41:44] = True  # every fourth plane would miss it
    feedback = feedback_of(Reference(labels, roi=roi), side=12, template_size=3)
    grey = torch.zeros(1, 1, 12, 12, 12, requires_grad=True)
    feedback(grey, (0, 1, 2)).backward()
    assert torch.isfinite(grey.grad).all()


def one_hot(labels, n):
    return torch.from_numpy(2.0 * (labels == np.arange(n)[:, None, None]) - 1).float()[None]


@pytest.mark.parametrize("n", [3, 4])
def test_each_phase_of_several_is_driven_to_its_own_autocovariance(n, rng):
    edges = np.cumsum(rng.integers(2, 6, 200))
    layers = rng.permuted(np.arange(201) % n)[np.searchsorted(edges, np.arange(400), side="right")]
    stripes = np.tile(layers, (400, 1))
    feedback = feedback_of(Reference(stripes, phase=0), side=24, template_size=5)
    pulls = []
    for labels in (stripes, stripes.T):
        volume = one_hot(labels, n).requires_grad_()
        feedback.forget()
        feedback(volume, (0,)).backward()
        pulls.append(volume.grad.abs().sum((0, 2, 3)))
    own, turned = pulls
    assert own.sum() < 0.2 * turned.sum()
    assert (turned > 0.1 * turned.sum() / n).all()


def test_the_cross_covariances_of_four_phases_count():
    # Each phase alone has the same layers in both materials; only the neighbours of the phases differ.
    section, other = (np.tile(np.repeat(np.tile(order, 100), 4), (48, 1)) for order in ([0, 1, 2, 3], [0, 2, 1, 3]))
    feedback = feedback_of(Reference(section, phase=0), side=24, template_size=5)
    for labels, least, most in ((section, 0, 0.2), (other, 0.2, np.inf)):
        volume = one_hot(labels, 4).requires_grad_()
        feedback.forget()
        feedback(volume, (0,)).backward()
        assert least < volume.grad.abs().sum() < most


@pytest.mark.parametrize(("n", "independent"), [(1, 1), (2, 2), (3, 3), (4, 7), (5, 15)])
def test_groups_of_phases_determine_all_cross_covariances(n, independent):
    groups = phase_groups(n)
    assert len(set(groups)) == len(groups) == independent
    # The autocovariance of a group is the sum of the covariances of its members, those of all phases sum to 0.
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    rows = [[(i in group) * (j in group) * (1 + (i != j)) for i, j in pairs] for group in groups]
    closure = [[(k in pair) * 1.0 for pair in pairs] for k in range(n)] if n > 1 else []
    assert np.linalg.matrix_rank(np.array([*rows, *closure])) == len(pairs)
