from dataclasses import replace

import pytest

from napari_swnn import Reference
from napari_swnn.core.training import cost
from napari_swnn.core.training.cost import Timing, estimate_cost, generation_time, measure
from napari_swnn.core.training.plan import plan_training

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


def test_time_adds_up(plan, measured, tmp_path):
    estimate = estimate_cost(plan, (128, 128, 128), n_volumes=3, cache=tmp_path / "t.json")
    # 10 and 4 steps, 8 volumes for the norms of each stage at a third of a step, two banks of the fine one, one block.
    assert estimate.training == pytest.approx((10 + 8 / 3) * 0.5 + (4 + 8 / 3) * 2.0 + 2 * 3.0 + 1.0)
    assert estimate.generation == 3 * 8 * 1.0
    assert estimate.total == estimate.training + estimate.generation


def test_an_exact_volume_takes_twice_the_time(plan, measured, tmp_path):
    usual, exact = (estimate_cost(plan, (64, 64, 64), exact=e, cache=tmp_path / "t.json") for e in (False, True))
    assert exact.generation == 2 * usual.generation
    assert (exact.training, exact.memory) == (usual.training, usual.memory)


def test_whole_blocks_are_counted():
    assert generation_time(TIMING, (64, 64, 64)) == 1
    assert generation_time(TIMING, (65, 64, 1)) == 2
    assert generation_time(TIMING, (512, 513)) == 2


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


def test_what_is_measured_is_what_will_run(plan):
    timing = measure(plan)
    assert len(timing.steps) == len(timing.banks) == len(plan.stages)
    assert timing.banks[0] == 0
    assert all(seconds > 0 for seconds in (*timing.steps, *timing.banks[1:], timing.block))
