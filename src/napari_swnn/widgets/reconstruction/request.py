"""Requests for volumes, trained models, and results to show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_swnn._sentences import as_sentence
from napari_swnn._types import Shape
from napari_swnn.widgets.kit.formatting import format_interval, format_shape
from napari_swnn.widgets.layers.provenance import (
    describe_fractions,
    describe_origin,
    list_fractions,
    name_fraction,
    name_result,
)
from napari_swnn.widgets.reconstruction.spatial import UNIFORM, SpatialVariation

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model
    from napari_swnn.core.volume.spec import VolumeSpec
    from napari_swnn.widgets.kit.errors import BadInputError

Destination = Literal["memory", "lazy", "file"]


@dataclass(eq=False)
class ModelEntry:
    """Trained model and its origin.

    Attributes
    ----------
    model : Model
        Trained model.
    source : str
        Name of the reference layer or of the model file.
    preset : str
        Name of the training settings.
    path : Path or None
        File of the model; None if it is only in memory.
    """

    model: "Model"
    source: str
    preset: str
    path: Path | None = None

    @property
    def title(self) -> str:
        """Entry in a list of models."""
        limits, own = self.model.porosity_range, self.model.porosity
        porosity = "" if own is None else f" · {self.subject} {own:.2f}"
        if limits is not None:
            porosity = f" · {self.subject} {limits[0]:.2f} to {limits[1]:.2f}"
        n = len(self.model.labels.phases)
        phases = f" · {n} phases" if n > 2 else ""
        return f"{self.source}{porosity}{phases}" + ("" if self.path else " (not saved)")

    @property
    def subject(self) -> str:
        """Name of the fraction of the phase of interest: that of the phase, otherwise ``"porosity"``."""
        return name_fraction(self.model.labels.phases, self.model.labels.named)

    @property
    def phases(self) -> str:
        """Names and fractions of the phases of the model; empty for two phases."""
        fractions = list_fractions(self.model)
        if len(fractions) <= 2:
            return ""
        return as_sentence(f"Phases: {describe_fractions(fractions, self.model.labels.named)}")

    @property
    def is_draft(self) -> bool:
        """True for a model trained with the preset ``draft``."""
        return bool(self.model.provenance.get("preset") == "draft")

    @property
    def reference_porosity(self) -> str:
        """Porosity of the reference with its interval; empty if the model does not include it."""
        facts = self.model.provenance
        own, interval = facts.get("reference_porosity"), facts.get("reference_interval")
        return "" if own is None else format_interval(own, None if interval is None else (interval[0], interval[1]))

    @property
    def location(self) -> str:
        """Sentence that describes the location of the model."""
        return f"In the file {self.path.name}." if self.path else "Not saved; the model is lost when napari closes."


class ModelList:
    """List of trained and loaded models, oldest first; new models never replace earlier ones."""

    added = Signal(ModelEntry)

    def __init__(self) -> None:
        self._entries: list[ModelEntry] = []

    def add(self, entry: ModelEntry) -> None:
        """Add a model and emit `added`."""
        self._entries.append(entry)
        self.added.emit(entry)

    def clear(self) -> None:
        """Remove all models."""
        self._entries.clear()

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def last(self) -> ModelEntry | None:
        """Newest model."""
        return self._entries[-1] if self._entries else None


MODELS = ModelList()
"""Models of all panels, which are kept until napari closes, even if a panel is closed."""


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
    spatial_problem: "BadInputError | None" = None
    destination: Destination = "memory"
    path: Path | None = None
    colours: Mapping[int, Any] = field(default_factory=dict)
    entry: ModelEntry | None = None
    porosity: float | None = None

    @property
    def is_plain(self) -> bool:
        """True if any model can generate the volumes."""
        return self.spatial.is_plain and not self.exact

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
        shape = self.shape[-dimension:]
        return self.spatial.spec(shape, seed=self.seed + i, porosity=porosity, exact=self.exact)

    def describe_size(self, dimension: int, i: int) -> str:
        """Describe the size of a volume, with its number if there are several."""
        voxels = f"{format_shape(self.shape[-dimension:])} voxels"
        return voxels if self.n == 1 else f"{voxels}, {i + 1} of {self.n}"


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
    """

    data: Any
    name: str
    entry: ModelEntry
    metadata: dict[str, Any] = field(default_factory=dict)


def describe_result(request: Request, entry: ModelEntry, data: Any, shape: Shape, i: int) -> Result:
    """Return the `i`-th realisation of a request with its name and metadata."""
    seed = request.seed + i
    target = target_porosity(request, entry)
    name = name_result(
        source=entry.source,
        porosity=request.spatial.describe_porosity(target, entry.subject),
        seed=seed,
        draft=entry.is_draft,
    )
    metadata = (
        describe_origin(entry.model, shape, source=entry.source, seed=seed, preset=entry.preset, porosity=target)
        | request.spatial.metadata()
    )
    if request.exact:
        metadata["exact_porosity"] = True
    return Result(data, name, entry, metadata)


def describe_stored_result(request: Request, entry: ModelEntry, path: Path, levels: list[Any], i: int) -> Result:
    """Return the `i`-th realisation of a file; see `describe_result`."""
    result = describe_result(request, entry, levels, request.shape, i)
    name = path.name if request.n == 1 else f"{path.name} · seed {request.seed + i}"
    return replace(result, name=name, metadata={**result.metadata, "file": path.name})


def target_porosity(request: Request, entry: ModelEntry) -> float | None:
    """Return the target porosity of the whole volume, or None if it varies or is unknown."""
    if request.spatial.kind != "uniform":
        return None
    return entry.model.porosity if request.porosity is None else request.porosity
