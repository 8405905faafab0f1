"""Requests for a composition, and the structure of each region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._types import AXES, Shape
from napari_swnn.core.numerics.memory import WORKING_MEMORY
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.memory import size_problem
from napari_swnn.widgets.layers.provenance import describe_fractions
from napari_swnn.widgets.layers.trained_models import ModelEntry
from napari_swnn.widgets.lazy.output_panel import Destination

if TYPE_CHECKING:
    from napari_swnn.core.volume.composed_volume import ComposedVolume
    from napari_swnn.core.volume.composition import Composition

MOST_REGIONS = 16
"""Largest number of regions that the panel lists."""


@dataclass(frozen=True)
class PartChoice:
    """Structure of one region.

    Attributes
    ----------
    region : int
        Label of the region.
    entry : ModelEntry or None
        Model of the structure; None for a region that is all of one phase.
    label : int
        Label of that phase.
    porosity : float or None
        Target porosity of a model for a range; None for its own.
    angle : float
        Rotation of the structure in degrees.
    axis : int
        Axis of the rotation.
    """

    region: int
    entry: ModelEntry | None
    label: int = 0
    porosity: float | None = None
    angle: float = 0.0
    axis: int = 0

    def describe(self) -> str:
        """Return the structure as text."""
        if self.entry is None:
            return f"region {self.region}: label {self.label}"
        porosity = "" if self.porosity is None else f", porosity {self.porosity:.3g}"
        turned = f", rotated by {self.angle:g}° about {AXES[self.axis]}" if self.angle else ""
        return f"region {self.region}: {self.entry.source}{porosity}{turned}"


@dataclass(frozen=True, eq=False)
class RegionChoice:
    """Global structure: a layer, or a model that generates it.

    Attributes
    ----------
    name : str
        Name of the layer or model.
    labels : array or None
        Labels of the layer, ``(z, y, x)`` or ``(y, x)``, which must not be modified.
    entry : ModelEntry or None
        Model that generates the regions.
    scale : int
        Edge length of a voxel of that model, in voxels of the composition.
    fractions : mapping of int to float
        Fraction of each region.
    names : mapping of int to str
        Names of the regions by label; may be empty.
    """

    name: str
    labels: Any = None
    entry: ModelEntry | None = None
    scale: int = 1
    fractions: Mapping[int, float] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ComposeRequest:
    """Copy of the settings, taken when Run or Preview is pressed.

    Attributes
    ----------
    regions : RegionChoice
        Global structure.
    parts : tuple of PartChoice
        Structure of each region.
    shape : tuple of int
        Shape of the volume in voxels, ``(z, y, x)``.
    seed : int
        Seed of the composition.
    is_preview : bool
        True to compute the middle plane only.
    destination : str
        Output: ``"memory"``, ``"lazy"`` or ``"file"``.
    path : Path or None
        File to write to.
    """

    regions: RegionChoice
    parts: tuple[PartChoice, ...]
    shape: Shape
    seed: int = 0
    is_preview: bool = False
    destination: Destination = "memory"
    path: Path | None = None

    @property
    def is_lazy(self) -> bool:
        """True if only the visible part is computed."""
        return self.destination == "lazy" and not self.is_preview

    @property
    def title(self) -> str:
        """Name of the result."""
        lazy = f" · lazy, {format_shape(self.shape)}" if self.is_lazy else ""
        return f"{self.regions.name} composed{self._chosen} · seed {self.seed}{lazy}"

    @property
    def _chosen(self) -> str:
        """Porosities and rotations of the structures, which tell compositions of the same regions apart."""
        porosities = dict.fromkeys(f"{each.porosity:.3g}" for each in self.parts if each.porosity is not None)
        turns = dict.fromkeys(f"{each.angle:g}° about {AXES[each.axis]}" for each in self.parts if each.angle)
        shown = (f"porosity {', '.join(porosities)}" if porosities else "", ", ".join(turns))
        return "".join(f" · {text}" for text in shown if text)

    @property
    def memory(self) -> int:
        """Memory of a run in bytes: the volume unless it is written to a file, and the blocks in progress."""
        return (prod(self.shape) if self.destination == "memory" else 0) + WORKING_MEMORY

    def resembles(self, other: "ComposeRequest") -> bool:
        """Return True if another request takes as much time."""
        regions = (self.regions.entry, self.regions.scale, self.shape)
        others = (other.regions.entry, other.regions.scale, other.shape)
        return regions == others and self.regions.labels is other.regions.labels and self.parts == other.parts

    def to_composition(self) -> "Composition":
        """Return the description of the volume; loads PyTorch."""
        from napari_swnn.core.volume.composition import Composition, Filling, Part
        from napari_swnn.core.volume.regions import GeneratedRegions

        parts: dict[int, Filling] = {}
        for each in self.parts:
            if each.entry is None:
                parts[each.region] = each.label
            else:
                parts[each.region] = Part(each.entry.model, porosity=each.porosity, angle=each.angle, axis=each.axis)
        regions: Any = self.regions.labels
        if self.regions.entry is not None:
            regions = GeneratedRegions(self.regions.entry.model, scale=self.regions.scale)
        return Composition(parts, self.shape, regions=regions, seed=self.seed)

    def to_dict(self) -> dict[str, Any]:
        """Return the origin of the result as JSON-serialisable values."""
        return {
            "regions": self.regions.name,
            "parts": [each.describe() for each in self.parts],
            "seed": self.seed,
            "shape": list(self.shape),
        }


@dataclass(frozen=True, eq=False)
class ComposeResult:
    """A composed volume, or its middle plane.

    Attributes
    ----------
    request : ComposeRequest
        Request of the run.
    volume : ComposedVolume
        Description of the volume.
    data : numpy.ndarray, ComposedVolume, list or None
        Labels of the volume or of the plane, a lazy volume, or the levels of a file; None for a file that
        is not opened.
    """

    request: ComposeRequest
    volume: "ComposedVolume"
    data: Any

    @property
    def name(self) -> str:
        """Name of the layer."""
        return self.request.title if self.request.path is None else self.request.path.name

    @property
    def fractions(self) -> str:
        """Fractions of the phases of a volume in memory as a sentence; empty for others, which are not read."""
        if not isinstance(self.data, np.ndarray):
            return ""
        phases = self.volume.phase_labels
        found = {label: float((self.data == label).mean()) for label in phases.phases}
        return f"Fractions: {describe_fractions(found, phases.named)}."

    @property
    def summary(self) -> str:
        """Outcome in one or two sentences."""
        if self.request.path is not None:
            opened = " and opened" if self.data is not None else ""
            return f"Done. {self.request.path.name} was written{opened}."
        if self.request.is_lazy:
            return "Done. One layer was added; only its visible part is computed. In 3-D, compute a box."
        return "Done. One layer was added."


def check_request(request: ComposeRequest) -> ComposeRequest:
    """Return a request that can run.

    Raises
    ------
    BadInputError
        If there are too many regions, no region has a model, models differ in voxel size, dimension or the names of
        phases, or the volume does not fit into memory.
    """
    n = len(request.regions.fractions)
    if n > MOST_REGIONS:
        raise BadInputError(
            "regions",
            f"“{request.regions.name}” has {n} labels, but at most {MOST_REGIONS} regions can be filled here; give all "
            "regions of one kind the same label.",
        )
    entries = [each.entry for each in request.parts if each.entry is not None]
    if not entries:
        raise BadInputError("parts", "At least one region needs the structure of a model; choose one in the list.")
    first = entries[0]
    for entry in entries:
        if entry.model.dimension != 3:
            raise BadInputError("parts", f"“{entry.source}” is a model of sections; choose a model of volumes.")
        if entry.model.voxel != first.model.voxel:
            raise BadInputError(
                "parts",
                f"The voxels of “{first.source}” measure {first.model.voxel}, but those of "
                f"“{entry.source}” {entry.model.voxel}; train both on images of one pixel size.",
            )
    _check_names(entries)
    problem = size_problem(request.shape, 1, request.destination)
    if problem:
        raise BadInputError("size", problem)
    return request


def _check_names(entries: Sequence[ModelEntry]) -> None:
    """Check that no label stands for phases of two names."""
    names: dict[int, tuple[str, str]] = {}
    for entry in entries:
        for label, name in entry.model.labels.named.items():
            known, source = names.setdefault(label, (name, entry.source))
            if known == name:
                continue
            raise BadInputError(
                "parts",
                f"Label {label} is “{known}” in “{source}”, but “{name}” in “{entry.source}”; train both on sections "
                "in which each label has one name.",
            )
