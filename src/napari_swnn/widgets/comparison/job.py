"""Request for a comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_swnn._checks import is_lazy
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.memory import check_free_memory
from napari_swnn.widgets.layers.checked_reference import CheckedReference
from napari_swnn.widgets.layers.grid import read_voxel_size
from napari_swnn.widgets.layers.reading import read_values
from napari_swnn.widgets.layers.snapshot import SAME_SIZE, Snapshot

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

VOLUMES = "volumes"
"""Key of the form row with the volumes."""
_AUTOMATIC = 2**25
"""Number of voxels up to which a comparison starts automatically, since it takes only seconds."""
_BYTES = {False: 80, True: 420}
"""Bytes of memory per voxel of the largest volume, without and with physics, measured on 128³ voxels."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A layer to compare with the reference.

    Attributes
    ----------
    name : str
        Name of the layer.
    colour : str
        Colour of its curves in the plot.
    labels : numpy.ndarray or dask array
        Labels of the layer, not copied; do not modify them.
    note : str
        Assumption about the voxel size; usually empty.
    """

    name: str
    colour: str
    labels: Any
    note: str = ""

    @classmethod
    def from_layer(cls, layer: "LabelsLayer", colour: str, reference: Snapshot) -> "Candidate":
        """Return a candidate after all checks that do not read the labels.

        Raises
        ------
        BadInputError
            If the voxel size differs from the pixel size of the reference.
        """
        labels = read_values(layer, VOLUMES)
        voxel = read_voxel_size(layer, labels.ndim, VOLUMES)
        if "voxel" in (voxel.unit, reference.voxel.unit) and voxel.unit != reference.voxel.unit:
            without_unit = "it" if voxel.unit == "voxel" else "the reference"
            note = (
                f"The voxels of “{layer.name}” are assumed to be as large as the pixels of the reference, since "
                f"{without_unit} has no unit of length."
            )
            return cls(layer.name, colour, labels, note)
        if abs(voxel.in_unit(reference.voxel.unit) / reference.voxel.value - 1) > SAME_SIZE:
            raise BadInputError(
                VOLUMES,
                f"The voxels of “{layer.name}” measure {voxel}, but the pixels of the "
                f"reference measure {reference.voxel}; resample one of the layers, "
                "or correct its scale.",
            )
        return cls(layer.name, colour, labels)

    @property
    def is_lazy(self) -> bool:
        """True if the labels are computed when read."""
        return is_lazy(self.labels)


@dataclass(frozen=True, eq=False)
class CompareJob:
    """A checked request for a comparison.

    Attributes
    ----------
    reference : CheckedReference
        Reference with its phase of interest.
    candidates : tuple of Candidate
        Volumes to compare.
    physics : bool
        True if conductivity, or with more than two phases tortuosity factors, and permeability are also computed.
    colours : mapping of int to str
        Colour of each of more than two phases, as ``"#rrggbb"``.
    """

    reference: CheckedReference
    candidates: tuple[Candidate, ...]
    physics: bool
    colours: Mapping[int, str] = field(default_factory=dict)

    @property
    def notes(self) -> str:
        """Assumptions about the volumes, as text for the user."""
        return " ".join(candidate.note for candidate in self.candidates if candidate.note)

    @property
    def why_not_automatic(self) -> str:
        """Reason why the user has to press Compare; empty if the comparison starts automatically."""
        lazy = [candidate.name for candidate in self.candidates if candidate.is_lazy]
        n_voxels = sum(candidate.labels.size for candidate in self.candidates)
        choice = self.reference.choice
        n_phases = len(choice.phases) if choice is not None else 2
        if self.physics and n_phases > 2:
            return (
                f"Press Compare: tortuosity and permeability take minutes, with {3 * n_phases + 3} solves for each "
                "volume."
            )
        if self.physics:
            return "Press Compare: conductivity and permeability take minutes, with six solves for each volume."
        if lazy:
            return f"Press Compare: “{lazy[0]}” is computed on demand; {n_voxels / 1e6:.0f} million voxels in total."
        if n_voxels * (n_phases - 1) > _AUTOMATIC:  # of two phases, one is measured
            return f"Press Compare: {n_voxels / 1e6:.0f} million voxels take some time."
        return ""


def make_job(
    reference: CheckedReference,
    candidates: tuple[Candidate, ...],
    *,
    physics: bool,
    colours: Mapping[int, str] = MappingProxyType({}),
) -> CompareJob:
    """Return the checked request for a reference and volumes.

    Raises
    ------
    BadInputError
        If sections and volumes are mixed, physics is requested for sections, or there is not enough memory for the
        largest volume.
    """
    dimensions = {candidate.labels.ndim for candidate in candidates}
    if len(dimensions) > 1:
        raise BadInputError(VOLUMES, "Both volumes and sections are ticked; tick either volumes or sections.")
    if physics and dimensions == {2}:
        raise BadInputError("physics", "Transport properties need 3-D volumes, but sections are ticked.")
    largest = max(candidates, key=lambda candidate: candidate.labels.size)
    check_free_memory(_BYTES[physics] * largest.labels.size, VOLUMES, f"Comparing “{largest.name}”")
    return CompareJob(reference, candidates, physics, colours)
