"""Control for the pixel size of a layer."""

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from napari_swnn._voxel_size import VoxelSize, find_length_unit, format_number
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Problem
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.layers.pixel_size import (
    in_one_unit,
    notify_resized,
    read_given_size,
    read_stored_size,
    write_pixel_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Layer

_UNITS = ("nm", "µm", "mm", "Å", "m")
_DEFAULT = "µm"


class PixelSizeControl(QWidget):
    """Field with the pixel size of a layer and its unit, empty if the layer has no unit of length.

    It emits `entered` with the new `VoxelSize` when the user changes it.
    """

    entered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = QLineEdit()
        self.unit = Combo()
        self.back = QToolButton()
        self.problem = Problem()
        self._given: VoxelSize | None = None
        self._shown: VoxelSize | None = None
        self.number.setValidator(QDoubleValidator(0.0, 1e12, 12, self.number))
        self.unit.set_entries([(unit, unit) for unit in _UNITS], _DEFAULT)
        self.back.setText("↺")
        row = QHBoxLayout()
        row.addWidget(self.number, 2)
        row.addWidget(self.unit, 1)
        row.addWidget(self.back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.problem)
        self.number.editingFinished.connect(self._on_entered)
        self.unit.currentIndexChanged.connect(self._on_entered)
        self.back.clicked.connect(self._on_back)
        self.show_layer(None)

    def show_layer(self, layer: "Layer | None") -> None:
        """Show the pixel size of a layer, and the button that restores the original one if it was changed."""
        self.problem.show_text("")
        stored = None if layer is None else read_stored_size(layer)
        self._given = None if layer is None else read_given_size(layer) or stored
        self.number.setPlaceholderText("not known" if stored is None else f"{stored} in the file")
        self._shown = None if layer is None else _read(layer)
        sides = _describe_oblong(layer)
        size = self._shown if self._shown is not None and self._shown.length_unit is not None and not sides else None
        if sides:
            self.number.setPlaceholderText(sides)
        symbol = (self.unit.value or _DEFAULT) if size is None else size.unit
        # A field that loses the focus as it is disabled would enter the size of the former layer.
        with QSignalBlocker(self.number), QSignalBlocker(self.unit):
            self.setEnabled(layer is not None)
            for part in (self.number, self.unit):
                part.setEnabled(not sides)
            if not self.number.hasFocus() or size is not None:
                self.number.setText("" if size is None else f"{size.value:g}")
            units = _UNITS if symbol in _UNITS else (*_UNITS, symbol)
            self.unit.set_entries([(unit, unit) for unit in units], symbol)
        self.back.setVisible(self._given is not None and self._given != self._shown)
        if self._given is not None:
            known = "no pixel size" if self._given.length_unit is None else str(self._given)
            self.back.setToolTip(f"Use the pixel size of the file: {known}.")

    def resize(self, layer: "Layer", size: VoxelSize, layers: "Iterable[Layer]") -> None:
        """Write a pixel size into a layer and those that belong to it, or show why it is refused."""
        try:
            changed = write_pixel_size(layer, size, layers)
        except BadInputError as problem:
            self.show_layer(layer)
            self.problem.show_text(str(problem))
        else:
            notify_resized(changed, size)
            self.show_layer(layer)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.problem.set_dark(dark)

    def _on_entered(self) -> None:
        text = self.number.text().replace(",", ".")
        try:
            size = VoxelSize(float(text), self.unit.value)
        except ValueError:  # empty, or no number above 0
            return
        if size != self._shown:
            self.entered.emit(size)

    def _on_back(self) -> None:
        if self._given is not None:
            self.entered.emit(self._given)


def _describe_oblong(layer: "Layer | None") -> str:
    """Return the sides of pixels that are no squares, otherwise an empty text."""
    if layer is None or layer.ndim < 2:
        return ""
    height, width = in_one_unit(layer)[-2:]
    return "" if np.isclose(height, width, rtol=1e-6) else f"{format_number(height, 6)} × {format_number(width, 6)}"


def _read(layer: "Layer") -> VoxelSize:
    unit = find_length_unit(str(layer.units[-1]))
    return VoxelSize(abs(float(layer.scale[-1])), "voxel" if unit is None else unit.symbol)
