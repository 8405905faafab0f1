"""Time and memory of a run, foretold from a short measurement on this machine (Eq. 22 of the paper)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from math import ceil, prod
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import platformdirs
import torch

from napari_swnn._checks import WORKING_MEMORY
from napari_swnn._files import replaced_when_complete
from napari_swnn._types import Shape
from napari_swnn.core.network.config import StageConfig
from napari_swnn.core.network.evaluation import BLOCK_SIDE
from napari_swnn.core.network.stage import Stage
from napari_swnn.core.numerics.device import describe_device, training_precision
from napari_swnn.core.training.calibration import LEAST_BLOCKS, calibration_blocks
from napari_swnn.core.training.coarse_bank import CoarseBank, bank_lifetime
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.sampling import Randomness
from napari_swnn.core.training.stage import N_NORM_CUBES, iter_stage, new_stage

_TIMED_STEPS = 4
_LOADED_LIBRARIES = 400 * 2**20
"""Bytes that torch and what it loads take before any work."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What a run will take.

    Attributes
    ----------
    training : float
        Seconds of training, calibration included.
    generation : float
        Seconds to generate the volumes.
    memory : int
        Most bytes in use at a time.
    """

    training: float
    generation: float
    memory: int

    @property
    def total(self) -> float:
        """Seconds altogether: ``T = T_train + m (s / 128)³ T_128`` (Eq. 22)."""
        return self.training + self.generation


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that parts of a run take on this machine.

    Attributes
    ----------
    steps : tuple of float
        One training step of each stage.
    banks : tuple of float
        Making the volumes that the steps of a stage refine, once.
    block : float
        Generating one block.
    """

    steps: tuple[float, ...]
    banks: tuple[float, ...]
    block: float


def estimate_cost(
    plan: TrainingPlan, shape: Shape, *, n_volumes: int = 1, exact: bool = False, cache: Path | None = None
) -> CostEstimate:
    """Foretell time and memory of training a plan and generating volumes.

    Parameters
    ----------
    plan : TrainingPlan
        What to train.
    shape : tuple of int
        Voxels of each volume.
    n_volumes : int
        Number of volumes, ``m`` of Eq. 22.
    exact : bool
        Whether they are to have just the porosity asked for, and so are computed twice.
    cache : path, optional
        File in which measurements are kept; the user's cache folder if not given. Without an entry there, a few
        steps are run, which takes some seconds.
    """
    timing = _timing(plan, _cache_file() if cache is None else cache)
    generation = n_volumes * (1 + exact) * generation_time(timing, shape)
    return CostEstimate(_training_time(plan, timing), generation, _memory(plan, shape))


def generation_time(timing: Timing, shape: Shape) -> float:
    """Seconds to generate a volume: whole blocks, however little of them is wanted."""
    return timing.block * prod(ceil(extent / BLOCK_SIDE[len(shape)]) for extent in shape)


def _training_time(plan: TrainingPlan, timing: Timing) -> float:
    seconds = 0.0
    for stage, step, bank in zip(plan.stages, timing.steps, timing.banks, strict=True):
        n = plan.n_steps(stage)
        # The statistics of batch norm come from forward passes only, a third of a step's arithmetic.
        seconds += (n + N_NORM_CUBES / 3) * step + (ceil(n / bank_lifetime(plan)) + 1) * bank
    # It is not known before how much the porosity of blocks scatters: between the fewest blocks and all of them.
    n_blocks = (min(LEAST_BLOCKS, plan.n_calibration_blocks) + plan.n_calibration_blocks) / 2
    return seconds + len(plan.porosity_nodes) * n_blocks * timing.block


def measure(plan: TrainingPlan) -> Timing:
    """Time a few steps of each stage, and a block, with networks of random weights."""
    source = Randomness(plan.seed, plan.device)
    finished: list[Stage] = []
    steps, banks = [], []
    for config, targets in zip(plan.stages, plan.targets, strict=True):
        stage = new_stage(plan, config, source.generator)
        banks.append(_time_of_bank(plan, finished, config, source) if finished else 0.0)
        iteration = iter_stage(plan, stage, finished, targets, source)
        advance = partial(next, iteration, None)
        times = [_time_of(advance) for _ in range(_TIMED_STEPS + 1)]
        steps.append(float(np.median(times[1:])))  # the first one also fills the bank and loads code
        finished.append(stage.folded())
    return Timing(tuple(steps), tuple(banks), _time_of_block(plan, finished))


def _time_of_bank(plan: TrainingPlan, finished: Sequence[Stage], config: StageConfig, source: Randomness) -> float:
    bank = CoarseBank(plan, finished, source)
    window = plan.samples(config)[0][0].grown(config.margin)
    return _time_of(lambda: bank.take(window))


def _time_of_block(plan: TrainingPlan, stages: Sequence[Stage]) -> float:
    blocks = calibration_blocks(stages, seed=plan.seed, porosity=None if plan.porosity_range is None else plan.porosity)
    return min(_time_of(lambda: next(blocks)) for _ in range(3))


def _time_of(work: Callable[[], Any]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _memory(plan: TrainingPlan, shape: Shape) -> int:
    """The larger of what training and generating take, beside the libraries."""
    bytes_each = 2 if training_precision(plan.device) == torch.bfloat16 else 4
    training = 0
    for stage in plan.stages:
        voxels = plan.n_volumes * sum(prod(window.grown(stage.margin).shape) for window, _ in plan.samples(stage))
        # Of each block, the convolution's output is kept in full and in half precision, and what follows it.
        features = voxels * stage.n_blocks * stage.n_channels * (4 + 2 * bytes_each)
        compared = plan.config.n_projections * plan.config.max_patterns * 3
        training = max(training, features + compared * 32)
    return _LOADED_LIBRARIES + max(training, prod(shape) + WORKING_MEMORY)


def _timing(plan: TrainingPlan, cache: Path) -> Timing:
    key, known = _key(plan), _read(cache)
    if key not in known:
        known[key] = asdict(measure(plan))
        _write(cache, known)
    entry = known[key]
    return Timing(tuple(entry["steps"]), tuple(entry["banks"]), entry["block"])


def _key(plan: TrainingPlan) -> str:
    """All that the time of a step depends on."""
    config = plan.config
    work = (config.optimiser, config.n_projections, config.max_patterns)
    windows = [[window.shape for window, _ in plan.samples(stage)] for stage in plan.stages]
    stages = [list(asdict(stage).values()) for stage in plan.stages]
    machine = (describe_device(plan.device), torch.__version__)
    return json.dumps([stages, plan.choice.network.dimension, plan.n_volumes, windows, work, machine])


def _cache_file() -> Path:
    return Path(platformdirs.user_cache_dir("napari-swnn", appauthor=False)) / "timings.json"


def _read(cache: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        entries = json.loads(cache.read_text(encoding="utf-8"))
        if isinstance(entries, dict):
            return entries
    return {}


def _write(cache: Path, entries: dict[str, Any]) -> None:
    """Keep measurements; a folder that cannot be written to costs a new measurement next time, no more."""
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        with replaced_when_complete(cache) as file:
            file.write_text(json.dumps(entries), encoding="utf-8")
