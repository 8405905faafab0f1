from dataclasses import replace

import numpy as np
import pytest

from napari_swnn import Reference
from napari_swnn.core.training.plan import plan_training
from napari_swnn.core.training.progress import TrainingClock
from napari_swnn.core.training.run import iter_training
from napari_swnn.core.training.timings import cache_file, store_timing
from napari_swnn.core.training.trainer import StageStep
from napari_swnn.core.training.work import Timing, calibration_work, expected_blocks, stage_work

TIMING = Timing(steps=(0.2, 1.0), banks=(0.0, 2.0), block=1.5)
WARM_UP = 30.0
STEP = StageStep(0.1, None)


@pytest.fixture
def plan(blobs, tiny_config):
    return plan_training(Reference(blobs), config=replace(tiny_config, n_steps=60, n_coarse_steps=80))


@pytest.fixture
def time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("napari_swnn._progress.perf_counter", lambda: now[0])
    monkeypatch.setattr("napari_swnn.core.training.progress.present_load", lambda _: 1.0)
    return now


def costs(plan):
    return [
        stage_work(plan, TIMING, i) / schedule.n_steps
        for i, schedule in enumerate(plan.schedules)
        for _ in range(schedule.n_steps)
    ]


def run(plan, clock, time, slowness):
    """Yield the estimated time left after each step, and the true one."""
    steps = [slowness * cost for cost in costs(plan)]
    left = sum(steps) + slowness * len(plan.nodes) * calibration_work(plan, TIMING, expected_blocks(plan))
    n_coarse = plan.schedules[0].n_steps
    time[0] += WARM_UP
    for i, cost in enumerate(steps):
        time[0] += cost
        left -= cost
        yield clock.count_step(int(i >= n_coarse), STEP, np.zeros((2, 2, 2))).time_left, left


@pytest.mark.parametrize("slowness", [0.8, 1.0, 1.25])
def test_the_time_left_is_of_the_right_size_from_the_start(plan, time, tmp_path, monkeypatch, slowness):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path))
    store_timing(plan, TIMING, cache_file())
    ratios = [estimate / truth for estimate, truth in run(plan, TrainingClock(plan), time, slowness)]
    assert 0.7 < min(ratios) <= max(ratios) < 1.3
    assert ratios[-1] == pytest.approx(1, abs=0.02)


def test_the_time_left_is_not_stated_before_it_is_measured(plan, time, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path))
    first, second, *_ = run(plan, TrainingClock(plan), time, 1.0)
    assert first[0] is None
    assert second[0] is not None


def test_a_stopped_training_states_the_rest_and_its_fraction_never_falls(plan, time, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path))
    store_timing(plan, TIMING, cache_file())
    steps = []
    stopped = iter_training(plan, should_stop=lambda: len(steps) > 2)
    for step in stopped:
        steps.append(step)
        time[0] += 1.0
    finishing = [step for step in steps if step.activity != "training"]
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert len({step.fraction for step in finishing}) > 0.8 * len(finishing)
    assert all(step.time_left is not None for step in finishing)
