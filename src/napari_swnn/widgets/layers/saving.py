"""Saving of Labels layers in a worker thread: volumes with their voxel size, and surfaces."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_swnn._layer_style import read_names
from napari_swnn._types import Shape
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.formatting import format_extent
from napari_swnn.widgets.kit.threads import TaskRunner

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

VOLUMES = {
    "TIFF for ImageJ and napari": "labels.tif",
    "OME-Zarr": "ome.zarr",
    "NRRD": "nrrd",
    "MetaImage": "mha",
    "MetaImage header with raw file": "mhd",
    "VTK image for ParaView": "vti",
}
"""Formats of volumes in the dialog."""
SURFACES = {"STL": "stl", "PLY": "ply", "Wavefront OBJ": "obj"}
"""Formats of surfaces in the dialog."""
_SAMPLED = 128
"""Number of voxels along each axis in which the labels of a layer are looked up."""


class LayerSaver(QObject):
    """Saves one layer at a time; the viewer stays responsive.

    `done` and `failed` are emitted with one sentence for the user.
    """

    done = Signal(str)
    failed = Signal(str)
    ended = Signal()
    """Emitted after either of them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(self, "Saving")
        self._said = ""
        self._runner.done.connect(self._on_done)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self.ended)

    @property
    def is_busy(self) -> bool:
        """True while a file is being written."""
        return self._runner.busy

    def save_volume(self, layer: "LabelsLayer", path: Path) -> None:
        """Write a layer with its voxel size and the names of its phases."""
        values = layer.data[0] if layer.multiscale else layer.data
        self._start(layer, describe_saved(path, values.shape), _write_volume, path)

    def save_surface(self, layer: "LabelsLayer", phase: int, path: Path) -> None:
        """Write the smooth surface of a phase of a layer."""
        self._start(layer, f"Saved the surface of label {phase} as {path.name}.", _write_surface, path, phase)

    def _start(self, layer: "LabelsLayer", said: str, work: Any, *args: Any) -> None:
        from napari_swnn._writer import read_layer

        if self.is_busy:
            self.failed.emit("Another file is being saved; try again when it is complete.")
            return
        data, attributes, _ = layer.as_layer_data_tuple()
        try:
            labels, facts = read_layer(data, attributes)
        except (TypeError, ValueError) as error:
            self.failed.emit(describe_error(error))
            return
        self._said = said
        self._runner.run(work, labels, facts, *args)

    def _on_done(self, _outcome: Any) -> None:
        self.done.emit(self._said)
        self.ended.emit()

    def _on_failed(self, text: str) -> None:
        self.failed.emit(text)
        self.ended.emit()


def describe_saved(path: Path, shape: Shape) -> str:
    """Return a sentence on a volume that was saved, with how to open a TIFF that napari takes for an image."""
    said, name = f"Saved {path.name} ({format_extent(shape)}).", path.name.lower()
    if name.endswith((".labels.tif", ".labels.tiff")) or not name.endswith((".tif", ".tiff")):
        return said
    return (
        f"{said} napari opens it as an image; a name that ends in .labels.tif opens as labels, and so does "
        "this file by “Convert to labels” in the panels or Open a segmented image in the command palette."
    )


def _write_volume(labels: Any, facts: dict[str, Any], path: Path) -> Generator[None, None, None]:
    from napari_swnn.io import save_volume

    yield
    save_volume(path, labels, **facts)


def _write_surface(labels: Any, facts: dict[str, Any], path: Path, phase: int) -> Generator[None, None, None]:
    from napari_swnn._writer import cubic_side
    from napari_swnn.io import save_surface

    yield
    save_surface(path, np.asarray(labels), phase, voxel_size=cubic_side(facts))


def list_labels(layer: "LabelsLayer") -> list[int]:
    """Return the labels of a layer that can have a surface: those of its named phases, otherwise all but 0.

    A large volume is looked at in part, since a phase is found everywhere in it.
    """
    names = read_names(layer)
    if names:
        return list(names)
    values = layer.data[-1] if layer.multiscale else layer.data
    part = np.asarray(values[tuple(slice(None, None, -(-side // _SAMPLED)) for side in values.shape)])
    return [int(label) for label in np.unique(part) if label != 0]
