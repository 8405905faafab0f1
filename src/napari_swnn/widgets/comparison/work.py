"""Comparison of volumes with a reference in a worker thread."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._progress import Progress
from napari_swnn._sentences import capitalise
from napari_swnn._steps import forward_steps
from napari_swnn.widgets.comparison.job import VOLUMES, Candidate, CompareJob
from napari_swnn.widgets.kit.errors import BadInputError

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import ValidationReport


@dataclass(frozen=True, eq=False)
class Comparison:
    """Result of a comparison of volumes with their reference.

    Attributes
    ----------
    reference : str
        Name of the reference.
    names, colours : tuple of str
        Names of the volumes and colours of their curves, in the same order as in the report.
    report : ValidationReport
        Validation report on the volumes.
    refused : tuple of str
        Reason for each volume that could not be compared.
    phase_colours : mapping of int to str
        Colour of each of more than two phases.
    """

    reference: str
    names: tuple[str, ...]
    colours: tuple[str, ...]
    report: "ValidationReport"
    refused: tuple[str, ...]
    phase_colours: Mapping[int, str] = field(default_factory=dict)


def compare(job: CompareJob) -> Generator[Progress, None, Comparison]:
    """Compare volumes with their reference, yielding progress and returning the comparison.

    Raises
    ------
    BadInputError
        If none of the volumes can be compared.
    """
    from napari_swnn.validation import iter_validate

    reading = Progress(fraction=0.0, activity="Reading the layers…")
    yield reading
    reference = job.reference.reference()
    accepted, refused = [], []
    for candidate in job.candidates:
        problem = _find_problem(candidate, reference.phase)
        if problem:
            refused.append(problem)
        else:
            accepted.append(candidate)
        yield reading
    if not accepted:
        raise BadInputError(VOLUMES, " ".join(refused))
    merges = job.physics and reference.background is not None
    volumes = [_merge_background(each.labels, reference) if merges else each.labels for each in accepted]
    report = yield from forward_steps(
        iter_validate(volumes, reference, physics=job.physics),
        lambda step: Progress(fraction=step.fraction, activity=capitalise(step.activity)),
    )
    source, names = job.reference.snapshot.name, tuple(each.name for each in accepted)
    return Comparison(
        reference=source,
        names=names,
        colours=tuple(each.colour for each in accepted),
        report=report.with_names(source, names),
        refused=tuple(refused),
        phase_colours=job.colours,
    )


def _find_problem(candidate: Candidate, phase: int) -> str:
    """Return the reason why a volume cannot be compared, or an empty string; lazy volumes are read block by block."""
    from napari_swnn.statistics import volume_fractions

    fraction = volume_fractions(candidate.labels).get(phase, 0)
    if fraction == 0:
        return f"“{candidate.name}” does not contain label {phase}; relabel it, or choose a phase that it contains."
    if fraction == 1:
        return f"“{candidate.name}” contains only label {phase}; it needs a second phase."
    return ""


def _merge_background(labels: Any, reference: "Reference") -> Any:
    """Return labels with all other phases merged into the background, as in the reference."""
    return np.where(labels == reference.phase, reference.phase, reference.background)
