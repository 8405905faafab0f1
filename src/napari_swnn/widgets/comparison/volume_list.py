"""Checkable list of layers, each shown with the colour of its curves."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from napari_swnn.widgets.kit.swatch import make_swatch

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

COLOURS = ("#e07b00", "#2f8fd8", "#17a67a", "#cf5fa8", "#d6483b", "#8f78e0", "#8c8c00", "#00a3b4")
"""Colours that are legible on dark and light backgrounds."""
_ROWS = (3, 6)
"""Smallest and largest number of visible rows."""


class VolumeList(QListWidget):
    """Checkable list of layers, which keep their ticks and colours when renamed or reordered."""

    ticked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: list[LabelsLayer] = []
        self._chosen: list[LabelsLayer] = []
        self._colours: dict[LabelsLayer, str] = {}
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setIconSize(QSize(16, 10))
        self.itemChanged.connect(self._on_changed)
        self._fit()

    @property
    def chosen(self) -> "list[LabelsLayer]":
        """Ticked layers, in list order."""
        return [layer for layer in self._layers if layer in self._chosen]

    def colour(self, layer: "LabelsLayer") -> str:
        """Return the curve colour of a layer."""
        return self._colours[layer]

    def set_layers(self, layers: "Iterable[LabelsLayer]", *, tick: "Iterable[LabelsLayer]" = ()) -> None:
        """Offer these layers and tick the new layers in `tick`; `ticked` is emitted if the selection changes."""
        before = self.chosen
        known = set(self._colours)
        self._layers = list(layers)
        self._chosen = [layer for layer in self._chosen if layer in self._layers]
        self._chosen += [layer for layer in tick if layer in self._layers and layer not in known]
        for layer in [old for old in self._colours if old not in self._layers]:
            del self._colours[layer]
        for layer in self._layers:
            self._colours.setdefault(layer, self._free_colour())
        self._show()
        if self.chosen != before:
            self.ticked.emit()

    def _free_colour(self) -> str:
        used = list(self._colours.values())
        return min(COLOURS, key=used.count)

    def _show(self) -> None:
        with QSignalBlocker(self):
            self.clear()
            for layer in self._layers:
                item = QListWidgetItem(make_swatch(self._colours[layer]), layer.name)
                item.setToolTip(layer.name)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if layer in self._chosen else Qt.CheckState.Unchecked)
                self.addItem(item)
        self._fit()

    def _fit(self) -> None:
        rows = min(max(self.count(), _ROWS[0]), _ROWS[1])
        height = self.sizeHintForRow(0) if self.count() else self.fontMetrics().height() + 6
        self.setFixedHeight(rows * max(height, 20) + 2 * self.frameWidth() + 2)

    def _on_changed(self, item: QListWidgetItem) -> None:
        layer = self._layers[self.row(item)]
        if (item.checkState() == Qt.CheckState.Checked) == (layer in self._chosen):
            return
        if layer in self._chosen:
            self._chosen.remove(layer)
        else:
            self._chosen.append(layer)
        self.ticked.emit()
