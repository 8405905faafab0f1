"""Tasks of an ensemble: trainings, generations and validations, run step by step or as a whole."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil
from pathlib import Path as FilePath
from typing import Any

from napari_swnn.core.model.model import Model
from napari_swnn.core.training.checkpoint import Checkpoint, remove_beside
from napari_swnn.core.training.run import TrainingStep, iter_training
from napari_swnn.core.volume.assembly import GenerationStep
from napari_swnn.core.volume.spec import VolumeSpec
from napari_swnn.io.ome_zarr_image import open_ome_zarr
from napari_swnn.runs._cluster import iter_tasks
from napari_swnn.runs._workers import wait_for_workers
from napari_swnn.runs.ensemble_spec import EnsembleSpec, MemberIndex
from napari_swnn.runs.generation import iter_generation
from napari_swnn.validation import ValidationStep, iter_validate


@dataclass(frozen=True)
class Tasks:
    """All tasks of one kind.

    Attributes
    ----------
    names : dict
        Name of each task, by its entry, which is the argument of `path` and `run`.
    path : callable
        ``path(entry)`` is the path of the result.
    run : callable
        ``run(spec, entry)`` computes the result and yields its steps.
    """

    names: dict[Any, str]
    path: Callable[[Any], FilePath]
    run: Callable[[EnsembleSpec, Any], Generator[Any, None, None]]

    @cached_property
    def missing(self) -> list[Any]:
        """Entries whose results did not exist when this property was first read."""
        return [entry for entry in self.names if not self.path(entry).exists()]


def plan_trainings(spec: EnsembleSpec) -> Tasks:
    """Return the training tasks, indexed by number."""
    names = {i: f"training {i + 1} of {spec.n_trainings}" for i in range(spec.n_trainings)}
    return Tasks(names, spec.model_path, iter_train)


def plan_volumes(spec: EnsembleSpec, client: Any) -> Tasks:
    """Return the generation tasks; each uses all workers of the client, if any."""
    names = {member: f"volume {_name(member)}" for member in spec.members}
    return Tasks(names, spec.volume_path, partial(iter_volume, client=client))


def plan_validations(spec: EnsembleSpec) -> Tasks:
    """Return the validation tasks of all volumes."""
    names = {member: f"validation {_name(member)}" for member in spec.members}
    return Tasks(names, spec.report_path, iter_validation)


class Remote:
    """Ensemble that is computed by the workers of a client."""

    def __init__(self, client: Any, spec: EnsembleSpec) -> None:
        self.client = client
        self._n_pieces = len(spec.file().pieces(0))
        wait_for_workers(client)
        # Unpickled within a task, the description can be restored by the scheduler if its workers are lost.
        self._spec = client.submit(pickle.loads, pickle.dumps(spec), pure=False)

    def iter_results(self, tasks: Tasks) -> Generator[tuple[Any, list[str]], None, None]:
        """Run each missing task on one worker; yield its entry and the notes of its steps."""
        yield from iter_tasks(self.client, partial(_run_task, tasks.run), self._spec, tasks.missing)

    def prefers_whole_volumes(self, n_volumes: int) -> bool:
        """Return True if one volume per worker is no slower than all workers sharing one volume at a time."""
        n_threads: int = max(1, sum(self.client.nthreads().values()))
        return ceil(n_volumes / n_threads) * self._n_pieces <= n_volumes * ceil(self._n_pieces / n_threads)


def iter_train(spec: EnsembleSpec, training: int) -> Generator[TrainingStep, None, None]:
    """Train and save a model, from the last checkpoint of an interrupted run."""
    plan, path = spec.plan(training), spec.model_path(training)
    model = yield from iter_training(plan, checkpoint=Checkpoint.beside(path, plan))
    model.save(path)
    remove_beside(path)


def iter_volume(spec: EnsembleSpec, member: MemberIndex, client: Any = None) -> Generator[GenerationStep, None, None]:
    """Generate a volume on disk, or resume its generation."""
    path = spec.volume_path(member)
    path.parent.mkdir(exist_ok=True)
    model = Model.load(spec.model_path(member[0]))
    volume = VolumeSpec(spec.shape, seed=spec.volume_seed(member))
    yield from iter_generation(model, volume, out=path, resume=True, client=client, device=spec.device)


def iter_validation(spec: EnsembleSpec, member: MemberIndex) -> Generator[ValidationStep, None, None]:
    """Validate a volume and save the report."""
    volume = open_ome_zarr(spec.volume_path(member)).levels[0]
    report = yield from iter_validate(volume, spec.reference)
    report.save(spec.report_path(member))


def get_note(step: Any) -> str:
    """Return the note of a step, such as a warning that training diverged; usually empty."""
    return str(getattr(step, "note", ""))


def _run_task(
    run: Callable[[EnsembleSpec, Any], Generator[Any, None, None]], spec: EnsembleSpec, entry: Any
) -> tuple[Any, list[str]]:
    """Run a task to its end; return its entry and the notes of its steps."""
    return entry, [note for step in run(spec, entry) if (note := get_note(step))]


def _name(member: MemberIndex) -> str:
    return f"{member[0] + 1}.{member[1] + 1}"
