"""Description of an ensemble and the paths of its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path as FilePath
from typing import Any

from napari_swnn._checks import check_seed, check_shape, check_whole
from napari_swnn._lock import is_lock
from napari_swnn._types import Path, Shape
from napari_swnn.core.descriptor.reference import Reference
from napari_swnn.core.numerics.memory import check_memory
from napari_swnn.core.training.config import TrainingConfig, describe_config, preset_config
from napari_swnn.core.training.plan import ReferenceAnalysis, TrainingPlan, analyse_reference
from napari_swnn.io.ome_zarr import OmeZarrFile
from napari_swnn.io.volume_file import check_free_space
from napari_swnn.runs._request import Request, check_same_request, describe_value
from napari_swnn.runs.volume_files import planned_layout

MemberIndex = tuple[int, int]
"""Zero-based indices of the training and the realisation."""


@dataclass(frozen=True, eq=False)
class EnsembleSpec:
    """Several trainings on a reference with several realisations each; can be sent to workers of a cluster.

    Attributes
    ----------
    reference : Reference
        Segmented section or sections.
    out : path-like
        Folder for all results.
    porosity : float, optional
        Target porosity in [0, 1]; by default the porosity of the reference.
    n_trainings, n_realisations : int
        Number of models, and number of volumes per model.
    shape : tuple of int
        Number of voxels of a volume along each axis, ``(z, y, x)``, or ``(y, x)`` for sections.
    preset : str
        Name of the preset for the trainings.
    config : TrainingConfig, optional
        Training configuration, used instead of the preset.
    seed : int
        Training ``i`` has the seed ``seed + i``; the volumes have consecutive seeds that start at `seed`.
    validate : bool
        Compare each volume with the reference, which requires enough memory for one volume.
    device : {"auto", "cpu", "cuda", "mps"}
        Device to compute on.
    fractions : mapping of int to float, optional
        Instead of `porosity`, the target fraction of each phase by label.

    Raises
    ------
    ValueError
        If a number, the shape or the seed is invalid.
    """

    reference: Reference
    out: Path
    porosity: float | None = None
    n_trainings: int = 4
    n_realisations: int = 5
    shape: Shape = (128, 128, 128)
    preset: str = "standard"
    config: TrainingConfig | None = None
    seed: int = 0
    validate: bool = True
    device: str = "auto"
    fractions: Mapping[int, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "out", FilePath(self.out).absolute())
        object.__setattr__(self, "shape", check_shape(self.shape))
        n_trainings = check_whole(self.n_trainings, name="n_trainings")
        n_members = n_trainings * check_whole(self.n_realisations, name="n_realisations")
        check_seed(check_seed(self.seed) + n_members)

    @property
    def folder(self) -> FilePath:
        """Folder for all results."""
        return FilePath(self.out)

    @property
    def training_config(self) -> TrainingConfig:
        """Configuration of the trainings."""
        return self.config or preset_config(self.preset)

    @property
    def members(self) -> list[MemberIndex]:
        """Indices of all volumes, ordered by training."""
        return [(i, j) for i in range(self.n_trainings) for j in range(self.n_realisations)]

    def model_path(self, training: int) -> FilePath:
        """Return the path of the model of a training."""
        return self.folder / f"training-{training + 1}.swnn"

    def volume_path(self, member: MemberIndex) -> FilePath:
        """Return the path of a volume."""
        return self.folder / f"training-{member[0] + 1}" / f"realisation-{member[1] + 1}.ome.zarr"

    def report_path(self, member: MemberIndex) -> FilePath:
        """Return the path of the report on a volume."""
        return self.folder / f"training-{member[0] + 1}" / f"realisation-{member[1] + 1}.json"

    @property
    def request_path(self) -> FilePath:
        """Path of the file that stores the request."""
        return self.folder / "ensemble.json"

    def volume_seed(self, member: MemberIndex) -> int:
        """Return the seed of a volume; all volumes of an ensemble have different seeds."""
        return self.seed + member[0] * self.n_realisations + member[1]

    def request(self) -> Request:
        """Return everything that determines the results, as plain values."""
        reference = self.reference
        facts: tuple[Any, ...] = (reference.phase, reference.voxel_size, reference.unit, reference.directions)
        if len(reference.phases) > 2 or reference.names:
            facts = (*facts, reference.phases, reference.names)
        return {
            "version": version("napari-swnn"),
            "reference": sha256(json.dumps(describe_value(facts)).encode()).hexdigest(),
            "porosity": describe_value(self.porosity),
            "config": describe_config(self.training_config),
            "shape": list(self.shape),
            "n_trainings": self.n_trainings,
            "n_realisations": self.n_realisations,
            "seed": self.seed,
            **({} if self.fractions is None else {"fractions": describe_value(self.fractions)}),
        }

    def file(self, n: int = 1) -> OmeZarrFile:
        """Return a file for `n` volumes of the ensemble, for estimates of its size and pieces."""
        return OmeZarrFile(self.folder, planned_layout(self.reference, self.shape, n))

    @cached_property
    def analysis(self) -> ReferenceAnalysis:
        """Analysis of the reference, shared by all trainings in a process."""
        return analyse_reference(self.reference, config=self.training_config, dimension=len(self.shape))

    def plan(self, training: int) -> TrainingPlan:
        """Return the plan of a training.

        Raises
        ------
        TypeError, ValueError
            If the training is not possible.
        """
        return self.analysis.plan(
            porosity=self.porosity, fractions=self.fractions, seed=self.seed + training, device=self.device
        )

    def __getstate__(self) -> dict[str, Any]:
        # The analysis takes tens of megabytes, and a worker recomputes it in a second.
        return {name: value for name, value in vars(self).items() if name != "analysis"}


def check_ensemble(spec: EnsembleSpec, *, resume: bool) -> None:
    """Raise an error if an ensemble cannot be computed.

    Raises
    ------
    TypeError, ValueError
        If the reference or the porosity is invalid, or the folder contains another ensemble.
    OSError
        If the folder is not empty, or the volumes may not fit on the disk.
    """
    spec.plan(0)  # raises if the training is not possible
    if spec.validate:
        check_memory(spec.shape)
    check_folder(spec, resume=resume)
    if not resume:
        check_free_space(spec.file(len(spec.members)))


def check_folder(spec: EnsembleSpec, *, resume: bool) -> None:
    """Raise an error if the folder of an ensemble contains anything but a run of the same request to resume.

    Raises
    ------
    ValueError
        If it contains another ensemble, or none.
    OSError
        If it is not empty and `resume` is False, or cannot be created.
    """
    folder = spec.folder
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"the folder of {folder} must exist, got {folder.parent}; create it first")
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"out must be a folder, got the file {folder}; choose another name")
    if not folder.exists() or all(is_lock(path) for path in folder.iterdir()):
        return
    if not resume:
        raise FileExistsError(
            f"out must be a new or empty folder, got {folder}, which is not empty; "
            "choose another, or resume the ensemble if the request is the same"
        )
    begun = json.loads(spec.request_path.read_text(encoding="utf-8")) if spec.request_path.exists() else {}
    check_same_request(spec.request(), begun, folder)
