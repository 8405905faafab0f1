"""Ensembles: several trainings on one reference with several realisations each (sect. 3.1 of the paper)."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

from napari_swnn._files import write_text
from napari_swnn._progress import Progress
from napari_swnn._steps import drain, forward_steps
from napari_swnn._types import Path, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.runs._cluster import find_client
from napari_swnn.runs._ensemble_tasks import (
    Remote,
    Tasks,
    get_note,
    plan_trainings,
    plan_validations,
    plan_volumes,
)
from napari_swnn.runs._turns import iter_turn, lock_for
from napari_swnn.runs.ensemble_spec import EnsembleSpec, check_ensemble, check_folder
from napari_swnn.runs.ensemble_summary import Ensemble, Member, extract_values, summarise


@dataclass(frozen=True, slots=True)
class EnsembleStep(Progress):
    """Progress of an ensemble.

    Attributes
    ----------
    index, n_steps : int
        Number of finished tasks and total number of tasks: trainings, volumes and validations.
    detail : Progress or None
        Progress of the current task: a TrainingStep, GenerationStep or ValidationStep; None if only its completion is
        reported.
    fraction, elapsed, time_left, activity, note
        As for `Progress`. The activity is the name of the current task. The remaining time is not estimated, because
        the durations of the tasks differ too much. Notes of a task on a worker are reported when the task ends.
    """

    index: int
    n_steps: int
    detail: Progress | None = None


Steps = Generator[EnsembleStep, None, None]


def ensemble(
    reference: Reference,
    *,
    out: Path,
    porosity: float | None = None,
    n_trainings: int = 4,
    n_realisations: int = 5,
    shape: Shape = (128, 128, 128),
    preset: str = "standard",
    config: TrainingConfig | None = None,
    seed: int = 0,
    validate: bool = True,
    resume: bool = False,
    client: Any = None,
    device: str = "auto",
    progress: Callable[[EnsembleStep], None] | None = None,
    fractions: Mapping[int, float] | None = None,
) -> Ensemble:
    """Train several models on a reference, generate several volumes with each, and compare their statistics.

    Parameters
    ----------
    reference : Reference
        Segmented section or sections.
    out : path-like
        Folder for all results: ``training-1.swnn``, ``training-1/realisation-1.ome.zarr`` and its report ``.json``,
        …, and the tables ``members.csv``, ``summary.csv`` and ``summary.txt``.
    porosity : float, optional
        Target porosity in [0, 1]; by default the porosity of the reference.
    n_trainings, n_realisations : int
        Number of models, and number of volumes per model; the paper uses 4 and 5.
    shape : tuple of int
        Number of voxels of a volume along each axis, ``(z, y, x)``, or ``(y, x)`` for sections.
    preset, config
        Training settings, as for `train`.
    seed : int
        Training ``i`` has the seed ``seed + i``; the volumes have consecutive seeds that start at `seed`.
    validate : bool
        Compare each volume with the reference, which requires enough memory for one volume.
    resume : bool
        Resume an ensemble with the same request if `out` contains one; finished results are kept.
    client : distributed.Client, optional
        Cluster whose workers train, generate and validate; all workers need access to the folder. By default the
        current client, if any.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.
    progress : callable, optional
        Called with each `EnsembleStep`.
    fractions : mapping of int to float, optional
        Instead of `porosity`, the target fraction of each phase by label, as for `train`.

    Returns
    -------
    Ensemble
        Members and statistics.

    Raises
    ------
    TypeError, ValueError
        If the input is invalid, or the request differs from that of the run to resume; see `plan_training` and
        `generate`.
    OSError
        If `out` is not empty, or the volumes may not fit on the disk.
    """
    spec = EnsembleSpec(
        reference, out, porosity, n_trainings, n_realisations, shape, preset, config, seed, validate, device, fractions
    )
    return drain(iter_ensemble(spec, resume=resume, client=client), progress)


def iter_ensemble(
    spec: EnsembleSpec, *, resume: bool = False, client: Any = None
) -> Generator[EnsembleStep, None, Ensemble]:
    """Compute an ensemble step by step, as `ensemble` does.

    Invalid input raises an error at the call. If the generator is closed, finished results remain and the ensemble can
    be resumed.

    Parameters
    ----------
    spec : EnsembleSpec
        Description of the ensemble.
    resume, client
        As for `ensemble`.

    Yields
    ------
    EnsembleStep
        Progress after each step of a task and after each task.

    Returns
    -------
    Ensemble
        Members and statistics.
    """
    check_ensemble(spec, resume=resume)
    return _iter_ensemble(spec, find_client() if client is None else client, resume=resume)


def _iter_ensemble(spec: EnsembleSpec, client: Any, *, resume: bool) -> Generator[EnsembleStep, None, Ensemble]:
    """Compute an ensemble as the only run that writes to its folder; a later run of the same request waits."""
    spec.folder.mkdir(exist_ok=True)
    count = _Count(spec.n_trainings + len(spec.members) * (2 if spec.validate else 1))
    lock = lock_for(spec.request_path, spec.request())
    try:
        turn = iter_turn(lock, spec.folder, resume=resume, is_done=lambda: False)
        note = yield from forward_steps(turn, lambda wait: count.step(wait.activity, note=wait.note))
        check_folder(spec, resume=True)
        write_text(spec.request_path, json.dumps(spec.request(), indent=1))
        if note:
            yield count.step("resuming", note=note)
        steps = _iter_all_tasks(spec, client, count)
        with closing(steps):
            for step in steps:
                lock.confirm()
                yield step
        result = _result(spec)
        result.save()
    finally:
        lock.release()
    return result


def _iter_all_tasks(spec: EnsembleSpec, client: Any, count: _Count) -> Steps:
    remote = None if client is None else Remote(client, spec)
    yield from _iter_tasks(spec, plan_trainings(spec), remote, count)
    if remote is not None and remote.prefers_whole_volumes(len(plan_volumes(spec, client).missing)):
        yield from _iter_tasks(spec, plan_volumes(spec, None), remote, count)
    else:
        yield from _iter_tasks(spec, plan_volumes(spec, client), None, count)
    if spec.validate:
        yield from _iter_tasks(spec, plan_validations(spec), remote, count)


class _Count:
    """Counter of the finished tasks."""

    def __init__(self, n_steps: int) -> None:
        self._n_steps = n_steps
        self._n_done = 0
        self._start = perf_counter()

    def step(self, task: str, detail: Progress | None = None, *, note: str = "") -> EnsembleStep:
        """Return the progress during a task."""
        done = self._n_done + (0.0 if detail is None else detail.fraction)
        return EnsembleStep(
            index=self._n_done,
            n_steps=self._n_steps,
            detail=detail,
            fraction=min(1.0, done / self._n_steps) if self._n_steps else 1.0,
            elapsed=perf_counter() - self._start,
            activity=task,
            note=note or get_note(detail),
        )

    def finish(self, task: str) -> EnsembleStep:
        """Count a finished task and return the progress."""
        self._n_done += 1
        return self.step(task)


def _iter_tasks(spec: EnsembleSpec, tasks: Tasks, remote: Remote | None, count: _Count) -> Steps:
    """Count the finished tasks and run the others, each on one worker or sequentially in this process."""
    for entry, name in tasks.names.items():
        if entry not in tasks.missing:
            yield count.finish(name)
    if remote is not None:
        for entry, notes in remote.iter_results(tasks):
            for note in notes:
                yield count.step(tasks.names[entry], note=note)
            yield count.finish(tasks.names[entry])
        return
    for entry in tasks.missing:
        name = tasks.names[entry]
        yield from forward_steps(tasks.run(spec, entry), partial(count.step, name))
        yield count.finish(name)


def _result(spec: EnsembleSpec) -> Ensemble:
    validated = spec.members if spec.validate else []
    reports = {member: json.loads(spec.report_path(member).read_text(encoding="utf-8")) for member in validated}
    members = tuple(
        Member(
            training=member[0] + 1,
            realisation=member[1] + 1,
            seed=spec.volume_seed(member),
            model=spec.model_path(member[0]),
            volume=spec.volume_path(member),
            values=extract_values(reports[member]) if spec.validate else {},
        )
        for member in spec.members
    )
    if not spec.validate:
        return Ensemble(spec.folder, members, {})
    values = [
        [member.values for member in members if member.training == training + 1] for training in range(spec.n_trainings)
    ]
    return Ensemble(spec.folder, members, summarise(reports[0, 0], values))
