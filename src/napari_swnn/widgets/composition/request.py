"""Requests for a composition, and the structure of each region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from napari_swnn._types import AXES, Labels, Shape
from napari_swnn.core.numerics.memory import WORKING_MEMORY
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.memory import check_free_memory
from napari_swnn.widgets.layers.trained_models import ModelEntry

if TYPE_CHECKING:
    from napari_swnn._voxel_size import VoxelSize
    from napari_swnn.core.model.labels import PhaseLabels
    from napari_swnn.core.volume.composition import Composition

MOST_REGIONS = 16
"""Largest number of regions that the panel lists."""


@dataclass(frozen=True, eq=False)
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
        turned = f", rotated by {self.angle:g}° about {AXES[self.axis]}" if self.angle else ""
        return f"region {self.region}: {self.entry.source}{turned}"


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
    """

    regions: RegionChoice
    parts: tuple[PartChoice, ...]
    shape: Shape
    seed: int = 0
    is_preview: bool = False

    @property
    def title(self) -> str:
        """Name of the result."""
        return f"{self.regions.name} composed · seed {self.seed}"

    @property
    def memory(self) -> int:
        """Memory of a run in bytes: the volume, and the blocks in progress."""
        return prod(self.shape) + WORKING_MEMORY

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
    labels : numpy.ndarray
        Labels of the volume, or of the plane.
    phases : PhaseLabels
        Labels and names of the phases.
    voxel : VoxelSize
        Edge length of a voxel.
    """

    request: ComposeRequest
    labels: Labels
    phases: "PhaseLabels"
    voxel: "VoxelSize"


def check_request(request: ComposeRequest) -> ComposeRequest:
    """Return a request that can run.

    Raises
    ------
    BadInputError
        If there are too many regions, no region has a model, models differ in voxel size or dimension, or the volume
        does not fit into memory.
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
                f"The voxels of “{first.source}” measure {first.model.voxel}, but those of “{entry.source}” "
                f"{entry.model.voxel}; train both on images of one pixel size.",
            )
    check_free_memory(request.memory, "size", "A volume of this size", advice="choose a smaller one")
    return request
