"""Estimates of run time and memory from a short benchmark on this machine (Eq. 22 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import ceil, prod
from pathlib import Path

import numpy as np
import torch

from napari_swnn._types import Shape
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.evaluation import block_side
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.memory import WORKING_MEMORY
from napari_swnn.core.numerics.parallel import pool_size
from napari_swnn.core.numerics.phase_offsets import MOST_KEPT, bytes_of_ranking
from napari_swnn.core.numerics.timing import time_of, time_per_item
from napari_swnn.core.training.calibration import MOST_VOXELS, calibration_blocks
from napari_swnn.core.training.coarse_bank import CoarseBank
from napari_swnn.core.training.memory import check_training_memory, training_memory
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.timings import cache_file, store_timing, stored_timing
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.core.training.work import Timing, expected_blocks, training_work, work_of_steps

_TIMED_STEPS = 4
_LOADED_LIBRARIES = 400 * 2**20
"""Baseline memory of torch and its libraries, in bytes."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Estimated run time and memory.

    Attributes
    ----------
    training : float
        Time for training and calibration, in seconds.
    generation : float
        Time to generate the volumes, in seconds.
    memory : int
        Peak memory, in bytes.
    """

    training: float
    generation: float
    memory: int

    @property
    def total(self) -> float:
        """Total time in seconds: ``T = T_train + m (s / 128)³ T_128`` (Eq. 22)."""
        return self.training + self.generation


def estimate_cost(
    plan: TrainingPlan,
    shape: Shape,
    *,
    n_volumes: int = 1,
    exact: bool = False,
    load: float = 1.0,
    cache: Path | None = None,
) -> CostEstimate:
    """Estimate the time and memory needed to carry out a training plan and generate volumes.

    Parameters
    ----------
    plan : TrainingPlan
        Training plan.
    shape : tuple of int
        Shape of each volume, in voxels.
    n_volumes : int
        Number of volumes, ``m`` in Eq. 22.
    exact : bool
        True if each volume matches the target porosity exactly, which requires computing it twice.
    load : float
        Factor by which work takes longer now than on a free machine; see `present_load`. The times are multiplied by
        it, and measurements are stored as they would be on a free machine.
    cache : path, optional
        File that stores measurements; by default in the user's cache folder. If it has no matching entry, a few steps
        are run, which takes several seconds.
    """
    timing = _timing(plan, load, cache_file() if cache is None else cache)
    generation = n_volumes * (1 + exact) * generation_time(timing, shape, plan.device)
    return CostEstimate(
        load * training_work(plan, timing, expected_blocks(plan)), load * generation, _memory(plan, shape, exact=exact)
    )


def time_after(plan: TrainingPlan, n_steps: int, *, load: float = 1.0, cache: Path | None = None) -> float:
    """Return the time for what is left of a training after `n_steps` steps, in seconds; see `estimate_cost`."""
    timing = _timing(plan, load, cache_file() if cache is None else cache)
    return load * (training_work(plan, timing, expected_blocks(plan)) - work_of_steps(plan, timing, n_steps))


def generation_time(timing: Timing, shape: Shape, device: torch.device) -> float:
    """Return the time to generate a volume of many blocks, in seconds; partial blocks count as whole blocks."""
    side = block_side(len(shape), device)
    return timing.block * prod(ceil(extent / side) for extent in shape)


def measure(plan: TrainingPlan) -> Timing:
    """Measure the time of a few training steps of each stage and of a block, with random weights."""
    check_training_memory(plan)
    source = Randomness(plan.seed, plan.device)
    finished: list[Stage] = []
    steps = []
    banks = []
    for index in range(len(plan.schedules)):
        banks.append(_time_of_bank(plan, finished, source) if finished else 0.0)
        trainer = StageTrainer(plan, index, finished, source)
        with closing(trainer.iter_steps()) as iteration:
            times = [time_of(partial(next, iteration, None)) for _ in range(_TIMED_STEPS + 1)]
        steps.append(float(np.median(times[1:])))  # the first step also fills the bank and loads code
        finished.append(trainer.stage.fold())
    return Timing(tuple(steps), tuple(banks), _time_of_block(plan, finished))


def _time_of_bank(plan: TrainingPlan, finished: Sequence[Stage], source: Randomness) -> float:
    index = len(finished)
    window = Window.of_shape(plan.schedules[index].windows[0].shape).grown(plan.network.stages[index].margin)
    bank = CoarseBank(plan, finished, source)
    return time_of(lambda: bank.take(window))


def _time_of_block(plan: TrainingPlan, stages: Sequence[Stage]) -> float:
    """Return the time per block when blocks are computed in parallel, as in generation."""
    fractions = plan.target.free if plan.network.free_ranges else None
    n = pool_size(plan.device)
    with closing(calibration_blocks(stages, seed=plan.seed, fractions=fractions)) as blocks:
        _ = list(islice(blocks, n))  # loads code
        return time_per_item(blocks, 2 * n)


def _memory(plan: TrainingPlan, shape: Shape, *, exact: bool) -> int:
    """Return the peak memory of training or generation, whichever is larger, including the libraries."""
    training = training_memory(plan)
    blocks = pool_size(plan.device, reserved=prod(shape)) * WORKING_MEMORY
    n_channels = plan.network.n_phase_channels
    if n_channels == 1:
        return _LOADED_LIBRARIES + max(training, prod(shape) + blocks)
    calibration = plan.n_calibration_blocks * MOST_VOXELS * bytes_of_ranking(n_channels)
    kept = exact * min(prod(shape), MOST_KEPT) * bytes_of_ranking(n_channels)
    return _LOADED_LIBRARIES + max(training, calibration + blocks, prod(shape) + kept + blocks)


def _timing(plan: TrainingPlan, load: float, cache: Path) -> Timing:
    """Return the stored timing on a free machine, or measure it under the present load."""
    known = stored_timing(plan, cache)
    if known is None:
        known = measure(plan).on_free_machine(load)
        store_timing(plan, known, cache)
    return known
