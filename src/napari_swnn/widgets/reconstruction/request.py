"""Requests for volumes, trained models, and results to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_swnn._types import Shape
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.formatting import format_extent, format_shape
from napari_swnn.widgets.layers.provenance import (
    describe_origin,
    name_result,
)
from napari_swnn.widgets.layers.trained_models import MODELS as MODELS
from napari_swnn.widgets.layers.trained_models import ModelEntry as ModelEntry
from napari_swnn.widgets.layers.trained_models import ModelList as ModelList
from napari_swnn.widgets.reconstruction.spatial import UNIFORM, SpatialVariation

if TYPE_CHECKING:
    from napari_swnn.core.volume.spec import VolumeSpec
    from napari_swnn.widgets.lazy.output_panel import Destination


@dataclass(frozen=True, eq=False)
class Request:
    """Copy of the settings, taken when Run or Generate is pressed or checked.

    Attributes
    ----------
    shape : tuple of int
        Shape of each volume in voxels, ``(z, y, x)``.
    target : float or tuple of float
        Target porosity of training, or its range, in [0, 1].
    fractions : mapping of int to float or None
        Target fraction of each phase, instead of `target`.
    seed : int
        Seed of the training and of the first realisation.
    n : int
        Number of realisations.
    exact : bool
        Match the target porosity exactly.
    device : str
        Device for the computation.
    preset : str
        Name of the training settings.
    spatial : SpatialVariation
        Porosity map, mask and periodic axes.
    spatial_problem : BadInputError or None
        Reason that the spatial variation cannot be used.
    destination : {"memory", "lazy", "file"}
        Destination of the results.
    path : Path or None
        File of the results.
    colours : mapping of int to colour
        Colours of the labels of the reference in the viewer; may be empty.
    entry : ModelEntry or None
        Selected model.
    porosity : float or None
        Target porosity of generation for a model with a porosity range; None for a single porosity.
    scale : int
        Edge length of a voxel of the volumes, in voxels of the model; `shape` counts the latter.
    """

    shape: Shape
    target: float | tuple[float, float] = 0.5
    fractions: Mapping[int, float] | None = None
    seed: int = 0
    n: int = 1
    exact: bool = False
    device: str = "auto"
    preset: str = "standard"
    spatial: SpatialVariation = UNIFORM
    spatial_problem: BadInputError | None = None
    destination: "Destination" = "memory"
    path: Path | None = None
    colours: Mapping[int, Any] = field(default_factory=dict)
    entry: ModelEntry | None = None
    porosity: float | None = None
    scale: int = 1

    @property
    def is_plain(self) -> bool:
        """True if any model can generate the volumes."""
        return self.spatial.is_plain and not self.exact and self.scale == 1

    def grid(self, dimension: int) -> Shape:
        """Return the shape of a volume in its own voxels, which covers the chosen size."""
        return tuple(-(-side // self.scale) for side in self.shape[-dimension:])

    @property
    def aim(self) -> dict[str, Any]:
        """Target of training as the argument of a plan."""
        return {"porosity": self.target} if self.fractions is None else {"fractions": self.fractions}

    def spec(self, dimension: int, *, i: int = 0, porosity: float | None = None) -> "VolumeSpec":
        """Return the description of the `i`-th realisation.

        Raises
        ------
        BadInputError
            If the spatial variation is invalid; see `SpatialVariation.spec`.
        """
        if self.scale != 1 and (self.spatial.section is not None or self.spatial.scan is not None):
            text = "A section or a coarse scan needs the full resolution; choose it, or no section and no scan."
            raise BadInputError("resolution", text)
        shape = self.grid(dimension)
        spec = self.spatial.spec(shape, seed=self.seed + i, porosity=porosity, exact=self.exact)
        return replace(spec, scale=self.scale)

    def describe_size(self, dimension: int, i: int) -> str:
        """Describe the size of a volume, with its number if there are several."""
        size = format_extent(self.grid(dimension))
        return size if self.n == 1 else f"{size}, {i + 1} of {self.n}"


@dataclass(frozen=True, eq=False)
class Result:
    """Realisation to show in the viewer.

    Attributes
    ----------
    data : numpy.ndarray, VirtualVolume or list
        Labels in memory, a lazy volume, or the resolution levels of a file, the finest first.
    name : str
        Name of the layer.
    entry : ModelEntry
        Model that generated it.
    metadata : dict
        Origin of the realisation.
    request : Request or None
        Request that it answers.
    """

    data: Any
    name: str
    entry: ModelEntry
    metadata: dict[str, Any] = field(default_factory=dict)
    request: Request | None = None

    @property
    def is_uniform(self) -> bool:
        """True for a volume without a porosity map or a mask."""
        return not {"porosity_map", "mask"} & set(self.metadata)


def describe_result(request: Request, entry: ModelEntry, data: Any, shape: Shape, i: int) -> Result:
    """Return the `i`-th realisation of a request with its name and metadata."""
    seed = request.seed + i
    target = target_porosity(request, entry)
    resolution = "" if request.scale == 1 else f"1/{request.scale} resolution"
    lazy = f"lazy, {format_shape(shape)}" if request.destination == "lazy" else ""
    name = name_result(
        source=entry.source,
        porosity=request.spatial.describe_porosity(target, entry.subject),
        seed=seed,
        remark=", ".join(part for part in (lazy, resolution, entry.remark) if part),
    )
    metadata = (
        describe_origin(entry.model, shape, source=entry.source, seed=seed, preset=entry.preset, porosity=target)
        | request.spatial.metadata()
    )
    if request.scale != 1:
        metadata |= {"scale": request.scale, "voxel_size": request.scale * entry.model.voxel_size}
    if request.exact:
        metadata["exact_porosity"] = True
    return Result(data, name, entry, metadata, request)


def describe_stored_result(request: Request, entry: ModelEntry, path: Path, levels: list[Any], i: int) -> Result:
    """Return the `i`-th realisation of a file; see `describe_result`."""
    result = describe_result(request, entry, levels, request.grid(entry.model.dimension), i)
    name = path.name if request.n == 1 else f"{path.name} · seed {request.seed + i}"
    return replace(result, name=name, metadata={**result.metadata, "file": path.name})


def target_porosity(request: Request, entry: ModelEntry) -> float | None:
    """Return the target porosity of the whole volume, or None if it varies or is unknown."""
    if request.spatial.kind != "uniform":
        return None
    return entry.model.porosity if request.porosity is None else request.porosity
