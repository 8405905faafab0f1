"""Task of a session that trains."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, Any

from napari_swnn._layer_style import colours_as_json
from napari_swnn.widgets.layers.provenance import name_fraction
from napari_swnn.widgets.reconstruction import jobs
from napari_swnn.widgets.reconstruction.jobs import Job
from napari_swnn.widgets.reconstruction.keeping import Keeping
from napari_swnn.widgets.reconstruction.request import ModelEntry, Request

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.training.plan import TrainingPlan
    from napari_swnn.core.training.run import TrainingStep
    from napari_swnn.statistics import FractionInterval


def is_finishing(step: "TrainingStep") -> bool:
    """Return True once a training has taken its last step, after which its model is calibrated."""
    return step.activity != "training" or step.iteration >= step.n_iterations


@dataclass(eq=False)
class Training:
    """Training, and the request for the volumes to generate afterwards.

    Attributes
    ----------
    request : Request
        Request for volumes to generate with the model.
    source : str
        Name of the reference.
    device : str
        Description of the device.
    interval : FractionInterval or None
        Confidence interval of the porosity of the reference.
    plan : TrainingPlan or None
        Plan to execute; None until prepared.
    keeping : Keeping
        Record of what is kept of the training.
    """

    request: Request
    source: str
    device: str
    interval: "FractionInterval | None" = None
    plan: "TrainingPlan | None" = None
    keeping: Keeping = field(default_factory=Keeping)
    _should_stop: Event = field(default_factory=Event)
    _begun: float = field(default_factory=time.monotonic)

    stopping = "Stopping: finishing the model…"
    discarding = "Discarding the training…"
    failed = "Nothing was changed."

    @property
    def cancelled(self) -> str:
        """Status after Stop without a model."""
        if not self.is_discarded:
            return "Cancelled."
        if self.keeping.resume:
            return "Discarded: no model was added. The unfinished training can still be resumed."
        return "Discarded: nothing was kept."

    @property
    def is_discarded(self) -> bool:
        """True if no model is to be kept."""
        return self.keeping.is_discarded

    @property
    def seconds_at_stake(self) -> float:
        """Time of training that is lost if it is discarded; 0 if it was resumed, as its state is kept."""
        return 0.0 if self.keeping.resume else time.monotonic() - self._begun

    @property
    def title(self) -> str:
        """Status before the first step."""
        return f"Preparing the training on {self.device}…"

    def job(self) -> Job:
        """Return the job to run, which requires a plan."""
        self.keeping.provenance = self._provenance
        return (jobs.train, self.plan, self._should_stop.is_set, self.keeping)

    def finish_early(self) -> None:
        """End training early and finalise the model."""
        self._should_stop.set()

    @property
    def is_stopped(self) -> bool:
        """True if training ends early and its model is finalised."""
        return self._should_stop.is_set() and not self.is_discarded

    def discard(self) -> None:
        """Keep no model of the training."""
        self.keeping.is_discarded = True

    def drop(self) -> None:
        """Remove what is kept of a discarded training, except the state of one that was kept before it was resumed."""
        state = None if self.keeping.resume else self.keeping.checkpoint
        for kept in (state, self.keeping.kept):
            if kept is not None:
                with suppress(OSError):  # a model can be removed in the gallery, and an old state is removed in time
                    kept.remove()

    @property
    def steps_before(self) -> "list[tuple[float, int]]":
        """Loss and scale of each step before the state from which the training goes on; empty for a new training."""
        if self.plan is None or self.keeping.checkpoint is None:
            return []
        scales = [schedule.scale for schedule in self.plan.schedules for _ in range(schedule.n_steps)]
        return list(zip(self.keeping.checkpoint.losses_before, scales, strict=False))  # the other scales are to come

    def describe_step(self, step: "TrainingStep") -> str:
        """Return the status text for a step."""
        if is_finishing(step):
            return "Finishing the model: calibrating its porosity…"
        scale = "full resolution" if step.scale == 1 else f"1/{step.scale} of the resolution"
        return f"Training on {self.device}, at {scale} · {self._subject} {step.porosity:.2f}"

    @property
    def _subject(self) -> str:
        """Name of the fraction of the phase of interest."""
        return "porosity" if self.plan is None else name_fraction(self.plan.reference.phases, self.plan.reference.names)

    @property
    def _provenance(self) -> dict[str, Any]:
        """Facts about the reference that the model states, also in the gallery."""
        interval, colours = self.interval, self.request.colours
        facts: dict[str, Any] = {} if interval is None else {"reference_interval": [interval.low, interval.high]}
        return {**facts, "colours": colours_as_json(colours)} if colours else facts

    def entry(self, model: "Model") -> ModelEntry:
        """Return the trained model with its origin."""
        model = replace(model, provenance={**model.provenance, **self._provenance})
        reference = None if self.plan is None else self.plan.reference
        return ModelEntry(model, self.source, self.request.preset, kept=self.keeping.kept, reference=reference)
