"""Records beside the checkpoints of trainings, by which an unfinished training is found again by its reference."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch

from napari_swnn._files import replaced_when_complete
from napari_swnn._user_data import data_folder
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.numerics.device import describe_device, pick_device
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.core.training.obstacle import Circumstance, Obstacle
from napari_swnn.core.training.plan import TrainingPlan

FOLDER = "trainings"
"""Name of the folder of checkpoints in the data folder of the user."""
SUFFIX = ".checkpoint"
RECORD_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class UnfinishedTraining:
    """Training whose last state is kept.

    Attributes
    ----------
    path : pathlib.Path
        File with the state.
    config : TrainingConfig
        Training settings.
    aim : mapping or None
        Target as the argument of a plan, ``{"porosity": ...}`` or ``{"fractions": ...}``; None for ranges of several
        fractions.
    seed : int
        Seed of the training.
    device : str
        Kind of device, such as ``"cpu"``.
    n_done, n_steps : int
        Number of completed and of all steps.
    seconds : float
        Time that the completed steps have taken.
    saved : float
        Time at which the state was saved, in seconds since the epoch.
    obstacle : Obstacle or None
        Difference that keeps the training from going on; None if there is none, or if the reference is not at hand.
    name : str
        Name of the reference; empty if unknown.
    """

    path: FilePath
    config: TrainingConfig
    aim: Mapping[str, Any] | None
    seed: int
    device: str
    n_done: int
    n_steps: int
    seconds: float
    saved: float
    obstacle: Obstacle | None = None
    name: str = ""

    def remove(self) -> None:
        """Remove the state and its record."""
        self.path.unlink(missing_ok=True)
        record_path(self.path).unlink(missing_ok=True)


def record_path(path: FilePath) -> FilePath:
    """Return the file of the record beside a checkpoint."""
    return path.with_suffix(RECORD_SUFFIX)


def describe_plan(plan: TrainingPlan, aim: Mapping[str, Any] | None = None, name: str = "") -> dict[str, Any]:
    """Return the record of a plan.

    Parameters
    ----------
    plan : TrainingPlan
        Plan of the training.
    aim : mapping, optional
        Target as it was given; by default that of the plan, whose last digits can differ.
    name : str
        Name of the reference, if known.
    """
    return {
        "reference": reference_digest(plan.reference),
        "name": name,
        "config": asdict(plan.config),
        "aim": _describe_aim(plan) if aim is None else aim,
        "seed": plan.seed,
        "device": plan.device.type,
        "n_steps": plan.n_steps,
        "circumstances": _circumstances(plan.reference, plan.device),
    }


def write_record(path: FilePath, record: Mapping[str, Any], *, n_done: int, seconds: float) -> None:
    """Write the record of a checkpoint, which holds no part of its state.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    complete = {**record, "n_done": n_done, "seconds": seconds, "saved": time.time()}
    with replaced_when_complete(record_path(path)) as partial:
        partial.write_text(json.dumps(complete), encoding="utf-8")


def read_seconds(path: FilePath) -> float:
    """Return the time that the steps before a checkpoint have taken; 0 if it has no record."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        return float(json.loads(record_path(path).read_text(encoding="utf-8"))["seconds"])
    return 0.0


def find_unfinished(reference: Reference | None = None) -> list[UnfinishedTraining]:
    """Return the unfinished trainings that are kept in the data folder of the user, the newest first.

    Parameters
    ----------
    reference : Reference, optional
        Reference of the trainings; by default, those of all references are returned, without their obstacles.
    """
    digest = None if reference is None else reference_digest(reference)
    found = []
    for path in data_folder(FOLDER).glob(f"*{RECORD_SUFFIX}"):
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):  # damaged, or of another version
            stored = json.loads(path.read_text(encoding="utf-8"))
            checkpoint = path.with_suffix(SUFFIX)
            if digest in (None, stored["reference"]) and checkpoint.is_file():
                found.append(_read(checkpoint, stored, reference))
    return sorted(found, key=lambda each: each.saved, reverse=True)


def reference_digest(reference: Reference) -> str:
    """Return a hash of the labels of the pixels of a reference, whichever is the phase of interest."""
    labels = np.asarray(reference.phases)
    digest = sha256(json.dumps(sorted(labels.tolist())).encode())
    for sections in reference.directions:
        digest.update(b"direction")
        for section in sections:
            digest.update(f"{section.positions.shape}".encode())
            digest.update(labels[section.positions].tobytes())
            digest.update(section.inside.tobytes())
    return digest.hexdigest()


def _read(path: FilePath, stored: Mapping[str, Any], reference: Reference | None) -> UnfinishedTraining:
    aim = stored["aim"]
    if aim is not None and "fractions" in aim:
        aim = {"fractions": {int(label): value for label, value in aim["fractions"].items()}}
    elif aim is not None and isinstance(aim["porosity"], list):
        aim = {"porosity": tuple(aim["porosity"])}
    return UnfinishedTraining(
        path=path,
        config=TrainingConfig(**stored["config"]),
        aim=aim,
        seed=int(stored["seed"]),
        device=str(stored["device"]),
        n_done=int(stored["n_done"]),
        n_steps=int(stored["n_steps"]),
        seconds=float(stored["seconds"]),
        saved=float(stored["saved"]),
        obstacle=None if reference is None else _find_obstacle(stored, reference),
        name=str(stored.get("name", "")),
    )


def _find_obstacle(stored: Mapping[str, Any], reference: Reference) -> Obstacle | None:
    try:
        device = pick_device(stored["device"])
    except ValueError:
        return Obstacle(Circumstance.DEVICE, str(stored["device"]))
    then, now = stored["circumstances"], _circumstances(reference, device)
    return next((Obstacle(each, str(then[each])) for each, value in now.items() if then[each] != value), None)


def _circumstances(reference: Reference, device: torch.device) -> dict[Circumstance, str]:
    """Return what determines the weights of a training besides its settings."""
    return {
        Circumstance.PHASE: f"label {reference.phases[0]}",
        Circumstance.VERSION: f"napari-swnn {version('napari-swnn')}, PyTorch {torch.__version__}",
        Circumstance.THREADS: describe_device(device),
    }


def _describe_aim(plan: TrainingPlan) -> dict[str, Any] | None:
    target = plan.target
    if target.porosity_range is not None:
        return {"porosity": list(target.porosity_range)}
    if target.box is not None:
        return None
    if len(target.fractions) == 2:
        return {"porosity": target.porosity}
    return {"fractions": dict(zip(map(int, plan.reference.phases), target.fractions, strict=True))}
