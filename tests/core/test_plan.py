import numpy as np
import pytest

from napari_swnn import Reference
from napari_swnn.core.plan import plan_training, reachable_porosity
from napari_swnn.core.training import _new_stage, _Randomness, _usual_porosity


@pytest.fixture(scope="module")
def chequered():
    """Blocks of 16 pixels in turn: windows of 12 pixels are seldom far from half full."""
    return Reference(np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((16, 16), int)))


def test_scales_that_cannot_express_the_porosity_are_left_out_and_said(chequered):
    usual, extreme = plan_training(chequered), plan_training(chequered, porosity=0.03)
    assert len(extreme.stages) < len(usual.stages)
    assert extreme.stages[-1].scale == 1
    assert len(extreme.targets) == len(extreme.stages)
    assert "too few large patterns have the porosity 0.03" in extreme.choice.reasons[-1]


def test_every_porosity_in_the_reachable_range_can_be_planned(chequered):
    low, high = reachable_porosity(chequered)
    for porosity in np.linspace(max(low, 0.001), min(high, 0.999), 7):
        assert plan_training(chequered, porosity=float(porosity)).porosity == pytest.approx(porosity)


def test_a_porosity_outside_is_refused_and_the_range_named(blobs):
    reference = Reference(blobs)
    low, high = reachable_porosity(reference, config=None, preset="draft")
    with pytest.raises(ValueError, match=rf"must lie in .{low:g}, {high:g}.*, got 1.2"):
        plan_training(reference, porosity=1.2)


def test_stages_are_dropped_from_the_coarse_end_only(chequered):
    usual, extreme = plan_training(chequered).stages, plan_training(chequered, porosity=0.03).stages
    assert extreme == usual[-len(extreme) :]


def test_usual_porosity_is_what_the_coarser_stages_hand_on(blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=tiny_config)
    source = _Randomness(0, plan.device)
    coarse, fine = (_new_stage(plan, config, source.generator) for config in plan.stages)
    coarse.head.weight.data.zero_()
    coarse.head.bias.data.fill_(np.arctanh(0.2 / coarse.CEILING))  # grey 0.2 everywhere
    assert _usual_porosity(plan, fine, [coarse.folded()], source) == pytest.approx(0.6, abs=1e-2)
    assert _usual_porosity(plan, coarse, [], source) == plan.porosity
