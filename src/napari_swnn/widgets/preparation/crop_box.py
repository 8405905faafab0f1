"""Controls of the crop."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_swnn.preparation import Crop
from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.layer_combo import LayerCombo
from napari_swnn.widgets.preparation.step_box import StepBox

if TYPE_CHECKING:
    from napari.layers import Shapes


class CropBox(StepBox):
    """Switch of the crop, the layer with its rectangle, and the proposal to crop a data bar away.

    `changed` carries the crop, or None if it is switched off. `drawn` is emitted by the button that starts drawing,
    and `layer_chosen` when another Shapes layer is selected.

    Attributes
    ----------
    layer : LayerCombo
        Shapes layer with the rectangle.
    draw_button, bar_button : QPushButton
        Buttons that start drawing and accept the proposal.
    """

    changed = Signal(object)
    drawn = Signal()
    layer_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Crop", "Use only a rectangle of the image, without data bar, scale bar and edges.", parent)
        self.layer = LayerCombo(no_layer="no rectangle")
        self.layer.setToolTip("Shapes layer with the rectangle.")
        self.draw_button = QPushButton("Draw")
        self.draw_button.setToolTip("Add a Shapes layer, and draw a rectangle on the image.")
        self.bar_button = QPushButton("Crop the data bar away")
        self.bar_button.setToolTip("Crop to the image above or below the data bar that was found.")
        self.bar_button.hide()
        self.note = Note()
        self._crop: Crop | None = None
        self._proposal: Crop | None = None
        row = QWidget()
        buttons = QHBoxLayout(row)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self.layer, 1)
        buttons.addWidget(self.draw_button)
        self.add(row)
        self.add(self.note)
        self.layout().addWidget(self.bar_button)  # visible while the crop is switched off
        self.switched.connect(self._on_switched)
        self.draw_button.clicked.connect(self.drawn)
        self.bar_button.clicked.connect(self._on_bar)
        self.layer.chosen.connect(self.layer_chosen)

    def set_layers(self, layers: "Iterable[Shapes]") -> None:
        """Offer these layers."""
        self.layer.set_layers(layers)

    def show_step(self, crop: Crop | None) -> None:
        """Show the crop, or the switched-off state if it is None, without emitting a signal."""
        if crop is not None:
            self._crop = crop
            self.note.show_text(f"{crop.height} × {crop.width} px from row {crop.top}, column {crop.left}")
        if crop is not None or self._crop is not None or not self.is_on:  # switched on without a rectangle stays so
            self.show_on(crop is not None)
        self._show_proposal(crop)

    def propose(self, proposal: Crop | None, crop: Crop | None) -> None:
        """Propose a crop without the data bar, unless it is the present crop; None withdraws the proposal."""
        self._proposal = proposal
        self._show_proposal(crop)

    def forget(self) -> None:
        """Forget the last rectangle, since another image was chosen."""
        self._crop = None
        self.note.show_text("")

    def _show_proposal(self, crop: Crop | None) -> None:
        self.bar_button.setVisible(self._proposal is not None and crop != self._proposal)

    def _on_switched(self, on: bool) -> None:
        if on and self._crop is None:
            self.note.show_text("Draw a rectangle on the image, or choose a Shapes layer.")
        else:
            self.changed.emit(self._crop if on else None)

    def _on_bar(self) -> None:
        self.changed.emit(self._proposal)
