"""What a run will do and take, found out in threads once the settings have come to rest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_swnn._checks import WORKING_MEMORY
from napari_swnn._progress import format_duration
from napari_swnn._types import Shape
from napari_swnn.widgets.kit.errors import BadInputError, to_bad_input
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.memory import format_memory, free_memory
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.reconstruction.jobs import MEASURING, TrainingJob
from napari_swnn.widgets.reconstruction.spatial import Place, Prospect

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.cost import CostEstimate
    from napari_swnn.core.training.plan import TrainingPlan

_OF_PLACES = ("map", "mask", "periodic", "exact")
"""Controls of what is asked of both Run and Generate."""
_PATIENCE, _QUIET = 300, 1200
"""Milliseconds without a change before the settings are checked, and before the time of a run is foretold."""


@dataclass(frozen=True, eq=False)
class Intent:
    """What the settings ask for.

    Attributes
    ----------
    job : TrainingJob or None
        What Run would train; None while there is no usable reference.
    shape : tuple of int
        Of a volume, ``(z, y, x)``.
    n : int
        Volumes.
    place : Place
        Of the volumes.
    model : Model or None
        What Generate would take.
    wanted : float or None
        Porosity that Generate would ask it for.
    result : {"layer", "lazy", "file"}
        What is made of the volumes.
    problem : BadInputError or None
        Why what is asked of the places cannot be taken; `place` is then without meaning.
    """

    job: TrainingJob | None
    shape: Shape
    n: int
    place: Place
    model: "Model | None"
    wanted: float | None
    result: str = "layer"
    problem: BadInputError | None = None


@dataclass(frozen=True, eq=False)
class Outlook:
    """What the settings come to.

    Attributes
    ----------
    intent : Intent
        What was looked at.
    plan : TrainingPlan or None
        What Run would do.
    run_problem, generate_problem : BadInputError or None
        Why Run or Generate cannot do it.
    """

    intent: Intent
    plan: "TrainingPlan | None" = None
    run_problem: BadInputError | None = None
    generate_problem: BadInputError | None = None

    def problem(self) -> BadInputError | None:
        """What to say beside a control, and for which button it holds where it does not for both."""
        run, generate = self.run_problem, self.generate_problem
        if run is not None and generate is not None:
            same = str(run) == str(generate) or run.control != generate.control
            return run if same else BadInputError(run.control, f"For Generate: {generate} For Run: {run}")
        found = run or generate
        alone = self.intent.job is None or self.intent.model is None
        if found is None or alone or found.control not in _OF_PLACES:
            return found
        return BadInputError(found.control, f"For {'Generate' if run is None else 'Run'}: {found}")


def look_ahead(intent: Intent) -> Outlook:
    """Plan a run, and check what is asked of its volumes."""
    plan, run_problem, generate_problem = None, None, None
    job = intent.job
    if job is not None:
        try:
            plan = job.plan()
        except (TypeError, ValueError) as error:
            run_problem = to_bad_input(error)
    if intent.problem is not None:
        run_problem, generate_problem = run_problem or intent.problem, intent.problem
    elif not intent.place.plain:
        if plan is not None:
            run_problem = _problem_of(intent, Prospect(plan.network, plan.porosity), None)
        if intent.model is not None:
            generate_problem = _problem_of(intent, intent.model, intent.wanted)
    return Outlook(intent, plan, run_problem, generate_problem)


def _problem_of(intent: Intent, model: "Model | Prospect", wanted: float | None) -> BadInputError | None:
    if intent.place.exact and intent.result == "lazy":
        text = "An exact porosity needs the whole volume; choose a layer or a file under Large volumes, or untick it."
        return BadInputError("exact", text)
    try:
        intent.place.check(model, intent.shape[-model.dimension :], wanted)
    except BadInputError as problem:
        return problem
    return None


def foretell(plan: "TrainingPlan", intent: Intent) -> "CostEstimate":
    """Time and memory of a run; the first time for a kind of work, some steps are run for it."""
    from napari_swnn.core.training.cost import estimate_cost

    shape = intent.shape[-plan.network.dimension :]
    with MEASURING:
        cost = estimate_cost(plan, shape, n_volumes=intent.n, exact=intent.place.exact)
    if intent.result == "layer":
        return replace(cost, memory=cost.memory + (intent.n - 1) * prod(shape))
    small = estimate_cost(plan, (1,) * len(shape))  # blocks go to a file, or come when they are looked at
    return replace(cost, memory=small.memory, generation=0.0 if intent.result == "lazy" else cost.generation)


def told_cost(cost: "CostEstimate") -> str:
    """An estimate in one line."""
    times = f"About {format_duration(cost.training)} to train"
    times += f", {format_duration(cost.generation)} to generate" if cost.generation else ""
    return f"{times} · {format_memory(cost.memory)} of memory"


def room_problem(shape: Shape, n: int) -> str:
    """Why volumes do not fit into memory; empty if they do."""
    needed, free = n * prod(shape) + WORKING_MEMORY, free_memory()
    if needed <= free:
        return ""
    volumes = "" if n == 1 else f"{n} volumes of "
    return (
        f"{volumes}{format_shape(shape)} voxels need {format_memory(needed)}, and {format_memory(free)} are "
        "free; choose a smaller size, or make a lazy layer or a file under Large volumes."
    )


def memory_warning(cost: "CostEstimate") -> str:
    """Why the memory may not do; empty if it should."""
    free = free_memory()
    if cost.memory <= free:
        return ""
    return (
        f"A run takes about {format_memory(cost.memory)} of memory, and {format_memory(free)} are free; choose a "
        "smaller size or fewer volumes, or close other programs."
    )


class Forecast(QObject):
    """Looks ahead whenever it is asked to, once nothing has changed for a while.

    Attributes
    ----------
    outlook : Outlook or None
        What the settings come to; None while that is not known.
    cost : CostEstimate or None
        Of the run; None while that is not known.
    cost_problem : str
        Why the cost is not known, though the rest is; empty for no reason.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.outlook: Outlook | None = None
        self.cost: CostEstimate | None = None
        self.cost_problem = ""
        self._intent: Callable[[], Intent] | None = None
        self._checker, self._coster = Checker(self), Checker(self)
        self._soon, self._later = QTimer(self), QTimer(self)
        for timer, patience, act in ((self._soon, _PATIENCE, self._look), (self._later, _QUIET, self._foretell)):
            timer.setSingleShot(True)
            timer.setInterval(patience)
            timer.timeout.connect(act)
        self._checker.done.connect(self._on_outlook)
        self._checker.failed.connect(self._on_failed)
        self._coster.done.connect(self._on_cost)
        self._coster.failed.connect(self._on_no_cost)

    def restart(self, intent: Callable[[], Intent]) -> None:
        """Forget what is known, and look ahead at what `intent` returns once the settings have come to rest."""
        self.stop()
        self.outlook, self.cost, self.cost_problem = None, None, ""
        self._intent = intent
        self._soon.start()

    def stop(self) -> None:
        """Look at nothing."""
        self._soon.stop()
        self._later.stop()
        self._checker.drop()
        self._coster.drop()

    def _look(self) -> None:
        if self._intent is not None:
            self._checker.request(look_ahead, self._intent())

    def _on_outlook(self, outlook: Outlook) -> None:
        self.outlook = outlook
        if outlook.plan is not None and outlook.run_problem is None:
            self._later.start()
        self.changed.emit()

    def _on_failed(self, text: str) -> None:
        if self._intent is not None:
            self.outlook = Outlook(self._intent(), run_problem=BadInputError("preset", text))
        self.changed.emit()

    def _foretell(self) -> None:
        if self.outlook is not None and self.outlook.plan is not None:
            self._coster.request(foretell, self.outlook.plan, self.outlook.intent)

    def _on_cost(self, cost: "CostEstimate") -> None:
        self.cost = cost
        self.changed.emit()

    def _on_no_cost(self, text: str) -> None:
        self.cost_problem = f"Time and memory could not be estimated: {text}"
        self.changed.emit()
