"""Estimate of run time and memory from a short benchmark on this machine (Eq. 22 of the paper)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from math import ceil, prod
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import platformdirs
import torch

from napari_swnn._files import replaced_when_complete
from napari_swnn._types import Shape
from napari_swnn.core.grid.windows import Window
from napari_swnn.core.network.evaluation import BLOCK_SIDE
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import describe_device, training_precision
from napari_swnn.core.numerics.memory import WORKING_MEMORY
from napari_swnn.core.numerics.parallel import pool_size
from napari_swnn.core.training.calibration import LEAST_BLOCKS, calibration_blocks
from napari_swnn.core.training.coarse_bank import CoarseBank
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.trainer import StageTrainer
from napari_swnn.core.training.work import Timing, training_work

_TIMED_STEPS = 4
_LOADED_LIBRARIES = 400 * 2**20
"""Memory of torch and its libraries before any work, in bytes."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Estimated time and memory of a run.

    Attributes
    ----------
    training : float
        Time of the training with calibration, in seconds.
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
    plan: TrainingPlan, shape: Shape, *, n_volumes: int = 1, exact: bool = False, cache: Path | None = None
) -> CostEstimate:
    """Estimate time and memory of training a plan and generating volumes.

    Parameters
    ----------
    plan : TrainingPlan
        Plan of the training.
    shape : tuple of int
        Voxels of each volume.
    n_volumes : int
        Number of volumes, ``m`` of Eq. 22.
    exact : bool
        True if each volume has exactly the target porosity, for which it is computed twice.
    cache : path, optional
        File in which measurements are kept, in the user's cache folder by default. Without an entry there, a few
        steps are run, which takes some seconds.
    """
    timing = _timing(plan, _cache_file() if cache is None else cache)
    generation = n_volumes * (1 + exact) * generation_time(timing, shape)
    return CostEstimate(_training_time(plan, timing), generation, _memory(plan, shape))


def generation_time(timing: Timing, shape: Shape) -> float:
    """Return the time to generate a volume of many blocks, in seconds; blocks count as a whole."""
    return timing.block * prod(ceil(extent / BLOCK_SIDE[len(shape)]) for extent in shape)


def _training_time(plan: TrainingPlan, timing: Timing) -> float:
    # The scatter of the blocks, and so their number, is not known in advance: between the minimum and the maximum.
    n_blocks = (min(LEAST_BLOCKS, plan.n_calibration_blocks) + plan.n_calibration_blocks) / 2
    return training_work(plan, timing, n_blocks)


def measure(plan: TrainingPlan) -> Timing:
    """Time a few steps of each stage, and a block, with networks of random weights."""
    source = Randomness(plan.seed, plan.device)
    finished: list[Stage] = []
    steps = []
    banks = []
    for index in range(len(plan.schedules)):
        banks.append(_time_of_bank(plan, finished, source) if finished else 0.0)
        trainer = StageTrainer(plan, index, finished, source)
        with closing(trainer.iter_steps()) as iteration:
            times = [_time_of(partial(next, iteration, None)) for _ in range(_TIMED_STEPS + 1)]
        steps.append(float(np.median(times[1:])))  # the first one also fills the bank and loads code
        finished.append(trainer.stage.fold())
    return Timing(tuple(steps), tuple(banks), _time_of_block(plan, finished))


def _time_of_bank(plan: TrainingPlan, finished: Sequence[Stage], source: Randomness) -> float:
    index = len(finished)
    window = Window.of_shape(plan.schedules[index].windows[0].shape).grown(plan.network.stages[index].margin)
    bank = CoarseBank(plan, finished, source)
    return _time_of(lambda: bank.take(window))


def _time_of_block(plan: TrainingPlan, stages: Sequence[Stage]) -> float:
    """Return the time of a block when as many are computed side by side as will be."""
    porosity = None if plan.porosity_range is None else plan.porosity
    n = pool_size(plan.device)
    with closing(calibration_blocks(stages, seed=plan.seed, porosity=porosity)) as blocks:
        _ = list(islice(blocks, n))  # loads code
        return _time_of(lambda: list(islice(blocks, 2 * n))) / (2 * n)


def _time_of(work: Callable[[], Any]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _memory(plan: TrainingPlan, shape: Shape) -> int:
    """Return the larger of the memory of training and of generation, with that of the libraries."""
    bytes_each = 2 if training_precision(plan.device) == torch.bfloat16 else 4
    training = 0
    for stage, schedule in zip(plan.network.stages, plan.schedules, strict=True):
        windows = [Window.of_shape(window.shape).grown(stage.margin) for window in schedule.windows]
        voxels = schedule.n_volumes * sum(prod(window.shape) for window in windows)
        # The output of each convolution is kept in full and in half precision, and so are the results that follow it.
        features = voxels * stage.n_blocks * stage.n_channels * (4 + 2 * bytes_each)
        compared = schedule.n_projections * schedule.max_patterns * 3
        training = max(training, features + compared * 32)
    blocks = pool_size(plan.device, reserved=prod(shape)) * WORKING_MEMORY
    return _LOADED_LIBRARIES + max(training, prod(shape) + blocks)


def _timing(plan: TrainingPlan, cache: Path) -> Timing:
    key = _key(plan)
    known = _read(cache)
    if key not in known:
        known[key] = asdict(measure(plan))
        _write(cache, known)
    entry = known[key]
    return Timing(tuple(entry["steps"]), tuple(entry["banks"]), entry["block"])


def _key(plan: TrainingPlan) -> str:
    """Return everything that the time of a step depends on, as one string."""
    work = [
        (schedule.n_volumes, schedule.windows, schedule.optimiser, schedule.n_projections, schedule.max_patterns)
        for schedule in plan.schedules
    ]
    machine = (describe_device(plan.device), torch.__version__)
    return repr((plan.network.stages, plan.network.dimension, work, machine))


def _cache_file() -> Path:
    return Path(platformdirs.user_cache_dir("napari-swnn", appauthor=False)) / "timings.json"


def _read(cache: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        entries = json.loads(cache.read_text(encoding="utf-8"))
        if isinstance(entries, dict):
            return entries
    return {}


def _write(cache: Path, entries: dict[str, Any]) -> None:
    """Keep measurements; a folder that cannot be written to only costs a new measurement next time."""
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        with replaced_when_complete(cache) as file:
            file.write_text(json.dumps(entries), encoding="utf-8")
