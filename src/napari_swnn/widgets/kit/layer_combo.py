"""Combo box of layers."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QWidget

from napari_swnn.widgets.kit.combo import Combo

if TYPE_CHECKING:
    from napari.layers import Layer


class LayerCombo(Combo):
    """Combo box of layers that keeps its selection when layers are renamed or reordered.

    Parameters
    ----------
    no_layer : str, optional
        Text of an entry for "no layer". If omitted, the first layer is selected automatically.
    """

    chosen = Signal()

    def __init__(self, no_layer: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._no_layer = no_layer
        self._last: Layer | None = None
        self.currentIndexChanged.connect(self._on_changed)

    def set_layers(
        self, layers: "Iterable[Layer]", last: "Iterable[Layer]" = (), first_choice: "Layer | None" = None
    ) -> None:
        """Set the available layers; emit `chosen` if the selected layer is no longer available.

        Parameters
        ----------
        layers : iterable of napari.layers.Layer
            Layers in the order of the list.
        last : iterable of napari.layers.Layer
            Layers at the end of the list, which are never selected automatically.
        first_choice : napari.layers.Layer, optional
            Layer to select while none is selected, or once the selected one has gone; by default, the first one.
        """
        usual, unusual = list(layers), list(last)
        none = [] if self._no_layer is None else [(self._no_layer, None)]
        is_kept = any(self._last is layer for layer in (*usual, *unusual))
        chosen = self._last if is_kept or first_choice is None else first_choice
        self.set_entries([*none, *((layer.name, layer) for layer in (*usual, *unusual))], chosen)
        if self.value in unusual and self.value is not self._last:
            with QSignalBlocker(self):
                self.setCurrentIndex(-1)
        self._on_changed()

    def choose(self, layer: "Layer") -> None:
        """Select one of the available layers.

        Raises
        ------
        ValueError
            If the layer is not available.
        """
        index = next((i for i in range(self.count()) if self.itemData(i) == layer), -1)  # napari may hand on a proxy
        if index < 0:
            raise ValueError(f"layer must be one of the layers in the list, got {layer.name!r}; add it to the viewer")
        self.setCurrentIndex(index)

    def _on_changed(self) -> None:
        if self.value is not self._last:
            self._last = self.value
            self.chosen.emit()
