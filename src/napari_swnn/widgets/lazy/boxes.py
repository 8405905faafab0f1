"""Boxes of lazy layers, shown as ordinary layers."""

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

import numpy as np
from qtpy.QtCore import QTimer

from napari_swnn._layer_style import METADATA_KEY, read_metadata
from napari_swnn._types import AXES, Labels, Shape
from napari_swnn.core.numerics.memory import WORKING_MEMORY
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.memory import check_free_memory
from napari_swnn.widgets.layers.reading import read_placement
from napari_swnn.widgets.lazy.layers import find_lazy_layer, get_tiles, locate_box

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.volume.block_volume import BlockVolume
    from napari_swnn.widgets.lazy.tiles import Tiles

_FIRST_VOXEL = "first_voxel"
"""Entry in the metadata of a box: the position of its first voxel in the volume."""
_BEGUN: "WeakSet[Tiles]" = WeakSet()
"""Tiles of the lazy layers of which any panel computes a box."""


class BoxWorker(Protocol):
    """Worker that computes boxes of a volume outside the viewer's thread."""

    @property
    def is_busy(self) -> bool:
        """True while work is in progress."""

    def compute_box(self, volume: "BlockVolume", window: "Window", name: str) -> None:
        """Start computing a box, and pass its labels to `Boxes.show` when done."""


class Boxes:
    """Controller that computes boxes of lazy layers and shows them.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that contains the lazy layers and receives the boxes.
    worker : BoxWorker
        Worker that computes the boxes.
    """

    def __init__(self, viewer: "Viewer", worker: BoxWorker) -> None:
        self._viewer = viewer
        self._worker = worker
        self._source: tuple[LabelsLayer, Window] | None = None
        self._is_awaited = False

    @property
    def possible(self) -> bool:
        """True if a lazy layer is active or visible."""
        return find_lazy_layer(self._viewer) is not None

    @property
    def wanted_in_3d(self) -> bool:
        """True if a lazy layer is active or visible, and no box is visible or being computed."""
        layer = find_lazy_layer(self._viewer)
        if layer is None or get_tiles(layer) in _BEGUN:
            return False
        return not any(each.visible and _FIRST_VOXEL in read_metadata(each) for each in self._viewer.layers)

    @property
    def is_awaited(self) -> bool:
        """True if 3-D lacks a box that has not been begun yet."""
        return self._is_awaited and self._viewer.dims.ndisplay == 3 and self.wanted_in_3d

    def await_box(self, begin: Callable[[], None]) -> None:
        """Call `begin` soon, if 3-D still lacks a box; the panel whose button has turned the viewer comes first."""
        self._is_awaited = True
        QTimer.singleShot(0, lambda: begin() if self.is_awaited else None)

    def begin(self, side: int) -> None:
        """Compute a box around the centre of the view if a lazy layer is active or visible.

        During a run, a message says that the box follows it, as `end_run` then arranges.

        Parameters
        ----------
        side : int
            Number of voxels along each axis.

        Raises
        ------
        BadInputError
            If the box lies outside the layer or does not fit into memory.
        """
        layer = find_lazy_layer(self._viewer)
        if layer is None:
            return
        if self._worker.is_busy:
            self._wait(layer)
            return
        self._is_awaited = False
        tiles = get_tiles(layer)
        assert tiles is not None
        window = locate_box(self._viewer, layer, side)
        _check_box(window.shape, tiles.volume.dtype.itemsize)
        self._source = (layer, window)
        _BEGUN.add(tiles)
        name = f"{format_shape(window.shape)} voxels of “{layer.name}”"
        self._worker.compute_box(tiles.volume, window, name)

    def show(self, labels: Labels) -> "tuple[LabelsLayer, LabelsLayer] | None":
        """Add the computed box at its position; return its layer and the lazy one, or None if it is not needed."""
        if self._source is None:
            return None
        whole, window = self._source
        self.forget()
        box = " · ".join(f"{name} {start}" for name, start in zip(AXES[-labels.ndim :], window.start, strict=True))
        layer = show_part(self._viewer, labels, f"{whole.name} · box at {box}", whole, window.start)
        whole.refresh()
        return layer, whole

    def forget(self) -> None:
        """Discard the box that is being computed."""
        tiles = None if self._source is None else get_tiles(self._source[0])
        if tiles is not None:
            _BEGUN.discard(tiles)
        self._source = None

    def end_run(self, begin: Callable[[], None]) -> None:
        """Discard the box of a run that has ended, and call `begin` if 3-D lacks one because of that run."""
        self.forget()
        if self.is_awaited:
            self.await_box(begin)

    def stop(self) -> None:
        """Discard all boxes, since the viewer may be closing."""
        self._is_awaited = False
        self.forget()

    def _wait(self, layer: "LabelsLayer") -> None:
        """Say why 3-D shows an empty frame during a run, unless that run computes the box."""
        from napari.utils.notifications import show_info

        if self._source is None and self._viewer.dims.ndisplay == 3:
            self._is_awaited = True
            show_info(f"3-D shows only boxes of “{layer.name}”. One is computed as soon as the current run has ended.")


def _check_box(shape: Shape, itemsize: int) -> None:
    subject = f"A box of {format_shape(shape)} voxels"
    remedy = "choose fewer voxels, or draw a smaller rectangle"
    check_free_memory(prod(shape) * itemsize + WORKING_MEMORY, "box", subject, advice=remedy)


def show_part(viewer: "Viewer", labels: Labels, name: str, whole: "LabelsLayer", start: Shape) -> "LabelsLayer":
    """Add a part of a volume at its position, with the same colours.

    The selection stays; without any, the whole volume is selected, since the part is only a view of it.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layer.
    labels : numpy.ndarray
        Labels of the part.
    name : str
        Name of the layer.
    whole : napari.layers.Labels
        Layer of the whole volume.
    start : tuple of int
        Position of the first voxel of the part in the volume.
    """
    chosen = viewer.layers.selection.active
    place = read_placement(whole, labels.ndim) | {
        "translate": np.array(whole.translate) + np.array(whole.scale) * start
    }
    facts = {**whole.metadata.get(METADATA_KEY, {}), _FIRST_VOXEL: list(start), "lazy": False}
    layer = viewer.add_labels(labels, name=name, opacity=1.0, metadata={METADATA_KEY: facts}, **place)
    layer.colormap = whole.colormap
    layer.features = whole.features
    viewer.layers.selection.active = whole if chosen is None else chosen
    return layer
