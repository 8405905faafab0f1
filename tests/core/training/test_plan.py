from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn import Reference
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import upsampled
from napari_swnn.core.training.architecture import choose_network
from napari_swnn.core.training.coarse_bank import CoarseBank
from napari_swnn.core.training.config import TrainingConfig, preset_config
from napari_swnn.core.training.plan import analyse_reference, plan_training
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.stage import new_stage


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
    assert f"a voxel sees {extreme.choice.network.receptive_field} px" in extreme.choice.reasons[1]


def test_every_porosity_in_the_reachable_range_can_be_planned(chequered):
    low, high = analyse_reference(chequered).reachable
    for porosity in np.linspace(max(low, 0.001), min(high, 0.999), 7):
        assert plan_training(chequered, porosity=float(porosity)).porosity == pytest.approx(porosity)


def test_a_porosity_outside_is_refused_and_the_range_named(blobs):
    reference = Reference(blobs)
    low, high = analyse_reference(reference, preset="draft").reachable
    with pytest.raises(ValueError, match=rf"must lie in .{low:g}, {high:g}.*, got 1.2"):
        plan_training(reference, porosity=1.2)


def test_stages_are_dropped_from_the_coarse_end_only(chequered):
    usual, extreme = plan_training(chequered).stages, plan_training(chequered, porosity=0.03).stages
    assert extreme == usual[-len(extreme) :]


@pytest.mark.parametrize(("side", "template_sizes"), [(128, [5, 7, 7, 7]), (256, [7, 7, 7, 7]), (96, [5, 7, 7])])
def test_coarse_patterns_are_small_where_a_section_holds_few(side, template_sizes):
    rng = np.random.default_rng(0)
    reference = Reference((rng.random((side, side)) < 0.3).astype(np.uint8))
    network = choose_network(reference, TrainingConfig(n_scales=4)).network
    assert [stage.template_size for stage in network.stages] == template_sizes


def test_a_further_scale_needs_a_section_with_many_grains():
    def choice(n_grains, preset):
        rng, section = np.random.default_rng(0), np.zeros((128, 128), np.uint8)
        for y, x in rng.choice(np.argwhere(np.ones((18, 18))), n_grains, replace=False) * 7:
            section[y : y + 5, x : x + 5] = 1
        return choose_network(Reference(section), preset_config(preset))

    def n_scales(n_grains, preset):
        return len(choice(n_grains, preset).network.stages)

    assert n_scales(120, "fine") == n_scales(120, "standard") + 1
    assert n_scales(20, "fine") == n_scales(20, "standard")
    told = "No further scale"
    assert told in choice(20, "fine").reasons[-1]
    assert not any(told in reason for case in [(120, "fine"), (20, "standard")] for reason in choice(*case).reasons)


def test_excess_is_what_a_window_holds_above_the_usual(blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=tiny_config)
    source = Randomness(0, plan.device)
    coarse, _ = (new_stage(plan, config, source.generator) for config in plan.stages)
    coarse.head.weight.data.zero_()
    coarse.head.bias.data.fill_(np.arctanh(0.2 / coarse.CEILING))  # grey 0.2, porosity 0.6, everywhere
    bank = CoarseBank(plan, [coarse.folded()], source)
    assert bank.excess(plan.porosity, torch.full((1, 4, 4, 4), 0.4)) == pytest.approx(0.1, abs=1e-2)
    assert CoarseBank(plan, [], source).excess(plan.porosity, None) == 0


def test_the_bank_hands_on_what_the_stages_make(blobs, tiny_config):
    # At every place, odd ones included: a stage that makes a linear function of nothing but a constant cannot tell
    # places apart, so the volume is replaced by one whose values are their own positions.
    plan = plan_training(Reference(blobs), config=tiny_config, device="cpu")
    source = Randomness(0, plan.device)
    stage = new_stage(plan, plan.stages[0], source.generator).folded()
    bank = CoarseBank(plan, [stage], source)
    window = Window.of_shape((16, 16, 16)).grown(2)
    for _ in range(30):
        porosities, _, place = bank.take(window)
        assert porosities == (plan.porosity,)
        assert place.shape == window.shape
        positions = torch.arange(bank._volumes.shape[2], dtype=torch.float32)
        bank._volumes[:] = 2 * positions.view(1, 1, -1, 1, 1) + 0.5
        fine = upsampled(bank._volumes[:, :, *place.coarser().slices((0, 0, 0))], place.coarser(), place)
        expected = torch.arange(place.start[0], place.stop[0]).float()
        torch.testing.assert_close(fine[0, 0, :, 0, 0], expected)


def test_the_two_point_correlation_counts_less_at_the_finest_scale_and_not_in_a_range(blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=tiny_config)
    coarse, fine = (plan.two_point(stage) for stage in plan.stages)
    assert coarse == tiny_config.two_point == pytest.approx(10 * fine)
    plan = plan_training(Reference(blobs), porosity=(0.2, 0.4), config=tiny_config)
    assert [plan.two_point(stage) for stage in plan.stages] == [0, 0]


def test_a_range_is_planned_for_both_ends(blobs, tiny_config):
    plan = plan_training(Reference(blobs), porosity=(0.2, 0.4), config=tiny_config)
    assert plan.porosity_range == (0.2, 0.4)
    assert plan.porosity == Reference(blobs).porosity
    assert plan.porosity_nodes[0] == 0.2
    assert plan.porosity_nodes[-1] == 0.4


@pytest.mark.parametrize("porosity", [(0.4, 0.2), (0.2, 0.2), (0.1, 0.2, 0.3), (0.2, 1.4)])
def test_ranges_that_are_none_are_refused(blobs, porosity):
    with pytest.raises(ValueError, match="porosity must"):
        plan_training(Reference(blobs), porosity=porosity)


@pytest.mark.parametrize(("n_scales", "steps"), [(2, 10), (3, 4)])
def test_a_stage_that_alone_makes_the_large_structure_is_trained_longer(blobs, tiny_config, n_scales, steps):
    plan = plan_training(Reference(blobs), config=replace(tiny_config, n_scales=n_scales))
    *coarse, finest = plan.stages
    assert [plan.n_steps(stage) for stage in coarse] == [steps] * (n_scales - 1)
    assert plan.n_steps(finest) == tiny_config.n_steps * (4 if n_scales == 2 else 3) // 3


def test_a_range_of_porosities_takes_more_steps(blobs, tiny_config):
    single, ranged = (plan_training(Reference(blobs), porosity=p, config=tiny_config) for p in (0.3, (0.2, 0.4)))
    assert [ranged.n_steps(stage) for stage in ranged.stages] == [
        3 * single.n_steps(stage) // 2 for stage in single.stages
    ]
