"""What a run makes, as the user asked for it when it began, and what has come of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_swnn._types import Labels, Shape
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.provenance import describe_origin, measure_porosity, name_result
from napari_swnn.widgets.lazy.layers import open_lazily
from napari_swnn.widgets.reconstruction.jobs import GenerationJob
from napari_swnn.widgets.reconstruction.models import Entry
from napari_swnn.widgets.reconstruction.spatial import Place

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.core.volume.virtual_volume import VirtualVolume
    from napari_swnn.statistics import FractionInterval


@dataclass(eq=False)
class Order:
    """Volumes to make, and the layers made so far.

    Attributes
    ----------
    source, preset : str
        Of the model.
    shape : tuple of int
        Of a volume, ``(z, y, x)``.
    seed, n : int
        First seed, and number of volumes.
    device : str
        Where to compute.
    place : Place
        What is asked of the places in a volume.
    result : {"layer", "lazy", "file"}
        What to make of them.
    output : OutputLayers
        Adds the layers.
    path : Path or None
        The file.
    interval : FractionInterval or None
        Of the porosity of the reference, as it was when a training began.
    porosity : float or None
        Asked of a model for a range; None for the model's own.
    layers, porosities : list
        Made so far.
    """

    source: str
    preset: str
    shape: Shape
    seed: int
    n: int
    device: str
    place: Place
    result: Literal["layer", "lazy", "file"]
    output: OutputLayers
    path: Path | None = None
    interval: "FractionInterval | None" = None
    porosity: float | None = None
    layers: list[Any] = field(default_factory=list)
    porosities: list[float] = field(default_factory=list)

    def job(self, entry: Entry) -> GenerationJob:
        """What to generate next from a model."""
        shape, made = self.shape[-entry.model.dimension :], len(self.layers)
        n = 1 if self.result == "layer" else self.n
        return GenerationJob(entry.model, shape, self.seed + made, self.device, self.porosity, self.place, n)

    def size(self, entry: Entry) -> str:
        """Voxels of a volume as one says them, with its number where there are several."""
        voxels = format_shape(self.shape[-entry.model.dimension :]) + " voxels"
        return voxels if self.n == 1 else f"{voxels}, {len(self.layers) + 1} of {self.n}"

    def keep(self, labels: Labels, entry: Entry) -> bool:
        """Add a volume as a layer; returns whether that was the last one."""
        name, facts = self._described(entry, labels.shape)
        self.porosities.append(measure_porosity(labels, entry.model, inside=self.place.outside))
        facts["porosity_of_volume"] = self.porosities[-1]
        self.layers.append(self.output.show_result(labels, name, Look.of_model(entry.model), facts))
        return len(self.layers) == self.n

    def open(self, viewer: "Viewer", volumes: "list[VirtualVolume]", entry: Entry) -> None:
        """Add volumes that are computed where they are looked at."""
        for volume in volumes:
            name, facts = self._described(entry, volume.shape)
            self.layers.append(open_lazily(viewer, volume, name, facts, self.output))

    def open_file(self, path: Path, entry: Entry) -> None:
        """Add the volumes of a file, if it is one that can be looked at without being read."""
        from napari_swnn.io.ome_zarr import is_ome_zarr, open_ome_zarr

        if not is_ome_zarr(path):
            return

        image = open_ome_zarr(path)
        _, facts = self._described(entry, self.shape)
        levels, several = image.levels, self.n > 1
        look = Look.of_model(entry.model)
        for i in range(self.n):
            own = [level[i] for level in levels] if several else levels
            name = path.name if not several else f"{path.name} · seed {self.seed + i}"
            facts = {**facts, "seed": self.seed + i, "file": path.name}
            self.layers.append(self.output.show_levels(own, name, look, facts))

    def done(self, entry: Entry) -> str:
        """What was made, and how far it is to be trusted, in a sentence each."""
        return self._made(entry) + (" Draft: for a first look." if entry.draft else "")

    def _made(self, entry: Entry) -> str:
        if self.path is not None:
            return f"Done: {self.path.name} is written" + (" and open." if self.layers else ".")
        what = f"“{self.layers[-1].name}”" if len(self.layers) == 1 else f"{len(self.layers)} realisations"
        if not self.porosities:
            return f"Done: {what}; what you look at is computed. For 3-D, a box of it is."
        low, high = min(self.porosities), max(self.porosities)
        found = (
            f"{low:.3f}" if len(self.layers) == 1 else f"{low:.3f} to {high:.3f}, mean {np.mean(self.porosities):.3f}"
        )
        asked = self._asked(entry)
        cut = self.place.mask is not None and self.place.outside is None
        return f"Done: {what}, porosity {found}" + ("." if asked is None or cut else f" (asked for {asked:.3f}).")

    def _asked(self, entry: Entry) -> float | None:
        if self.place.kind != "same":
            return None
        return entry.model.porosity if self.porosity is None else self.porosity

    def _described(self, entry: Entry, shape: Shape) -> tuple[str, dict[str, Any]]:
        """Name and origin of the next layer."""
        seed, asked = self.seed + len(self.layers), self._asked(entry)
        name = name_result(source=self.source, told=self.place.told(asked), seed=seed, draft=entry.draft)
        facts = describe_origin(entry.model, shape, source=self.source, seed=seed, preset=self.preset, porosity=asked)
        return name, {**facts, **self.place.facts()}
