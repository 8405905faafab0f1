"""Controls for a coarse scan to which volumes add detail."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QLabel, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import place_below_one_another, place_side_by_side
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.grid import turn_upright
from napari_swnn.widgets.layers.reading import copy_values
from napari_swnn.widgets.reconstruction.chosen_scan import ChosenScan, ScanKind

if TYPE_CHECKING:
    from napari.layers import Layer

_KINDS = [("labels of every 2nd, 4th … voxel", "samples"), ("prevalent labels", "majority")]
_LARGEST = 1e9


class ScanChoice(QWidget):
    """Choice of a coarse scan and the meaning of its voxels; emits `changed` whenever one changes."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = LayerCombo(no_layer="no scan")
        self.kind = Combo()
        self.kind.set_entries(_KINDS, "samples")
        self.background = _grey_box(0)
        self.phase = _grey_box(255)
        self._levels = place_below_one_another(
            place_side_by_side(QLabel("background"), self.background), place_side_by_side(QLabel("phase"), self.phase)
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.layer, self.kind, self._levels):
            layout.addWidget(widget)
        self.layer.chosen.connect(self._on_changed)
        self.kind.currentIndexChanged.connect(self._on_changed)
        for box in (self.background, self.phase):
            box.valueChanged.connect(self._on_changed)
        self._show()

    def set_layers(self, labels: "Iterable[Layer]", images: "Iterable[Layer]") -> None:
        """Set the available layers, of which only volumes are listed."""
        self.layer.set_layers(layer for layer in (*labels, *images) if layer.ndim == 3)

    def take(self) -> ChosenScan | None:
        """Return a copy of the scan; None if there is none."""
        layer = self.layer.value
        if layer is None:
            return None
        kind: ScanKind = "grey" if self._is_grey else self.kind.value
        values = turn_upright(layer, copy_values(layer, "coarse"), "coarse")
        return ChosenScan(values, kind, self.background.value(), self.phase.value(), layer.name)

    @property
    def _is_grey(self) -> bool:
        from napari.layers import Image

        return isinstance(self.layer.value, Image)

    def _show(self) -> None:
        chosen = self.layer.value is not None
        self.kind.setVisible(chosen and not self._is_grey)
        self._levels.setVisible(chosen and self._is_grey)

    def _on_changed(self, *_: object) -> None:
        self._show()
        self.changed.emit()


def _grey_box(value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(-_LARGEST, _LARGEST)
    box.setDecimals(3)
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    box.setValue(value)
    box.setKeyboardTracking(False)
    box.setStyleSheet("QDoubleSpinBox {min-width: 50px;}")
    return box
