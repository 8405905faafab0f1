"""Checkable list of layers."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer

_MOST_ROWS = 6
"""Largest number of visible rows."""


class LayerList(QListWidget):
    """Checkable list of layers, which keep their ticks when renamed or reordered.

    Parameters
    ----------
    rows : int
        Smallest number of visible rows.
    """

    ticked = Signal()

    def __init__(self, rows: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._layers: list[LabelsLayer] = []
        self._chosen: list[LabelsLayer] = []
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.itemChanged.connect(self._on_changed)
        self._fit()

    @property
    def chosen(self) -> "list[LabelsLayer]":
        """Ticked layers, in list order."""
        return [layer for layer in self._layers if layer in self._chosen]

    def set_layers(self, layers: "Iterable[LabelsLayer]", *, tick: "Iterable[LabelsLayer]" = ()) -> None:
        """Offer these layers and tick the new layers in `tick`; `ticked` is emitted if the selection changes."""
        before, known = self.chosen, list(self._layers)
        self._layers = list(layers)
        self._chosen = [layer for layer in self._chosen if layer in self._layers]
        self._chosen += [layer for layer in tick if layer in self._layers and layer not in known]
        self.show_layers()
        if self.chosen != before:
            self.ticked.emit()

    def show_layers(self) -> None:
        """Show the layers again, with changed texts."""
        with QSignalBlocker(self):
            self.clear()
            for layer in self._layers:
                item = QListWidgetItem(self.describe(layer))
                item.setToolTip(layer.name)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if layer in self._chosen else Qt.CheckState.Unchecked)
                self.decorate(item, layer)
                self.addItem(item)
        self._fit()

    # -- for a subclass

    def describe(self, layer: "LabelsLayer") -> str:
        """Return the text of a layer."""
        return str(layer.name)

    def decorate(self, item: QListWidgetItem, layer: "LabelsLayer") -> None:
        """Add to the item of a layer, such as an icon."""

    def _fit(self) -> None:
        rows = min(max(self.count(), self._rows), _MOST_ROWS)
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
