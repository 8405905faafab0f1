"""Checkpoint of a training: everything that its next steps depend on, so that it can go on after any end."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path as FilePath
from typing import Any

import torch

from napari_swnn._files import replaced_when_complete
from napari_swnn._user_data import data_folder, remove_old
from napari_swnn.core.numerics.device import describe_device
from napari_swnn.core.training.config import describe_config
from napari_swnn.core.training.plan import TrainingPlan
from napari_swnn.core.training.unfinished import (
    FOLDER,
    RECORD_SUFFIX,
    SUFFIX,
    describe_plan,
    read_seconds,
    record_path,
    write_record,
)

INTERVAL = 30.0
"""Time between two checkpoints, in seconds."""


class Checkpoint:
    """File that holds the latest state of a training.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    resume : bool
        Go on from the stored state, if there is one.
    record : mapping, optional
        Result of `describe_plan`, by which the training is found again; without it, none is written.

    Attributes
    ----------
    losses_before : sequence of float
        Loss of each step before the state that `load` has returned; empty if it returned none.
    """

    def __init__(self, path: FilePath, *, resume: bool = False, record: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self._resume = resume
        self._record = record
        self._saved = self._begun = time.monotonic()
        self._seconds_before = 0.0
        self.losses_before: Sequence[float] = ()

    @classmethod
    def of(
        cls, plan: TrainingPlan, *, resume: bool = False, aim: Mapping[str, Any] | None = None, name: str = ""
    ) -> Checkpoint:
        """Return the checkpoint of a plan in the data folder of the user.

        Equal plans on the same kind of device, with the same number of threads, have the same checkpoint.

        Parameters
        ----------
        plan : TrainingPlan
            Plan of the training.
        resume : bool
            Go on from the stored state, if there is one.
        aim, name
            Target of the training as it was given, and name of the reference; see `describe_plan`.
        """
        folder = data_folder(FOLDER)
        for suffix in (SUFFIX, RECORD_SUFFIX):
            remove_old(folder, f"*{suffix}")
        path = folder / f"{plan_digest(plan)[:32]}{SUFFIX}"
        return cls(path, resume=resume, record=describe_plan(plan, aim, name))

    @classmethod
    def find(cls, plan: TrainingPlan, *, resume: bool = False) -> Checkpoint | None:
        """Return the checkpoint of a plan as `of` does, or None if the folder cannot be written to."""
        try:
            return cls.of(plan, resume=resume)
        except OSError:
            return None

    @classmethod
    def beside(cls, path: FilePath, plan: TrainingPlan) -> Checkpoint:
        """Return the checkpoint of a plan beside the file of its model, from which the training always goes on.

        A checkpoint there is seen by all processes that share the folder, as the workers of a cluster do.
        """
        return cls(path.with_name(f".{path.stem}-{plan_digest(plan)[:16]}{SUFFIX}"), resume=True)

    @property
    def exists(self) -> bool:
        """True if a state is stored."""
        return self.path.is_file()

    @property
    def is_due(self) -> bool:
        """True if the last state is old enough to be replaced."""
        return time.monotonic() - self._saved >= INTERVAL

    def load(self) -> dict[str, Any] | None:
        """Return the stored state; None if there is none to resume from, or it cannot be read."""
        if not self._resume or not self.exists:
            return None
        try:
            state: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, LookupError, pickle.UnpicklingError):
            return None  # damaged: the training starts again
        self._seconds_before = read_seconds(self.path)
        self.losses_before = tuple(state.get("losses", ()))
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the stored state.

        Raises
        ------
        OSError
            If the file cannot be written; the former state is kept.
        """
        with replaced_when_complete(self.path) as partial, partial.open("wb") as file:
            torch.save(state, file)
        self._saved = time.monotonic()
        if self._record is not None:
            seconds = self._seconds_before + self._saved - self._begun
            write_record(self.path, self._record, n_done=len(state.get("losses", ())), seconds=seconds)

    def remove(self) -> None:
        """Remove the stored state once the model is safe."""
        self.path.unlink(missing_ok=True)
        record_path(self.path).unlink(missing_ok=True)


def remove_beside(path: FilePath) -> None:
    """Remove the checkpoints beside the file of a model, also those of other settings, such as a number of threads."""
    for checkpoint in path.parent.glob(f".{path.stem}-*{SUFFIX}"):
        checkpoint.unlink(missing_ok=True)


def plan_digest(plan: TrainingPlan) -> str:
    """Return a hash of everything that determines the weights of a training."""
    reference = plan.reference
    settings = {
        "versions": [version("napari-swnn"), torch.__version__],
        "device": describe_device(plan.device),
        "n_threads": torch.get_num_threads(),
        "seed": plan.seed,
        "target": asdict(plan.target),
        "config": describe_config(plan.config),
        "network": asdict(plan.network),
        "schedules": [schedule.as_json() for schedule in plan.schedules],
        "phases": list(reference.phases),
        **({} if plan.filters is None else {"filters": plan.filters.digest}),
    }
    digest = sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for sections in reference.directions:
        for section in sections:
            digest.update(f"{section.positions.shape}".encode())
            digest.update(section.positions.tobytes())
            digest.update(section.inside.tobytes())
    return digest.hexdigest()
