from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_swnn import Reference
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.cascade import run_stages
from napari_swnn.core.network.evaluation import make_noise_source
from napari_swnn.core.numerics.device import convolutions_in, training_precision
from napari_swnn.core.training.architecture import choose_network
from napari_swnn.core.training.coarse_bank import CoarseBank
from napari_swnn.core.training.config import PRESETS, TrainingConfig, preset_config
from napari_swnn.core.training.plan import analyse_reference, plan_training
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import new_stage
from napari_swnn.core.training.work import count_arithmetic, training_work


@pytest.fixture(scope="module")
def chequered():
    """Blocks of 16 pixels in turn: windows of 12 pixels are seldom far from half full."""
    return Reference(np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((16, 16), int)))


def test_scales_that_cannot_express_the_porosity_are_left_out_and_said(chequered):
    usual, extreme = plan_training(chequered), plan_training(chequered, porosity=0.03)
    assert len(extreme.schedules) < len(usual.schedules)
    assert extreme.network.stages[-1].scale == 1
    assert len(extreme.families) == len(extreme.network.stages) == len(extreme.schedules)
    assert "too few large patterns have the porosity 0.03" in extreme.choice.reasons[-1]
    assert f"a voxel sees {extreme.network.receptive_field} px" in extreme.choice.reasons[1]


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
    usual, extreme = (plan_training(chequered, porosity=porosity).network.stages for porosity in (None, 0.03))
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
    sentence = "No further scale"
    assert sentence in choice(20, "fine").reasons[-1]
    assert not any(sentence in reason for case in [(120, "fine"), (20, "standard")] for reason in choice(*case).reasons)


class FixedNoise(Randomness):
    """Noise of an endless volume, a function of the position, in place of fresh noise."""

    def noise(self, n_volumes):
        return make_noise_source(7)


def test_excess_is_the_deviation_from_the_expected_porosity(blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=tiny_config)
    source = Randomness(0, plan.device)
    coarse = new_stage(plan.network, 0, source.generator)
    coarse.head.weight.data.zero_()
    coarse.head.bias.data.fill_(np.arctanh(0.2 / coarse.CEILING))  # grey 0.2, porosity 0.6
    bank = CoarseBank(plan, [coarse.fold()], source)
    assert bank.excess(plan.porosity, torch.full((1, 4, 4, 4), 0.4)) == pytest.approx(0.1, abs=1e-2)
    assert CoarseBank(plan, [], source).excess(plan.porosity, None) == 0


def test_the_bank_gives_the_cascade_at_the_position_of_each_window(blobs, tiny_config):
    plan = plan_training(Reference(blobs), config=replace(tiny_config, n_scales=3), device="cpu")
    source = FixedNoise(0, plan.device)
    stages = [new_stage(plan.network, i, source.generator).fold() for i in range(2)]
    bank = CoarseBank(plan, stages, source)
    window = Window.of_shape((9, 10, 11)).grown(2)
    starts = []
    for _ in range(20):
        fractions, coarse, place = bank.take(window)
        assert fractions == ((plan.porosity,),)
        assert place.shape == window.shape
        with torch.no_grad(), convolutions_in(training_precision(plan.device), plan.device):
            expected, _ = run_stages(stages, place.coarser(), make_noise_source(7))
        torch.testing.assert_close(coarse, expected, atol=0.02, rtol=0)
        starts.append(place.start)
    assert all(len({start[axis] % 2 for start in starts}) == 2 for axis in range(3))  # odd positions and even ones


def test_the_autocovariance_counts_less_at_the_finest_scale_and_not_in_a_range(blobs, tiny_config):
    analysis = analyse_reference(Reference(blobs), config=tiny_config)
    coarse, fine = (schedule.autocovariance_weight for schedule in analysis.plan().schedules)
    assert coarse == pytest.approx(10 * fine)
    ranged = analysis.plan(porosity=(0.2, 0.4))
    assert [schedule.autocovariance_weight for schedule in ranged.schedules] == [0, 0]


def test_the_autocovariance_waits_until_the_mean_of_a_window_is_known(blobs, tiny_config):
    coarse, fine = plan_training(Reference(blobs), config=replace(tiny_config, n_coarse_steps=40)).schedules
    assert coarse.autocovariance_start == coarse.running_statistics_start == 40
    assert fine.running_statistics_start is None
    assert fine.autocovariance_start == 10


@pytest.mark.parametrize(("n_scales", "weight"), [(2, 0.1), (3, 0.9)])
def test_fine_stages_follow_coarser_ones_more_closely_where_pores_are_wide(blobs, tiny_config, n_scales, weight):
    plan = plan_training(Reference(blobs), config=replace(tiny_config, n_scales=n_scales))
    weights = [schedule.consistency_weight for schedule in plan.schedules]
    assert weights == [0.0] + [weight] * (n_scales - 1)


@pytest.mark.parametrize(
    ("preset", "averaged"), [("draft", True), ("standard", True), ("connected", True), ("fine", False)]
)
def test_weights_of_short_stages_are_averaged(blobs, preset, averaged):
    for schedule in plan_training(Reference(blobs), preset=preset).schedules:
        assert (schedule.n_averaged_steps > 0) == averaged
        last = schedule.learning_rate.fraction(schedule.n_steps - 1, schedule.n_steps)
        assert last == pytest.approx(0.3 if averaged else 0.02, abs=0.001)


def test_the_learning_rate_rises_and_then_falls(blobs, tiny_config):
    rate = plan_training(Reference(blobs)).schedules[0].learning_rate
    fractions = [rate.fraction(step, 100) for step in range(100)]
    assert fractions[0] == pytest.approx(0.1)
    assert np.argmax(fractions) == 9
    assert (np.diff(fractions[9:]) < 0).all()


def test_a_range_is_planned_for_both_ends(blobs, tiny_config):
    plan = plan_training(Reference(blobs), porosity=(0.2, 0.4), config=tiny_config)
    assert plan.porosity_range == (0.2, 0.4)
    assert plan.porosity == Reference(blobs).porosity
    assert plan.nodes[0] == (0.2,)
    assert plan.nodes[-1] == (0.4,)


@pytest.mark.parametrize("porosity", [(0.4, 0.2), (0.2, 0.2), (0.1, 0.2, 0.3), (0.2, 1.4)])
def test_ranges_that_are_none_are_refused(blobs, porosity):
    with pytest.raises(ValueError, match="porosity must"):
        plan_training(Reference(blobs), porosity=porosity)


@pytest.mark.parametrize(("n_scales", "steps"), [(2, [10, 4]), (3, [4, 4, 3])])
def test_the_only_coarse_stage_is_trained_longer(blobs, tiny_config, n_scales, steps):
    plan = plan_training(Reference(blobs), config=replace(tiny_config, n_scales=n_scales))
    assert [schedule.n_steps for schedule in plan.schedules] == steps
    assert plan.n_steps == sum(steps)
    assert f"{steps[0]} at 1/{2 ** (n_scales - 1)}" in plan.reasons[-1]


def test_a_range_of_porosities_takes_more_steps(blobs, tiny_config):
    analysis = analyse_reference(Reference(blobs), config=tiny_config)
    single, ranged = analysis.plan(porosity=0.3), analysis.plan(porosity=(0.2, 0.4))
    assert [schedule.n_steps for schedule in single.schedules] == [10, 4]
    assert [schedule.n_steps for schedule in ranged.schedules] == [15, 6]
    assert [schedule.n_volumes for schedule in ranged.schedules] == [2, 2]


def test_standard_and_connected_have_a_critic_for_two_phases(blobs):
    section = Reference(np.tile(blobs, (3, 3)))
    plans = {preset: analyse_reference(section, config=replace(PRESETS[preset], n_scales=3)) for preset in PRESETS}
    with_critic = {preset for preset, plan in plans.items() if plan.plan().schedules[-1].critic_weight > 0}
    assert with_critic == {"standard", "connected"}


@pytest.mark.parametrize(
    ("n_scales", "porosity", "dimension", "has_critic"),
    [(3, 0.3, 3, True), (2, 0.3, 3, False), (3, (0.2, 0.4), 3, False), (3, 0.3, 2, False)],
)
def test_a_critic_connects_the_necks_of_one_porosity(blobs, tiny_config, n_scales, porosity, dimension, has_critic):
    config = replace(tiny_config, n_scales=n_scales, cube_size=20, coarse_cube_size=20)
    analysis = analyse_reference(Reference(np.tile(blobs, (3, 3))), config=config, dimension=dimension)
    weights = {stage.critic_weight for stage in analysis.plan(porosity=porosity).schedules[1:]}
    assert weights == {config.two_phase_critic if has_critic else 0.0}


def test_presets_grow_in_work(blobs):
    plans = [plan_training(Reference(blobs), preset=preset) for preset in PRESETS]
    work = [training_work(plan, count_arithmetic(plan), plan.n_calibration_blocks) for plan in plans]
    assert (np.diff(work) > 0).all()
