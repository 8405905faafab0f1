"""Checkable list of layers, each shown with the colour of its curves."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QListWidgetItem, QWidget

from napari_swnn.widgets.kit.layer_list import LayerList
from napari_swnn.widgets.kit.swatch import make_swatch

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

COLOURS = ("#e07b00", "#2f8fd8", "#17a67a", "#cf5fa8", "#d6483b", "#8f78e0", "#8c8c00", "#00a3b4")
"""Colours that are legible on dark and light backgrounds."""


class VolumeList(LayerList):
    """Checkable list of layers, which keep their ticks and colours when renamed or reordered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(3, parent)
        self._colours: dict[LabelsLayer, str] = {}
        self.setIconSize(QSize(16, 10))

    def colour(self, layer: "LabelsLayer") -> str:
        """Return the curve colour of a layer."""
        return self._colours[layer]

    def set_layers(self, layers: "Iterable[LabelsLayer]", *, tick: "Iterable[LabelsLayer]" = ()) -> None:
        """Offer these layers and tick the new layers in `tick`; `ticked` is emitted if the selection changes."""
        offered = list(layers)
        self._colours = {layer: colour for layer, colour in self._colours.items() if layer in offered}
        for layer in offered:
            if layer not in self._colours:
                used = list(self._colours.values())
                self._colours[layer] = min(COLOURS, key=used.count)
        super().set_layers(offered, tick=tick)

    def replace(self, layer: "LabelsLayer", copy: "LabelsLayer") -> None:
        """Tick the copy of a layer instead of the layer."""
        self._chosen = [each for each in self._chosen if each not in (layer, copy)]
        self._chosen += [each for each in self._layers if each == copy]
        self.show_layers()
        self.ticked.emit()

    def decorate(self, item: QListWidgetItem, layer: "LabelsLayer") -> None:
        """Show the colour of the curves."""
        item.setIcon(make_swatch(self._colours[layer]))


class VolumeToCopy:
    """A ticked volume that a copy can replace, for the buttons of a `Lead`.

    Parameters
    ----------
    volumes : VolumeList
        List of volumes.
    """

    def __init__(self, volumes: VolumeList) -> None:
        self._volumes = volumes
        self.value: LabelsLayer | None = None

    def choose(self, copy: "LabelsLayer") -> None:
        """Tick the copy instead of the volume."""
        if self.value is not None:
            self._volumes.replace(self.value, copy)
