"""Comparing volumes with a reference: what is checked before, and the work in the thread."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._steps import retell
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import capitalise
from napari_swnn.widgets.layers.reading import read_values, read_voxel_size
from napari_swnn.widgets.layers.snapshot import Snapshot

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.validation import ValidationReport

CONTROL = "volumes"
_SAME = 0.01
"""Relative difference between two voxel sizes that are taken as equal."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A layer to be compared with the reference.

    Attributes
    ----------
    name : str
        Of the layer.
    colour : str
        Of its curves.
    labels : numpy.ndarray or dask array
        The layer's own, not to be written to.
    note : str
        What to keep in mind, empty if nothing.
    """

    name: str
    colour: str
    labels: Any
    note: str = ""

    @classmethod
    def of(cls, layer: "LabelsLayer", colour: str, reference: Snapshot) -> "Candidate":
        """Check what can be checked without reading the labels.

        Raises
        ------
        BadInputError
            If its voxels are not those of the reference.
        """
        labels = read_values(layer, CONTROL)
        voxel = read_voxel_size(layer, labels.ndim, CONTROL)
        if "voxel" in (voxel.unit, reference.voxel.unit) and voxel.unit != reference.voxel.unit:
            note = f"The voxels of “{layer.name}” are taken to be as large as the pixels of the reference: "
            without = "it" if voxel.unit == "voxel" else "the reference"
            return cls(layer.name, colour, labels, f"{note}{without} has no unit of length.")
        if abs(voxel.in_unit(reference.voxel.unit) / reference.voxel.value - 1) > _SAME:
            raise BadInputError(
                CONTROL,
                f"The voxels of “{layer.name}” measure {voxel}, the pixels of the reference {reference.voxel}; "
                "resample one of them, or correct its scale.",
            )
        return cls(layer.name, colour, labels)


@dataclass(frozen=True, eq=False)
class CompareJob:
    """A comparison as the user asked for it."""

    reference: Snapshot
    phase: int
    candidates: tuple[Candidate, ...]
    physics: bool


@dataclass(frozen=True, slots=True)
class CompareStep:
    """How far a comparison is."""

    share: float
    task: str


@dataclass(frozen=True, eq=False)
class Comparison:
    """Volumes beside their reference.

    Attributes
    ----------
    reference : str
        Name of the reference.
    names, colours : tuple of str
        Of the volumes, in the order of the report.
    report : ValidationReport
        All the numbers.
    refused : tuple of str
        A sentence for each volume that could not be compared.
    """

    reference: str
    names: tuple[str, ...]
    colours: tuple[str, ...]
    report: "ValidationReport"
    refused: tuple[str, ...]


def check_together(candidates: tuple[Candidate, ...], *, physics: bool) -> None:
    """Refuse what cannot be compared in one go.

    Raises
    ------
    BadInputError
        If sections and volumes are mixed, or physics is asked for sections.
    """
    dimensions = {candidate.labels.ndim for candidate in candidates}
    if len(dimensions) > 1:
        raise BadInputError(CONTROL, "Both volumes and sections are checked; check either volumes or sections.")
    if physics and dimensions == {2}:
        raise BadInputError("physics", "Conductivity and permeability need 3-D volumes; sections are checked.")


def compare(job: CompareJob) -> "Generator[CompareStep, None, Comparison]":
    """Compare; yields how far it is, returns the comparison."""
    from napari_swnn.validation import iter_validate

    yield CompareStep(0.0, "Looking at the layers…")
    reference = job.reference.reference(job.phase)
    fit, refused = [], []
    for candidate in job.candidates:
        problem = _lacking(candidate, job.phase)
        if problem:
            refused.append(problem)
        else:
            fit.append(candidate)
        yield CompareStep(0.0, "Looking at the layers…")
    if not fit:
        raise BadInputError(CONTROL, " ".join(refused))
    volumes = [_in_two_phases(c.labels, reference) if job.physics else c.labels for c in fit]
    report = yield from retell(
        iter_validate(volumes, reference, physics=job.physics),
        lambda step: CompareStep(step.fraction, capitalise(step.activity)),
    )
    names, colours = tuple(c.name for c in fit), tuple(c.colour for c in fit)
    return Comparison(job.reference.name, names, colours, report, tuple(refused))


def _lacking(candidate: Candidate, phase: int) -> str:
    """Why a volume cannot be compared; empty if it can. Reads a lazy one block by block."""
    from napari_swnn.statistics import volume_fraction

    fraction = volume_fraction(candidate.labels, phase=phase)
    if fraction == 0:
        return f"“{candidate.name}” holds no label {phase}; relabel it, or choose the phase that it shares."
    if fraction == 1:
        return f"“{candidate.name}” holds nothing but label {phase}; there is nothing to compare."
    return ""


def _in_two_phases(labels: Any, reference: "Reference") -> Any:
    """What is not the phase of interest is one background, as in the reference."""
    return np.where(labels == reference.phase, reference.phase, reference.background)
