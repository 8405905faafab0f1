"""Tasks of a session that generate: realisations, and boxes of lazy layers."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_swnn._sentences import as_sentence
from napari_swnn.widgets.layers.provenance import describe_fractions, list_fractions, measure_phases
from napari_swnn.widgets.lazy.box_request import BoxRequest
from napari_swnn.widgets.reconstruction import jobs
from napari_swnn.widgets.reconstruction.jobs import Job
from napari_swnn.widgets.reconstruction.request import (
    ModelEntry,
    Request,
    Result,
    describe_result,
    describe_stored_result,
    target_porosity,
)

_REMARKS = {
    "draft": "Draft: for a first look.",
    "custom": "Trained with changed settings.",
}
"""Sentence on a result, by the remark on its model."""


@dataclass(eq=False)
class Generation:
    """Generation of the realisations of a request, one by one in memory or all at once.

    Attributes
    ----------
    request : Request
        Request for volumes.
    entry : ModelEntry
        Model that generates the volumes.
    device : str
        Description of the device.
    n_made : int
        Number of realisations generated so far.
    last_name : str
        Name of the last one.
    """

    request: Request
    entry: ModelEntry
    device: str
    n_made: int = 0
    last_name: str = ""
    _fractions: list[dict[int, float]] = field(default_factory=list)

    stopping = "Cancelling the generation…"
    failed = "The model is kept; use Generate to try again."

    @property
    def title(self) -> str:
        """Status of the current realisation."""
        return f"Generating {self.request.describe_size(self._dimension, self.n_made)} on {self.device}…"

    @property
    def cancelled(self) -> str:
        """Status after Stop."""
        path = self.request.path
        if path is None:
            return "Cancelled; the model is kept."
        return f"Stopped; Generate with the same settings and the file {path.name} resumes it."

    @property
    def is_complete(self) -> bool:
        """True once all realisations have been generated."""
        return self.n_made >= self.request.n

    def job(self) -> Job:
        """Return the next job to run."""
        if self.request.path is not None:
            return (jobs.save, self.request, self.entry.model)
        if self.request.destination == "lazy":
            return (jobs.describe, self.request, self.entry.model)
        return (jobs.generate, self.request, self.entry.model, self.n_made)

    def results(self, outcome: Any) -> list[Result]:
        """Return the realisations that a job has generated.

        Raises
        ------
        OSError, ValueError
            If the written file cannot be opened.
        """
        if self.request.path is not None:
            self.n_made = self.request.n
            found = self._stored(outcome)
        elif self.request.destination == "lazy":
            found = [self._describe(volume) for volume in outcome]
        else:
            found = [self._measured(self._describe(outcome))]
        self.last_name = found[-1].name if found else ""
        return found

    def summary(self) -> str:
        """Summarise the outcome in one or two sentences."""
        remark = self.entry.remark
        sentence = _REMARKS.get(remark, as_sentence(remark))
        if remark and remark == self.entry.end:
            sentence = f"The training was {remark}: the model is not finished."
        return f"{self._made()} {sentence}".strip()

    @property
    def _dimension(self) -> int:
        return int(self.entry.model.dimension)

    def _describe(self, volume: Any) -> Result:
        result = describe_result(self.request, self.entry, volume, volume.shape, self.n_made)
        self.n_made += 1
        return result

    def _measured(self, result: Result) -> Result:
        model = self.entry.model
        found = measure_phases(result.data, model, self.request.spatial.inside(result.data.shape))
        self._fractions.append(found)
        measured: dict[str, Any] = {"porosity_of_volume": found[model.labels.phase]}
        if len(found) > 2:
            measured["fractions_of_volume"] = {str(label): value for label, value in found.items()}
        return replace(result, metadata={**result.metadata, **measured})

    def _stored(self, path: Path) -> list[Result]:
        from napari_swnn.widgets.lazy.volume_file import open_levels  # needs Qt, which a session does not

        levels, n = open_levels(path), self.request.n
        if levels is None:
            return []
        each = [levels] if n == 1 else [[level[i] for level in levels] for i in range(n)]
        return [describe_stored_result(self.request, self.entry, path, own, i) for i, own in enumerate(each)]

    def _made(self) -> str:
        path, n = self.request.path, self.n_made
        if path is not None:
            return f"Done: {path.name} was written" + (" and opened." if self.last_name else ".")
        what = f"“{self.last_name}”" if n == 1 else f"{n} realisations"
        if not self._fractions:
            return f"Done: {what}; only the visible part is computed. In 3-D, compute a box."
        labels = self.entry.model.labels
        where = "" if self.request.spatial.mask is None else " inside the mask"
        if len(labels.phases) > 2:
            means = {label: float(np.mean([each[label] for each in self._fractions])) for label in labels.phases}
            found = f"{'' if n == 1 else 'mean of '}{describe_fractions(means, labels.named)}{where}"
            return f"Done: {what}, {found}{self._describe_targets()}."
        porosities = [each[labels.phase] for each in self._fractions]
        low, high, mean = min(porosities), max(porosities), np.mean(porosities)
        found = f"{low:.3f}" if n == 1 else f"{low:.3f} to {high:.3f}, mean {mean:.3f}"
        return f"Done: {what}, porosity{where} {found}{self._describe_targets()}."

    def _describe_targets(self) -> str:
        """Return the target fractions in parentheses, in the order of the phases; empty if they vary or are unknown."""
        target = target_porosity(self.request, self.entry)
        if target is None:
            return ""
        if len(self.entry.model.labels.phases) <= 2:
            return f" (target {target:.3f})"
        fractions = list_fractions(self.entry.model, target).values()
        return f" (targets {', '.join(f'{each:.3f}' for each in fractions)})"


@dataclass(frozen=True, eq=False)
class BoxWork(BoxRequest):
    """Computation of a box of a lazy layer."""

    stopping = "Cancelling…"
    failed = "The box was not computed."
    cancelled = "Cancelled."

    @property
    def title(self) -> str:
        """Status of the work."""
        return f"Computing {self.name}…"

    def job(self) -> Job:
        """Return the job to run."""
        return (self.compute,)
