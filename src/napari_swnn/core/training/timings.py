"""Measured times of training steps and blocks, which are kept in the user's cache folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs
import torch

from napari_swnn._files import write_text
from napari_swnn.core.numerics.device import describe_device
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.work import Timing, shown_pixels


def cache_file() -> Path:
    """Return the file of the measurements."""
    return Path(platformdirs.user_cache_dir("napari-swnn", appauthor=False)) / "timings.json"


def stored_timing(plan: TrainingPlan, cache: Path) -> Timing | None:
    """Return the timing of a plan on a free machine; None if it was not measured yet."""
    with suppress(LookupError, TypeError, ValueError):
        entry = _read(cache)[_key(plan)]
        return Timing(tuple(map(float, entry["steps"])), tuple(map(float, entry["banks"])), float(entry["block"]))
    return None


def store_timing(plan: TrainingPlan, timing: Timing, cache: Path) -> None:
    """Keep the timing of a plan; if the folder is not writable, it is measured again next time."""
    known = {**_read(cache), _key(plan): asdict(timing)}
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_text(cache, json.dumps(known))


def _key(plan: TrainingPlan) -> str:
    """Return a string of all parameters that determine the time of a step."""
    work = [
        (schedule.n_volumes, schedule.windows, schedule.optimiser, schedule.n_projections, schedule.max_patterns)
        + ((shown_pixels(schedule),) if schedule.critic_weight > 0 else ())
        for schedule in plan.schedules
    ]
    machine = (describe_device(plan.device), torch.__version__)
    n_channels = plan.network.n_phase_channels
    several = () if n_channels == 1 else (n_channels,)
    loss = () if plan.config.loss == "patterns" else (plan.config.loss,)
    return repr((plan.network.stages, plan.network.dimension, work, machine, *several, *loss))


def _read(cache: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        entries = json.loads(cache.read_text(encoding="utf-8"))
        if isinstance(entries, dict):
            return entries
    return {}
