"""Ensembles: several trainings of one reference, several realisations of each (sect. 3.1 of the paper)."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import ceil
from pathlib import Path as FilePath
from typing import Any

from napari_swnn._checks import check_memory
from napari_swnn._steps import drain, retell
from napari_swnn._types import Path, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.training.config import TrainingConfig, preset_config
from napari_swnn.io.volume_file import check_free_space
from napari_swnn.runs._cluster import client_in_scope, iter_tasks
from napari_swnn.runs._ensemble_job import (
    EnsembleJob,
    MemberIndex,
    check_folder,
    generate_one,
    iter_train,
    iter_validate_one,
    iter_volume,
    note_of,
    train_one,
    validate_one,
    write_whole,
)
from napari_swnn.runs.ensemble_summary import Ensemble, Member, summarise, values_of


@dataclass(frozen=True, slots=True)
class EnsembleStep:
    """Progress of an ensemble.

    Attributes
    ----------
    index : int
        Tasks that are finished: trainings, volumes, validations.
    n_steps : int
        Tasks there are.
    task : str
        What is being done now.
    detail : TrainingStep, GenerationStep, ValidationStep or None
        How far that is; None where only its end is known.
    note : str
        What the user should know, for example that a training diverged and what was done; usually empty. Of a task at
        a worker it is told at the end.
    """

    index: int
    n_steps: int
    task: str
    detail: Any = None
    note: str = ""


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
) -> Ensemble:
    """Train several models of a reference, generate several volumes of each, and say how much they differ.

    Parameters
    ----------
    reference : Reference
        The segmented section(s).
    out : path-like
        Folder for all results: ``training-1.swnn``, ``training-1/realisation-1.ome.zarr`` and its report ``.json``,
        …, and the tables ``members.csv``, ``summary.csv`` and ``summary.txt``.
    porosity : float, optional
        Volume fraction of the phase of interest, in [0, 1]; the reference's own if not given.
    n_trainings, n_realisations : int
        Models, and volumes of each; the paper has 4 and 5.
    shape : tuple of int
        Voxels of a volume along each axis, ``(z, y, x)``, or ``(y, x)`` for sections.
    preset, config
        Settings of the trainings, as for `train`.
    seed : int
        Training ``i`` takes ``seed + i``; the volumes take consecutive seeds from `seed` on.
    validate : bool
        Whether to compare each volume with the reference. One volume at a time is held in memory for it.
    resume : bool
        Go on with the ensemble of this request that `out` may hold: what is finished is kept.
    client : distributed.Client, optional
        Whose workers train, generate and validate, in a folder they can all reach; by default the current one, if any.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    progress : callable, optional
        Called with each `EnsembleStep`.

    Returns
    -------
    Ensemble
        The members and the statistics.

    Raises
    ------
    TypeError, ValueError
        If the input cannot be used, or `resume` finds another request; see `plan_training` and `generate`.
    OSError
        If `out` holds something, or the volumes may not fit on the disk.
    """
    steps = iter_ensemble(
        reference,
        out=out,
        porosity=porosity,
        n_trainings=n_trainings,
        n_realisations=n_realisations,
        shape=shape,
        preset=preset,
        config=config,
        seed=seed,
        validate=validate,
        resume=resume,
        client=client,
        device=device,
    )
    return drain(steps, progress)


def iter_ensemble(
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
) -> Generator[EnsembleStep, None, Ensemble]:
    """Make an ensemble step by step, as `ensemble` does.

    Bad input is refused by the call itself. Closing the generator leaves what is finished, to resume.
    """
    job = EnsembleJob(
        folder=FilePath(out).absolute(),
        reference=reference,
        porosity=porosity,
        config=config or preset_config(preset),
        shape=shape,
        n_trainings=n_trainings,
        n_realisations=n_realisations,
        seed=seed,
        device=device,
    )
    return iter_job(job, validate=validate, resume=resume, client=client)


def iter_job(
    job: EnsembleJob, *, validate: bool = True, resume: bool = False, client: Any = None
) -> Generator[EnsembleStep, None, Ensemble]:
    """Carry out an ensemble job step by step; bad input is refused by the call itself.

    Parameters
    ----------
    job : EnsembleJob
        The request; its plans are those that the trainings follow.
    validate, resume, client
        As for `ensemble`.
    """
    job.plan(0)  # raises if the reference or the porosity cannot be used
    if validate:
        check_memory(job.shape)
    check_folder(job, resume=resume)
    if not resume:
        check_free_space(job.file(len(job.members)))
    return _iter_ensemble(job, client_in_scope() if client is None else client, validate=validate)


def _iter_ensemble(job: EnsembleJob, client: Any, *, validate: bool) -> Generator[EnsembleStep, None, Ensemble]:
    job.folder.mkdir(exist_ok=True)
    write_whole(job.request_path, json.dumps(job.request(), indent=1))
    count = _Count(job.n_trainings + len(job.members) * (2 if validate else 1))
    remote = None if client is None else _Remote(client, job)
    yield from _iter_tasks(_trainings(job), remote, count)
    volumes = _volumes(job, client)
    apart = remote is not None and remote.prefers_whole_volumes(len(volumes.missing))
    yield from _iter_tasks(volumes, remote if apart else None, count)
    if validate:
        yield from _iter_tasks(_validations(job), remote, count)
    result = _result(job, validate=validate)
    result.save()
    return result


class _Count:
    """Tasks that are finished, of those there are."""

    def __init__(self, n_steps: int) -> None:
        self._n_steps, self._done = n_steps, 0

    def step(self, task: str, detail: Any = None) -> EnsembleStep:
        """How far a task is."""
        return EnsembleStep(self._done, self._n_steps, task, detail, note_of(detail))

    def note(self, task: str, note: str) -> EnsembleStep:
        """What is to be known of a task."""
        return EnsembleStep(self._done, self._n_steps, task, note=note)

    def follow(self, task: str, steps: Generator[Any, None, Any]) -> Steps:
        """Run a task from here to its end."""
        yield from retell(steps, partial(self.step, task))
        yield self.finish(task)

    def finish(self, task: str) -> EnsembleStep:
        """One task more is finished."""
        self._done += 1
        return self.step(task)


@dataclass(frozen=True)
class _Tasks:
    """All tasks of one kind.

    Attributes
    ----------
    names : dict
        What each is called, by the entry that the others take.
    path : callable
        Where its result is, once it is finished.
    whole : callable
        ``whole(job, entry)`` does it in one go and returns the entry and its notes.
    steps : callable
        ``steps(entry)`` does it step by step.
    """

    names: dict[Any, str]
    path: Callable[[Any], FilePath]
    whole: Callable[[EnsembleJob, Any], Any]
    steps: Callable[[Any], Generator[Any, None, None]]

    @cached_property
    def missing(self) -> list[Any]:
        """Entries whose result is not there before the work."""
        return [entry for entry in self.names if not self.path(entry).exists()]


class _Remote:
    """The job at the workers of a client."""

    def __init__(self, client: Any, job: EnsembleJob) -> None:
        self.client = client
        self._n_pieces = len(job.file().pieces(0))
        # As bytes within a task, the scheduler can make the job anew when the workers that hold it are gone.
        self._job = client.submit(pickle.loads, pickle.dumps(job), pure=False)

    def each(self, function: Callable[..., Any], entries: Sequence[Any]) -> Any:
        """Results of ``function(job, entry)``, as they come in."""
        return iter_tasks(self.client, function, self._job, entries)

    def prefers_whole_volumes(self, n_volumes: int) -> bool:
        """Whether a volume for each worker takes no longer than one volume after another, each by all workers."""
        n_threads: int = max(1, sum(self.client.nthreads().values()))
        return ceil(n_volumes / n_threads) * self._n_pieces <= n_volumes * ceil(self._n_pieces / n_threads)


def _trainings(job: EnsembleJob) -> _Tasks:
    names = {i: f"training {i + 1} of {job.n_trainings}" for i in range(job.n_trainings)}
    return _Tasks(names, job.model, train_one, partial(iter_train, job))


def _volumes(job: EnsembleJob, client: Any) -> _Tasks:
    names = {member: f"volume {_name(member)}" for member in job.members}
    return _Tasks(names, job.volume, generate_one, partial(iter_volume, job, client=client))


def _validations(job: EnsembleJob) -> _Tasks:
    names = {member: f"validation {_name(member)}" for member in job.members}
    return _Tasks(names, job.report, validate_one, partial(iter_validate_one, job))


def _iter_tasks(tasks: _Tasks, remote: _Remote | None, count: _Count) -> Steps:
    """Count what is there already, and do the rest: each task by one worker, or one after another from here."""
    for entry, name in tasks.names.items():
        if entry not in tasks.missing:
            yield count.finish(name)
    if remote is not None:
        for entry, notes in remote.each(tasks.whole, tasks.missing):
            for note in notes:
                yield count.note(tasks.names[entry], note)
            yield count.finish(tasks.names[entry])
        return
    for entry in tasks.missing:
        yield from count.follow(tasks.names[entry], tasks.steps(entry))


def _name(member: MemberIndex) -> str:
    return f"{member[0] + 1}.{member[1] + 1}"


def _result(job: EnsembleJob, *, validate: bool) -> Ensemble:
    texts = {member: job.report(member).read_text(encoding="utf-8") for member in job.members} if validate else {}
    reports = {member: json.loads(text) for member, text in texts.items()}
    members = tuple(
        Member(
            training=member[0] + 1,
            realisation=member[1] + 1,
            seed=job.volume_seed(member),
            model=job.model(member[0]),
            volume=job.volume(member),
            values=values_of(reports[member]) if validate else {},
        )
        for member in job.members
    )
    if not validate:
        return Ensemble(job.folder, members, {})
    values = [
        [member.values for member in members if member.training == training + 1] for training in range(job.n_trainings)
    ]
    return Ensemble(job.folder, members, summarise(reports[0, 0], values))
