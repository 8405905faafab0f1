"""Work off the viewer's thread: the checks that take a while, training, and generation.

The functions run in a worker thread and know no layer; `Runner` and `Checker` hand them to threads and bring what
comes back into the viewer's thread, as signals to bound methods, which Qt disconnects when the panel is gone.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_swnn._types import Labels, Shape
from napari_swnn.core.config import TrainingConfig
from napari_swnn.widgets._bad_input import BadInputError, bad_input
from napari_swnn.widgets._ending import of_the_end
from napari_swnn.widgets._place import EVERYWHERE, Place
from napari_swnn.widgets._snapshot import Snapshot
from napari_swnn.widgets._wording import full_sentence

if TYPE_CHECKING:
    from pathlib import Path

    from napari_swnn.core.generation import GenerationStep
    from napari_swnn.core.model import Model
    from napari_swnn.core.reference import Reference
    from napari_swnn.core.training import TrainingStep
    from napari_swnn.core.virtual_volume import VirtualVolume
    from napari_swnn.core.windows import Window
    from napari_swnn.statistics import FractionInterval

CHECK_THREAD = "napari-swnn check"
MEASURING = Lock()
"""Held while the speed of this machine is measured: a training waits, or both would be slow."""
_LONGEST_WAIT = 20.0
"""Seconds that it waits at most."""

logger = logging.getLogger(__name__)


class WorkFailedError(Exception):
    """Work in a thread failed; the text is one sentence for the user.

    It is no `RuntimeError`: the generator worker takes one for a deleted worker and never ends (superqt), while most
    errors of PyTorch, such as want of memory, are just that.
    """


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
    reachable: tuple[float, float] = (0.0, 1.0)
    reasons: tuple[str, ...] = ()
    interval: "FractionInterval | None" = None
    problem: BadInputError | None = None


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """A training as the user asked for it."""

    reference: "Reference"
    porosity: float | tuple[float, float]
    config: TrainingConfig
    seed: int
    device: str


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

    def arguments(self) -> dict[str, Any]:
        """What describes a volume, beside the model, the shape and the seed."""
        return {"device": self.device, **self.place.arguments(self.porosity)}


def find_devices() -> dict[str, str]:
    """Devices of this machine with a phrase for each; the first one is what "auto" takes. Loads PyTorch."""
    from napari_swnn.core.device import DEVICES, describe_device, pick_device

    found = {"auto": describe_device(pick_device("auto"))}
    for name in DEVICES[1:]:
        try:
            found[name] = describe_device(pick_device(name))
        except ValueError:  # not on this machine
            continue
    return found


def survey(inputs: Inputs) -> Survey:
    """Look at a reference: its phases, the porosities within reach, and what would be chosen from it."""
    from napari_swnn.core.plan import plan_training, reachable_porosity
    from napari_swnn.validation import reference_interval

    snapshot, phases = inputs.snapshot, inputs.snapshot.phases()
    phase = phase_of_interest(phases, inputs.phase)
    if len(phases) == 1:
        text = f"“{snapshot.name}” holds the single value {phase}; paint or threshold the other phase."
        return Survey(inputs, phases, phase, problem=BadInputError("reference", text))
    try:
        reference = snapshot.reference(phase)
        low, high = reachable_porosity(reference, config=inputs.config)
        porosity = min(max(reference.porosity, low), high)
        plan = plan_training(reference, porosity=porosity, config=inputs.config, device=inputs.device)
        interval = reference_interval(reference)
    except (TypeError, ValueError) as error:
        return Survey(inputs, phases, phase, problem=bad_input(error))
    return Survey(inputs, phases, phase, reference, plan.reachable, plan.choice.reasons, interval)


def phase_of_interest(phases: dict[int, float], wanted: int | None) -> int:
    """The wanted label if it is there, else 1, else the highest."""
    if wanted in phases:
        return wanted
    return 1 if 1 in phases else max(phases)


def train(job: TrainingJob, should_stop: Callable[[], bool]) -> "Generator[TrainingStep, None, Model]":
    """Train; yields steps, returns the model."""
    from napari_swnn.core.training import iter_training

    if MEASURING.acquire(timeout=_LONGEST_WAIT):
        MEASURING.release()
    return (
        yield from iter_training(
            job.reference,
            porosity=job.porosity,
            config=job.config,
            seed=job.seed,
            device=job.device,
            should_stop=should_stop,
        )
    )


def generate(job: GenerationJob) -> "Generator[GenerationStep, None, Labels]":
    """Generate one volume in memory; yields steps, returns the labels."""
    from napari_swnn.core.generation import iter_generate

    exact = job.place.exact
    return (yield from iter_generate(job.model, job.shape, seed=job.seed, exact=exact, **job.arguments()))


def describe(job: GenerationJob) -> "Generator[GenerationStep, None, list[VirtualVolume]]":
    """Describe volumes that are computed where they are looked at; yields nothing, returns them."""
    from napari_swnn.core.virtual_volume import describe_volume

    yield from ()
    arguments = job.arguments()
    return [describe_volume(job.model, job.shape, seed=job.seed + i, **arguments) for i in range(job.n)]


def save(job: GenerationJob, path: "Path") -> "Generator[GenerationStep, None, Path]":
    """Generate into a file, or go on with one that was begun; yields steps, returns its path."""
    yield from iter_file(job, path)
    return path


def iter_file(job: GenerationJob, path: "Path") -> "Generator[GenerationStep, None, Any]":
    """The steps of `save`; what cannot be written is refused by the call itself."""
    from napari_swnn.production import iter_generation

    given = {"seed": job.seed, "n": job.n, "exact": job.place.exact, **job.arguments()}
    return iter_generation(job.model, job.shape, out=path, resume=True, **given)


def compute_region(volume: "VirtualVolume", window: "Window") -> "Generator[GenerationStep, None, Labels]":
    """Compute a box of a volume; yields steps, returns its labels."""
    from napari_swnn.core.generation import Progress, filling

    labels, progress = np.empty(window.shape, volume.dtype), Progress(len(volume.blocks(window)))
    for _ in filling(labels, window, volume):
        yield progress.step(1)
    return labels


def load_model(path: "Path") -> "Model":
    """Read a model file. Loads PyTorch."""
    from napari_swnn.core.model import Model

    return Model.load(path)


def guarded(work: Callable[..., Generator[Any, None, Any]], *args: Any) -> Generator[Any, None, Any]:
    """The same work, with every error as a `WorkFailedError`."""
    try:
        return (yield from work(*args))
    except Exception as error:
        if not of_the_end(error):
            logger.exception("%s failed", work.__name__)
        raise WorkFailedError(sentence(error)) from error


def sentence(error: BaseException) -> str:
    """One sentence for the user; errors that are no one's input name their kind."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "There is not enough memory; choose a smaller size, smaller training volumes, or another device."
    if isinstance(error, ImportError | OSError) and "torch" in str(error).lower():
        return (
            f"PyTorch could not be loaded ({_first_line(error)}); check its installation, and on Windows that of the "
            "Visual C++ runtime."
        )
    if isinstance(error, ValueError | TypeError | OSError | WorkFailedError):
        return full_sentence(_first_line(error))
    return f"Something went wrong: {_first_line(error)} ({type(error).__name__})."


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class _Running(QObject):
    """Runs one generator at a time in a worker thread.

    After each piece of work exactly one of its own signal for results, `failed` and `cancelled` is emitted, unless it
    was abandoned: then nothing is.
    """

    failed = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._worker: Any = None
        self._stepped: Any = None
        self._done: Any = None

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return self._worker is not None

    def stop(self) -> None:
        """Cancel what is under way."""
        if self._worker is not None:
            self._worker.quit()

    def abandon(self) -> None:
        """Cancel whatever is under way and hear no more of it."""
        if self._worker is not None:
            self._worker.quit()
            self._worker = None

    def _start(self, stepped: Any, done: Any, work: Callable[..., Any], *args: Any) -> None:
        from napari.qt.threading import create_worker

        self._stepped, self._done = stepped, done
        self._worker = create_worker(
            guarded,
            work,
            *args,
            _start_thread=True,  # one that is never started would count as pending when the viewer closes
            _ignore_errors=True,
            _connect={
                "yielded": self._on_yielded,
                "returned": self._on_returned,
                "errored": self._on_errored,
                "aborted": self._on_aborted,
            },
        )

    def _on_yielded(self, step: Any) -> None:
        if self._worker is not None:
            self._stepped.emit(step)

    def _on_returned(self, result: Any) -> None:
        if self._ended():
            self._done.emit(result)

    def _on_errored(self, error: Exception) -> None:
        if self._ended():
            self.failed.emit(str(error))

    def _on_aborted(self) -> None:
        if self._ended():
            self.cancelled.emit()

    def _ended(self) -> bool:
        """Free the runner; false if the work was abandoned."""
        expected, self._worker = self._worker is not None, None
        return expected


class Runner(_Running):
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


class TaskRunner(_Running):
    """Runs any generator, one at a time; `stepped` brings what it yields, `done` what it returns."""

    stepped = Signal(object)
    done = Signal(object)

    def run(self, work: Callable[..., Generator[Any, None, Any]], *args: Any) -> None:
        """Start `work`."""
        self._start(self.stepped, self.done, work, *args)


class Checker(QObject):
    """Runs short work quietly; of several requests, only the last one is answered.

    A plain thread: the viewer asks for no confirmation to close because of it, and nothing is said if the panel is
    gone by the time of the answer.
    """

    done = Signal(object)
    failed = Signal(str)
    _answered = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._running = self._wanted = False
        self._next: tuple[Any, ...] = ()
        self._answered.connect(self._on_answered)

    @property
    def busy(self) -> bool:
        """Whether an answer is to come."""
        return self._running and self._wanted

    def request(self, work: Callable[..., Any], *args: Any) -> None:
        """Do `work` in a thread, once what runs has ended."""
        self._next, self._wanted = (work, *args), True
        if not self._running:
            self._start_next()

    def drop(self) -> None:
        """Answer no request that was made up to now."""
        self._next, self._wanted = (), False

    def _start_next(self) -> None:
        task, self._next, self._running = self._next, (), True
        Thread(target=self._work, args=task, name=CHECK_THREAD).start()

    def _work(self, work: Callable[..., Any], *args: Any) -> None:
        outcome: Any
        try:
            outcome = work(*args)
        except Exception as error:  # noqa: BLE001  (whatever it is, the panel must come to know)
            outcome = _Failure(error)
        with suppress(RuntimeError):  # the panel was deleted meanwhile
            self._answered.emit(outcome)

    def _on_answered(self, outcome: Any) -> None:
        self._running = False
        if self._next:
            self._start_next()
        elif self._wanted and isinstance(outcome, _Failure):
            logger.warning("%s", outcome.error, exc_info=outcome.error)
            self.failed.emit(sentence(outcome.error))
        elif self._wanted:
            self.done.emit(outcome)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception
