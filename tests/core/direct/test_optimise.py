import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_swnn import Reference, optimise, plan_training, statistics
from napari_swnn._steps import drain
from napari_swnn.core.direct import iter_optimisation

SHAPE = (20, 18, 16)


@pytest.fixture
def plan(blobs, tiny_config):
    return plan_training(Reference(blobs), config=tiny_config, porosity=0.25)


def test_the_loss_falls_and_the_porosity_is_exact(plan):
    steps = iter_optimisation(plan, SHAPE, n_steps=40)
    losses = []
    while True:
        try:
            losses.append(next(steps).loss)
        except StopIteration as finished:
            volume = finished.value
            break
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 2
    assert volume.shape == SHAPE
    assert volume.sum() == round(0.25 * volume.size)


def test_sections_become_those_of_the_reference(blobs):
    def distance(labels):
        found = statistics.two_point_correlation(labels, phase=1, max_distance=4)
        wanted = statistics.two_point_correlation(blobs, phase=1, max_distance=4)
        return np.abs(found.values / found.values[0] - wanted.values / wanted.values[0]).max()

    noise = np.random.default_rng(0).random((24, 24)) < 0.3
    assert distance(optimise(Reference(blobs), (24, 24), n_steps=60)) < distance(noise) / 2


def test_the_same_seed_gives_the_same_volume(plan):
    volumes = [drain(iter_optimisation(plan, SHAPE, n_steps=2)) for _ in range(2)]
    assert_array_equal(*volumes)


def test_a_volume_is_polished_from_itself(plan, rng):
    start = (rng.random(SHAPE) < 0.25).astype(np.uint8)
    polished = drain(iter_optimisation(plan, SHAPE, start=start, n_steps=1))
    assert (polished != start).mean() < 0.02


def test_several_phases_have_their_fractions(blobs, tiny_config):
    labels = blobs + (np.roll(blobs, 9, axis=1) & (1 - blobs)) * 2
    plan = plan_training(Reference(labels), config=tiny_config)
    volume = drain(iter_optimisation(plan, SHAPE, n_steps=3))
    for label, fraction in zip(plan.reference.phases, plan.target.fractions, strict=True):
        assert (volume == label).mean() == pytest.approx(fraction, abs=2 / volume.size)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (20, 20)}, "shape must be 3"),
        ({"shape": (4, 20, 20)}, "at least 6 voxels"),
        ({"shape": SHAPE, "start": np.zeros((4, 4, 4), int)}, "must have the shape"),
        ({"shape": SHAPE, "start": np.full(SHAPE, 7)}, "must have the labels"),
        ({"shape": SHAPE, "n_steps": 0}, "n_steps"),
    ],
)
def test_what_cannot_be_optimised_is_refused(plan, arguments, message):
    with pytest.raises(ValueError, match=message):
        iter_optimisation(plan, **arguments)


def test_ranges_are_refused(blobs, tiny_config):
    with pytest.raises(ValueError, match="single target"):
        iter_optimisation(plan_training(Reference(blobs), config=tiny_config, porosity=(0.2, 0.3)), SHAPE)
