"""Controls for a measured section that volumes pass through."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_swnn._types import AXES, Shape
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import place_below_one_another
from napari_swnn.widgets.kit.formatting import format_shape
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.layers.reading import copy_values
from napari_swnn.widgets.reconstruction.chosen_section import ChosenSection

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


class SectionChoice(QWidget):
    """Choice of a section, its normal axis and its position; emits `changed` whenever one changes."""

    changed = Signal()
    fitted = Signal(tuple)
    """Emitted with the size of a volume that the section fits, when the button is clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = LayerCombo(no_layer="no section")
        self.axis = Combo()
        self.axis.set_entries([(f"normal to {name}, at", axis) for axis, name in enumerate(AXES)], 0)
        self.position = QSpinBox()
        self.position.setRange(0, 2**20 - 1)
        self.position.setSuffix(" voxels")
        self.fit_button = QPushButton()
        self.fit_button.setToolTip("Give the plane of the volume the size of the section.")
        self._volume: Shape = ()
        self._place = place_below_one_another(self.axis, self.position, self.fit_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.layer)
        layout.addWidget(self._place)
        self._place.hide()
        self.fit_button.clicked.connect(lambda: self.fitted.emit(self._fitting))
        self.layer.chosen.connect(self._on_changed)
        self.axis.currentIndexChanged.connect(self._on_changed)
        self.position.valueChanged.connect(self._on_changed)

    def set_layers(self, labels: "Iterable[LabelsLayer]") -> None:
        """Set the available layers, of which only sections are listed."""
        self.layer.set_layers(layer for layer in labels if layer.ndim == 2)

    def take(self) -> ChosenSection | None:
        """Return a copy of the section; None if there is none."""
        layer = self.layer.value
        if layer is None:
            return None
        return ChosenSection(copy_values(layer, "through"), self.axis.value, self.position.value(), layer.name)

    def set_shape(self, volume: Shape) -> None:
        """Set the number of voxels of the volume."""
        self._volume = volume
        self._show()

    @property
    def _fitting(self) -> Shape:
        """Number of voxels of a volume that has the section as a plane, and otherwise the sides that are chosen."""
        layer = self.layer.value
        if layer is None or len(self._volume) != len(AXES):
            return self._volume
        sides = list(layer.data.shape)
        sides.insert(self.axis.value, max(self._volume[self.axis.value], self.position.value() + 1))
        return tuple(sides)

    def _show(self) -> None:
        self._place.setVisible(self.layer.value is not None)
        self.fit_button.setText(f"Use {format_shape(self._fitting)}")
        self.fit_button.setVisible(self._fitting != self._volume)

    def _on_changed(self, *_: object) -> None:
        self._show()
        self.changed.emit()
