"""Boxes of lazy layers, computed as ordinary layers."""

from math import prod
from typing import TYPE_CHECKING, Any, Protocol

from qtpy.QtCore import QObject, Signal

from napari_swnn._checks import WORKING_MEMORY
from napari_swnn._types import AXES, Labels, Shape
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.memory import check_free_memory
from napari_swnn.widgets.lazy.layers import find_lazy_layer, get_tiles, locate_box, pause_tiles

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.core.grid.windows import Window
    from napari_swnn.core.volume.virtual_volume import VirtualVolume


class BoxRunner(Protocol):
    """Computes boxes of a volume off the viewer's thread."""

    def compute(self, volume: "VirtualVolume", window: "Window") -> None:
        """Start to compute a box."""


class Regions(QObject):
    """Computes boxes of lazy layers; `ended` brings the layer that was added.

    Parameters
    ----------
    viewer : napari.Viewer
        Its layers, its position, and where to add boxes.
    runner : BoxRunner
        That does the work; its `computed` is to be connected to `show`.
    """

    ended = Signal(object)

    def __init__(self, viewer: "Viewer", runner: BoxRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._runner = viewer, runner
        self._source: tuple[LabelsLayer, Window] | None = None
        self._made: list[Any] = []

    @property
    def possible(self) -> bool:
        """Whether there is a lazy layer."""
        return find_lazy_layer(self._viewer) is not None

    @property
    def wanted_in_3d(self) -> bool:
        """Whether there is a lazy layer to look at, and no box of it yet."""
        self._made = [layer for layer in self._made if layer in self._viewer.layers]
        return self.possible and not any(layer.visible for layer in self._made)

    @property
    def told(self) -> str:
        """The box that is being computed, as one says it."""
        if self._source is None:
            return ""
        layer, window = self._source
        return f"{format_shape(window.shape)} voxels of “{layer.name}”"

    def begin(self, side: int) -> bool:
        """Compute a box around what is looked at; false if there is nothing to take it from.

        Raises
        ------
        BadInputError
            If the box lies beside the layer, or does not fit into memory.
        """
        layer = find_lazy_layer(self._viewer)
        if layer is None:
            return False
        tiles = get_tiles(layer)
        assert tiles is not None
        window = locate_box(self._viewer, layer, side)
        _check_box(window.shape, tiles.volume.dtype.itemsize)
        pause_tiles(self._viewer)
        self._source = (layer, window)
        self._runner.compute(tiles.volume, window)
        return True

    def show(self, labels: Labels) -> None:
        """Add the box that was computed, in its place."""
        from napari_swnn.widgets.layers.output import show_part

        if self._source is None:
            return
        (whole, window), self._source = self._source, None
        box = " · ".join(f"{name} {start}" for name, start in zip(AXES[-labels.ndim :], window.start, strict=True))
        layer = show_part(self._viewer, labels, f"{whole.name} · box at {box}", whole, window.start)
        self._made.append(layer)
        whole.refresh()
        self.ended.emit(layer)

    def forget(self) -> None:
        """Expect no box any more."""
        self._source = None


def _check_box(shape: Shape, itemsize: int) -> None:
    what, advice = f"A box of {format_shape(shape)} voxels", "choose fewer voxels, or mark a smaller rectangle"
    check_free_memory(prod(shape) * itemsize + WORKING_MEMORY, "region", what, advice=advice)
