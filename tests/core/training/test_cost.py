from collections import Counter
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from napari_swnn import Reference
from napari_swnn.core.numerics import timing
from napari_swnn.core.training import cost
from napari_swnn.core.training.coarse_bank import CoarseBank
from napari_swnn.core.training.cost import estimate_cost, generation_time, measure
from napari_swnn.core.training.plan import plan_training
from napari_swnn.core.training.run import iter_training
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.core.training.work import Timing, expected_blocks, training_work

CPU = torch.device("cpu")
TIMING = Timing(steps=(0.5, 2.0), banks=(0.0, 3.0), block=1.0)


@pytest.fixture
def plan(blobs, tiny_config):
    return plan_training(Reference(blobs), config=tiny_config)


@pytest.fixture
def measured(monkeypatch):
    """Calls of `measure`, which answers with known times."""
    calls = []
    monkeypatch.setattr(cost, "measure", lambda plan: calls.append(plan) or TIMING)
    return calls


class Parts:
    """Parts of a training that really ran, by scale."""

    def __init__(self, monkeypatch):
        self.steps, self.windows, self.volumes, self.n_blocks = Counter(), Counter(), [], 0
        accumulate, take = StageTrainer.accumulate_gradients, CoarseBank.take

        def counted_step(trainer, step):
            self._scale = trainer.stage.config.scale
            self.steps[self._scale] += 1
            return accumulate(trainer, step)

        def counted_window(bank, window):
            taken = take(bank, window)
            self.windows[self._scale] += 1
            if taken[1] is not None:
                self.volumes.append(taken[1].untyped_storage())  # kept, so that no other volume takes their place
            return taken

        monkeypatch.setattr(StageTrainer, "accumulate_gradients", counted_step)
        monkeypatch.setattr(CoarseBank, "take", counted_window)

    def train(self, plan):
        self.n_blocks = sum(step.activity != "training" for step in iter_training(plan))

    @property
    def n_volumes(self):
        return len({volume.data_ptr() for volume in self.volumes})


UNIT = {
    "steps at 1/2": Timing((1.0, 0.0), (0.0, 0.0), 0.0),
    "steps at 1/1": Timing((0.0, 1.0), (0.0, 0.0), 0.0),
    "banks": Timing((0.0, 0.0), (0.0, 1.0), 0.0),
    "blocks": Timing((0.0, 0.0), (0.0, 0.0), 1.0),
}


@pytest.mark.parametrize("porosity", [None, (0.2, 0.4)])
def test_the_estimate_counts_the_parts_that_run(blobs, tiny_config, monkeypatch, porosity):
    plan = plan_training(Reference(blobs), porosity=porosity, config=replace(tiny_config, n_steps=6), device="cpu")
    plan = replace(plan, schedules=tuple(replace(schedule, bank_lifetime=3) for schedule in plan.schedules))
    parts = Parts(monkeypatch)
    parts.train(plan)
    work = {name: training_work(plan, timing, plan.n_calibration_blocks) for name, timing in UNIT.items()}
    for scale in (2, 1):
        only_forward = parts.windows[scale] - parts.steps[scale]  # for batch norm: a third of a step's arithmetic
        assert only_forward > 0
        assert work[f"steps at 1/{scale}"] == pytest.approx(parts.steps[scale] + only_forward / 3)
    assert work["blocks"] == parts.n_blocks
    assert work["banks"] == parts.n_volumes


def test_the_time_of_all_volumes_is_added_to_the_training(plan, measured, tmp_path):
    cache = tmp_path / "t.json"
    one, three = (estimate_cost(plan, (128, 128, 128), n_volumes=n, cache=cache) for n in (1, 3))
    assert one.training == three.training > 0
    assert three.generation == 3 * one.generation == 3 * 8 * TIMING.block  # 8 blocks of 64³
    assert three.total == three.training + three.generation


def test_the_time_left_falls_from_that_of_the_training_to_that_of_the_calibration(plan, measured, tmp_path):
    cache = tmp_path / "timings.json"
    left = [cost.time_after(plan, n, cache=cache) for n in range(plan.n_steps + 1)]
    assert left[0] == pytest.approx(estimate_cost(plan, (64,) * 3, cache=cache).training)
    assert left[-1] == pytest.approx(expected_blocks(plan) * TIMING.block)
    assert all(later < earlier for earlier, later in pairwise(left))


def test_an_exact_volume_takes_twice_the_time(plan, measured, tmp_path):
    usual, exact = (estimate_cost(plan, (64, 64, 64), exact=e, cache=tmp_path / "t.json") for e in (False, True))
    assert exact.generation == 2 * usual.generation
    assert (exact.training, exact.memory) == (usual.training, usual.memory)


def test_whole_blocks_are_counted():
    assert generation_time(TIMING, (64, 64, 64), CPU) == 1
    assert generation_time(TIMING, (65, 64, 1), CPU) == 2
    assert generation_time(TIMING, (512, 513), CPU) == 2


def test_a_measurement_is_kept_for_the_same_work_only(plan, blobs, tiny_config, measured, tmp_path):
    cache = tmp_path / "folder" / "t.json"
    first = estimate_cost(plan, (64, 64, 64), cache=cache)
    assert estimate_cost(plan, (64, 64, 64), cache=cache) == first
    longer = plan_training(Reference(blobs), config=replace(tiny_config, n_steps=9))
    assert estimate_cost(longer, (64, 64, 64), cache=cache).training > first.training
    assert len(measured) == 1
    wider = plan_training(Reference(blobs), config=replace(tiny_config, n_channels=16))
    estimate_cost(wider, (64, 64, 64), cache=cache)
    ranged = plan_training(Reference(blobs), porosity=(0.2, 0.4), config=tiny_config)
    estimate_cost(ranged, (64, 64, 64), cache=cache)
    assert len(measured) == 3
    larger = plan_training(Reference(blobs), config=replace(tiny_config, coarse_cube_size=24))
    estimate_cost(larger, (64, 64, 64), cache=cache)
    assert len(measured) == 4


@pytest.mark.parametrize("load", [1.0, 4.0])
def test_a_measurement_under_load_is_kept_as_on_a_free_machine(plan, measured, tmp_path, load):
    cache = tmp_path / "t.json"
    busy = estimate_cost(plan, (64, 64, 64), load=load, cache=cache)
    free = estimate_cost(plan, (64, 64, 64), cache=cache)
    assert len(measured) == 1
    assert busy.training == pytest.approx(load * free.training)
    assert busy.generation == pytest.approx(load * free.generation)


def test_a_spoilt_or_unwritable_cache_costs_a_measurement_only(plan, measured, tmp_path):
    spoilt = tmp_path / "t.json"
    spoilt.write_text("not json")
    estimate_cost(plan, (64, 64, 64), cache=spoilt)
    (tmp_path / "file").touch()
    estimate_cost(plan, (64, 64, 64), cache=tmp_path / "file" / "t.json")
    assert len(measured) == 2


def test_memory_holds_the_volume(plan, measured, tmp_path):
    small, large = (estimate_cost(plan, (side,) * 3, cache=tmp_path / "t.json").memory for side in (64, 1024))
    assert large - small == 1024**3 - 64**3


def test_each_part_is_timed_alone(plan, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    accumulate, take = StageTrainer.accumulate_gradients, CoarseBank.take

    def slow_step(trainer, step):
        clock.now += {2: 2.0, 1: 3.0}[trainer.stage.config.scale]
        clock.now += 100.0 if step == 0 else 0.0  # the first step also loads and compiles
        return accumulate(trainer, step)

    def slow_take(bank, window):
        clock.now += 0.5
        return take(bank, window)

    def slow_blocks(stages, **_):
        assert [stage.config.scale for stage in stages] == [2, 1]
        while True:
            clock.now += 7.0
            yield

    monkeypatch.setattr(timing, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(StageTrainer, "accumulate_gradients", slow_step)
    monkeypatch.setattr(CoarseBank, "take", slow_take)
    monkeypatch.setattr(cost, "calibration_blocks", slow_blocks)
    assert measure(plan) == Timing(steps=(2.5, 3.5), banks=(0.0, 0.5), block=7.0)


def test_three_phases_have_a_timing_and_memory_of_their_own(blobs, plan, measured, tmp_path, rng):
    labels = rng.integers(0, 3, (32, 32)).repeat(2, axis=0).repeat(2, axis=1)
    several = plan_training(Reference(labels), config=plan.config)
    cache = tmp_path / "t.json"
    two = estimate_cost(plan, (512, 512, 512), cache=cache)
    three = estimate_cost(several, (512, 512, 512), cache=cache)
    assert measured == [plan, several]
    exact = estimate_cost(several, (512, 512, 512), exact=True, cache=cache)
    assert exact.generation == 2 * three.generation == 2 * two.generation
    assert 0 < exact.memory - three.memory < 2**29  # bounded, whatever the size of the volume
