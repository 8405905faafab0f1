"""The work of the reconstruction panel: checks, training and generation, without any control."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_swnn._types import Labels, Shape
from napari_swnn.core.training.config import TrainingConfig
from napari_swnn.widgets.kit.errors import BadInputError, to_bad_input
from napari_swnn.widgets.kit.threads import Running
from napari_swnn.widgets.layers.snapshot import Snapshot, choose_phase
from napari_swnn.widgets.reconstruction.spatial import EVERYWHERE, Place

if TYPE_CHECKING:
    from pathlib import Path

    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.plan import ReferenceAnalysis, TrainingPlan
    from napari_swnn.core.training.run import TrainingStep
    from napari_swnn.core.volume.assembly import GenerationStep
    from napari_swnn.core.volume.spec import VolumeSpec
    from napari_swnn.core.volume.virtual_volume import VirtualVolume
    from napari_swnn.statistics import FractionInterval

MEASURING = Lock()
"""Held while the speed of this machine is measured: a training waits, or both would be slow."""
_LONGEST_WAIT = 20.0
"""Seconds that it waits at most."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a reference is checked for."""

    snapshot: Snapshot
    phase: int | None
    config: TrainingConfig
    device: str


@dataclass(frozen=True, eq=False)
class Survey:
    """What was found out about a reference.

    Attributes
    ----------
    inputs : Inputs
        What was looked at.
    phases : dict
        Fraction of each label.
    phase : int
        The phase of interest; the one that was asked for if it is there.
    reference : Reference
        With its porosity.
    analysis : ReferenceAnalysis or None
        Its patterns and the network chosen for them, from which every plan is made.
    reachable : tuple of float
        Porosities that its patterns can express.
    reasons : tuple of str
        What is chosen from it, one sentence each.
    interval : FractionInterval or None
        Of the material's porosity, as far as the reference tells it.
    problem : BadInputError or None
        Why it cannot be used; all but `phases` and `phase` is then without meaning.
    """

    inputs: Inputs
    phases: dict[int, float]
    phase: int
    reference: "Reference | None" = None
    analysis: "ReferenceAnalysis | None" = None
    reachable: tuple[float, float] = (0.0, 1.0)
    reasons: tuple[str, ...] = ()
    interval: "FractionInterval | None" = None
    problem: BadInputError | None = None


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """A training as the user asked for it."""

    analysis: "ReferenceAnalysis"
    porosity: float | tuple[float, float]
    seed: int
    device: str

    @property
    def reference(self) -> "Reference":
        """The reference to train on."""
        return self.analysis.reference

    def plan(self) -> "TrainingPlan":
        """Plan the training; cheap, since the reference is analysed already."""
        return self.analysis.plan(porosity=self.porosity, seed=self.seed, device=self.device)


@dataclass(frozen=True, eq=False)
class GenerationJob:
    """Realisations as the user asked for them: of the seeds `seed` to ``seed + n - 1``."""

    model: "Model"
    shape: Shape
    seed: int
    device: str
    porosity: float | None = None
    place: Place = field(default_factory=lambda: EVERYWHERE)
    n: int = 1

    @property
    def spec(self) -> "VolumeSpec":
        """Description of the first realisation."""
        return self.place.spec(self.shape, self.porosity, self.seed)


def find_devices() -> dict[str, str]:
    """Devices of this machine with a phrase for each; the first one is what "auto" takes. Loads PyTorch."""
    from napari_swnn.core.numerics.device import DEVICES, describe_device, pick_device

    found = {"auto": describe_device(pick_device("auto"))}
    for name in DEVICES[1:]:
        try:
            found[name] = describe_device(pick_device(name))
        except ValueError:  # not on this machine
            continue
    return found


def survey(inputs: Inputs) -> Survey:
    """Look at a reference: its phases, the porosities within reach, and what would be chosen from it."""
    from napari_swnn.core.training.plan import analyse_reference
    from napari_swnn.validation import reference_interval

    snapshot, phases = inputs.snapshot, inputs.snapshot.phases()
    phase = choose_phase(phases, inputs.phase)
    if len(phases) == 1:
        text = f"“{snapshot.name}” holds the single value {phase}; paint or threshold the other phase."
        return Survey(inputs, phases, phase, problem=BadInputError("reference", text))
    try:
        reference = snapshot.reference(phase)
        analysis = analyse_reference(reference, config=inputs.config)
        low, high = analysis.reachable
        plan = analysis.plan(porosity=min(max(reference.porosity, low), high), device=inputs.device)
        interval = reference_interval(reference)
    except (TypeError, ValueError) as error:
        return Survey(inputs, phases, phase, problem=to_bad_input(error))
    return Survey(inputs, phases, phase, reference, analysis, plan.reachable, plan.reasons, interval)


def train(job: TrainingJob, should_stop: Callable[[], bool]) -> "Generator[TrainingStep, None, Model]":
    """Train; yields steps, returns the model."""
    from napari_swnn.core.training.run import iter_training

    if MEASURING.acquire(timeout=_LONGEST_WAIT):
        MEASURING.release()
    return (yield from iter_training(job.plan(), should_stop=should_stop))


def generate(job: GenerationJob) -> "Generator[GenerationStep, None, Labels]":
    """Generate one volume in memory; yields steps, returns the labels."""
    from napari_swnn.runs import iter_generation

    return (yield from iter_generation(job.model, job.spec, device=job.device))


def describe(job: GenerationJob) -> "Generator[GenerationStep, None, list[VirtualVolume]]":
    """Describe volumes that are computed where they are looked at; yields nothing, returns them."""
    from napari_swnn.core.volume.virtual_volume import describe_volume

    yield from ()
    spec = job.spec
    seeds = range(job.seed, job.seed + job.n)
    return [describe_volume(job.model, replace(spec, seed=seed), device=job.device) for seed in seeds]


def save(job: GenerationJob, path: "Path") -> "Generator[GenerationStep, None, Path]":
    """Generate into a file, or go on with one that was begun; yields steps, returns its path."""
    yield from iter_file(job, path)
    return path


def iter_file(job: GenerationJob, path: "Path") -> "Generator[GenerationStep, None, Any]":
    """The steps of `save`; what cannot be written is refused by the call itself."""
    from napari_swnn.runs import iter_generation

    return iter_generation(job.model, job.spec, n=job.n, out=path, resume=True, device=job.device)


def compute_region(volume: "VirtualVolume", window: "Window") -> "Generator[GenerationStep, None, Labels]":
    """Compute a box of a volume; yields steps, returns its labels."""
    from napari_swnn.core.volume.assembly import iter_assembly

    return (yield from iter_assembly(volume, window))


def load_model(path: "Path") -> "Model":
    """Read a model file. Loads PyTorch."""
    from napari_swnn.core.model.model import Model

    return Model.load(path)


class Runner(Running):
    """Runs one training or generation at a time; `trained` and the signals below it bring their results."""

    training_stepped = Signal(object)
    generation_stepped = Signal(object)
    trained = Signal(object)
    generated = Signal(object)
    described = Signal(object)
    saved = Signal(object)
    computed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._should_stop: Event | None = None

    def train(self, job: TrainingJob) -> None:
        """Start a training."""
        self._should_stop = Event()
        self._start(self.training_stepped, self.trained, train, job, self._should_stop.is_set)

    def generate(self, job: GenerationJob) -> None:
        """Start a generation in memory."""
        self._should_stop = None
        self._start(self.generation_stepped, self.generated, generate, job)

    def describe(self, job: GenerationJob) -> None:
        """Describe volumes without computing them."""
        self._should_stop = None
        self._start(self.generation_stepped, self.described, describe, job)

    def save(self, job: GenerationJob, path: "Path") -> None:
        """Start a generation into a file."""
        self._should_stop = None
        self._start(self.generation_stepped, self.saved, save, job, path)

    def compute(self, volume: "VirtualVolume", window: "Window") -> None:
        """Compute a box of a volume."""
        self._should_stop = None
        self._start(self.generation_stepped, self.computed, compute_region, volume, window)

    def stop(self) -> None:
        """End a training with the model as it is by now, or cancel a generation."""
        if self._should_stop is not None:
            self._should_stop.set()
        else:
            super().stop()
