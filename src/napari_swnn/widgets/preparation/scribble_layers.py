"""Labels layers on which the user scribbles."""

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_swnn._layer_style import METADATA_KEY, SCRIBBLES
from napari_swnn.widgets.kit.debouncing import make_debouncer
from napari_swnn.widgets.preparation.colours import make_scribble_colormap
from napari_swnn.widgets.preparation.placement import find_layer, place_part
from napari_swnn.widgets.preparation.strokes import Strokes

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.widgets.preparation.source import ImageSource

SUFFIX = "scribbles"
_PATIENCE = 100
"""Milliseconds after a stroke before it is read."""
_UNDO_PATIENCE = 700
"""Milliseconds after napari's own undo, which emits no event of its own, before the strokes are read."""
_BRUSHES_PER_SIDE = 120


class ScribbleLayers(QObject):
    """Layer with the scribbles on the current image; each section of a stack has its own.

    `painted` carries the strokes after each change by the user, `phase_chosen` the position of the phase that was
    selected in the controls of the layer.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.
    """

    painted = Signal(object)
    phase_chosen = Signal(int)

    def __init__(self, viewer: "Viewer", parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layers: dict[tuple[Any, tuple[int, ...]], LabelsLayer] = {}
        self._layer: LabelsLayer | None = None
        self._soon = make_debouncer(self, _PATIENCE, self._on_settled)
        self._later = make_debouncer(self, _UNDO_PATIENCE, self._on_settled)

    @property
    def layer(self) -> "LabelsLayer | None":
        """Layer with the scribbles; None before scribbling or after the user removed it."""
        if self._layer is not None and self._layer not in self._viewer.layers:
            self._watch(None)
        return self._layer

    def follow(self, image: "Image | None", source: "ImageSource | None") -> None:
        """Switch to the scribbles on another image, if there are any."""
        self._watch(None if image is None or source is None else self._layers.get((image, source.sections)))

    def start(self, image: "Image", source: "ImageSource", strokes: Strokes | None, n_phases: int) -> None:
        """Select the brush on the layer with the scribbles, which is added if necessary.

        Parameters
        ----------
        image : napari.layers.Image
            Image to scribble on.
        source : ImageSource
            Section of the image.
        strokes : Strokes, optional
            Scribbles to show on a new layer.
        n_phases : int
            Number of phases.
        """
        layer = self.layer
        if layer is None:
            fits = strokes is not None and strokes.shape == source.shape
            data = strokes.to_layer() if fits and strokes is not None else np.zeros(source.shape, np.uint8)
            name = f"{source.title} · {SUFFIX}"
            own = {METADATA_KEY: {"role": SCRIBBLES}}  # from the start: panels offer layers as soon as they are added
            place = place_part(image, source.whole)
            added = self._viewer.add_labels(data, name=name, opacity=1.0, metadata=own, **place)
            layer = find_layer(self._viewer, added)
            layer.brush_size = max(3, round(min(source.shape) / _BRUSHES_PER_SIDE))
            self._layers[image, source.sections] = layer
            self._watch(layer)
        self.show_phases(n_phases)
        self._viewer.layers.selection.active = layer
        self.show(on=True)
        layer.mode = "paint"

    def read(self) -> Strokes | None:
        """Return the strokes of the layer, or None without a layer."""
        return None if self.layer is None else Strokes.from_layer(np.asarray(self.layer.data))

    def write(self, strokes: Strokes) -> None:
        """Show strokes in the layer, for example after undo."""
        if self.layer is not None and self.read() != strokes and strokes.shape == self.layer.data.shape:
            self.layer.data = strokes.to_layer()

    def show(self, *, on: bool) -> None:
        """Show or hide the layer."""
        if self.layer is not None and self.layer.visible != on:  # napari drops the brush even if nothing changes
            self.layer.visible = on

    def show_phases(self, n_phases: int) -> None:
        """Colour the scribbles of this number of phases."""
        layer = self.layer
        if layer is not None and len(getattr(layer.colormap, "color_dict", ())) != n_phases + 2:
            layer.colormap = make_scribble_colormap(n_phases)

    def select(self, phase: int) -> None:
        """Select the phase that the brush paints, by its position."""
        if self.layer is not None:
            self.layer.selected_label = phase + 1

    def stop(self) -> None:
        """Stop watching the layer."""
        self._soon.cancel()
        self._later.cancel()
        self._watch(None)

    def _watch(self, layer: "LabelsLayer | None") -> None:
        for old, connect in ((self._layer, False), (layer, True)):
            if old is None:
                continue
            slots = (
                (old.events.paint, self._on_painted),
                (old.events.data, self._on_painted),
                (old.events.set_data, self._on_refreshed),
                (old.events.selected_label, self._on_label),
            )
            for emitter, slot in slots:
                (emitter.connect if connect else emitter.disconnect)(slot)
        self._layer = layer

    def _on_painted(self, _event: Any = None) -> None:
        self._soon.throttle()

    def _on_refreshed(self, _event: Any = None) -> None:
        self._later.throttle()

    def _on_label(self, _event: Any = None) -> None:
        if self._layer is not None and self._layer.selected_label > 0:
            self.phase_chosen.emit(int(self._layer.selected_label) - 1)

    def _on_settled(self) -> None:
        strokes = self.read()
        if strokes is not None:
            self.painted.emit(strokes)
