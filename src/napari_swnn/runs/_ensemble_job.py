"""One ensemble: what it was asked for, where its files are, and how each of them is made."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path as FilePath
from typing import Any

from napari_swnn._checks import check_seed, check_shape, check_whole
from napari_swnn._files import replaced_when_complete
from napari_swnn._types import Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.model.model import Model
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.core.training.plan import ReferenceAnalysis, TrainingPlan, analyse_reference
from napari_swnn.core.training.run import TrainingStep, iter_training
from napari_swnn.core.volume.generation import GenerationStep
from napari_swnn.io.ome_zarr import OmeZarrFile, open_ome_zarr
from napari_swnn.runs._request import Request, check_same, plain
from napari_swnn.runs.generation import iter_generation, layout_to_come
from napari_swnn.validation import ValidationStep, iter_validate

MemberIndex = tuple[int, int]
"""Numbers of the training and of the realisation, from 0."""


@dataclass(frozen=True, eq=False)
class EnsembleJob:
    """What is asked for; it can be sent to the workers of a cluster."""

    folder: FilePath
    reference: Reference
    porosity: float | None
    config: TrainingConfig
    shape: Shape
    n_trainings: int
    n_realisations: int
    seed: int
    device: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", check_shape(self.shape))
        n_trainings = check_whole(self.n_trainings, name="n_trainings")
        n_realisations = check_whole(self.n_realisations, name="n_realisations")
        check_seed(check_seed(self.seed) + n_trainings * n_realisations)

    @property
    def members(self) -> list[MemberIndex]:
        """All of them, those of the first training first."""
        return [(i, j) for i in range(self.n_trainings) for j in range(self.n_realisations)]

    def model(self, training: int) -> FilePath:
        """Where the model of a training is."""
        return self.folder / f"training-{training + 1}.swnn"

    def volume(self, member: MemberIndex) -> FilePath:
        """Where a volume is."""
        return self.folder / f"training-{member[0] + 1}" / f"realisation-{member[1] + 1}.ome.zarr"

    def report(self, member: MemberIndex) -> FilePath:
        """Where its report is."""
        return self.folder / f"training-{member[0] + 1}" / f"realisation-{member[1] + 1}.json"

    def volume_seed(self, member: MemberIndex) -> int:
        """No two volumes share their noise."""
        return self.seed + member[0] * self.n_realisations + member[1]

    @property
    def request_path(self) -> FilePath:
        """Where the request is kept."""
        return self.folder / "ensemble.json"

    def request(self) -> Request:
        """Everything that the results depend on, in plain values."""
        facts = (self.reference.phase, self.reference.voxel_size, self.reference.unit, self.reference.directions)
        return {
            "version": version("napari-swnn"),
            "reference": sha256(json.dumps(plain(facts)).encode()).hexdigest(),
            "porosity": plain(self.porosity),
            "config": plain(self.config),
            "shape": list(self.shape),
            "n_trainings": self.n_trainings,
            "n_realisations": self.n_realisations,
            "seed": self.seed,
        }

    def file(self, n: int = 1) -> OmeZarrFile:
        """A file like those of the volumes, with `n` of them."""
        return OmeZarrFile(self.folder, layout_to_come(self.reference, self.shape, n))

    @cached_property
    def analysis(self) -> ReferenceAnalysis:
        """Analysis of the reference, shared by all trainings of a process."""
        return analyse_reference(self.reference, config=self.config, dimension=len(self.shape))

    def plan(self, training: int) -> TrainingPlan:
        """Plan a training; raises if it cannot be carried out."""
        return self.analysis.plan(porosity=self.porosity, seed=self.seed + training, device=self.device)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the analysis behind: its patterns are tens of megabytes, and a worker extracts them in a second."""
        return {name: value for name, value in vars(self).items() if name != "analysis"}


def check_folder(job: EnsembleJob, *, resume: bool) -> None:
    """Refuse a folder that holds anything but, for one that goes on, this ensemble.

    Raises
    ------
    OSError
        If it holds something, is a file, or lies in a folder that does not exist.
    ValueError
        If it holds another ensemble, or something else.
    """
    folder = job.folder
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"the folder of {folder} must exist, got {folder.parent}; make it first")
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"out must be a folder, got the file {folder}; choose another name")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not resume:
        raise FileExistsError(
            f"out must be a new or empty folder, got {folder}, which holds something; "
            "choose another, or resume the ensemble if it is of the same request"
        )
    begun = json.loads(job.request_path.read_text(encoding="utf-8")) if job.request_path.exists() else {}
    check_same(job.request(), begun, folder)


def iter_train(job: EnsembleJob, training: int) -> Generator[TrainingStep, None, None]:
    """Train and save a model."""
    model = yield from iter_training(job.plan(training))
    model.save(job.model(training))


def train_one(job: EnsembleJob, training: int) -> tuple[int, list[str]]:
    """The same in one go; returns its number, and its notes."""
    return training, _notes(iter_train(job, training))


def iter_volume(job: EnsembleJob, member: MemberIndex, client: Any = None) -> Generator[GenerationStep, None, None]:
    """Generate a volume on disk, or go on with it."""
    path = job.volume(member)
    path.parent.mkdir(exist_ok=True)
    yield from iter_generation(
        Model.load(job.model(member[0])),
        job.shape,
        seed=job.volume_seed(member),
        out=path,
        resume=True,
        client=client,
        device=job.device,
    )


def generate_one(job: EnsembleJob, member: MemberIndex) -> tuple[MemberIndex, list[str]]:
    """The same in one go; returns its number, and its notes."""
    return member, _notes(iter_volume(job, member))


def iter_validate_one(job: EnsembleJob, member: MemberIndex) -> Generator[ValidationStep, None, None]:
    """Validate a volume and save the report."""
    volume = open_ome_zarr(job.volume(member)).levels[0]
    report = yield from iter_validate(volume, job.reference)
    write_whole(job.report(member), json.dumps(report.to_dict(), indent=1, allow_nan=False, ensure_ascii=False))


def validate_one(job: EnsembleJob, member: MemberIndex) -> tuple[MemberIndex, list[str]]:
    """The same in one go; returns its number, and its notes."""
    return member, _notes(iter_validate_one(job, member))


def note_of(step: Any) -> str:
    """What a step has to say, for example that the training diverged; empty if nothing."""
    return str(getattr(step, "note", ""))


def _notes(steps: Generator[Any, None, None]) -> list[str]:
    """Run `steps` to the end; what they had to say."""
    return [note for step in steps if (note := note_of(step))]


def write_whole(path: FilePath, text: str) -> None:
    """Write a text that is there as a whole or not at all."""
    with replaced_when_complete(path) as file:
        file.write_text(text, encoding="utf-8")
