"""Button that shows a volume in 3-D, with the choice of its phases."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.layers.shown_phases import read_shown
from napari_swnn.widgets.layers.view_3d import View, list_views

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer


class ViewChoice(QWidget):
    """Button *Show in 3-D* and a list of the phases to show, which is hidden if there is nothing to choose."""

    viewed = Signal(object)
    """Emitted with the labels of the phases to show in 3-D; None for those with a colour in 2-D."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QPushButton("Show in 3-D")
        self.phases = Combo()
        self._views: list[View] = []
        self._layer: LabelsLayer | None = None
        self.button.setToolTip(
            "Show the volume in 3-D, in a frame with axes and a scale bar. Layers beside it are hidden until the "
            "viewer returns to 2-D."
        )
        self.phases.setToolTip("Phases shown in 3-D.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button, 1)
        layout.addWidget(self.phases, 1)
        self.phases.hide()
        self.button.clicked.connect(self._on_view)
        self.phases.activated.connect(self._on_view)

    @property
    def chosen(self) -> list[int] | None:
        """Labels of the phases to show in 3-D; None for those with a colour in 2-D."""
        place = self.phases.value
        return None if place is None or not self._views else self._views[place][1]

    def offer(self, views: Sequence[View]) -> None:
        """Offer choices of phases."""
        if list(views) == self._views:
            return
        self._views = list(views)
        self.phases.set_entries([(title, i) for i, (title, _) in enumerate(self._views)])
        self.phases.setVisible(len(self._views) > 1)

    def follow(self, layer: "LabelsLayer | None") -> None:
        """Offer the phases of a layer, and select those that 3-D shows of it, also if another panel has chosen them."""
        if layer is not self._layer:
            if self._layer is not None:
                self._layer.events.colormap.disconnect(self._on_colours)
            if layer is not None:
                layer.events.colormap.connect(self._on_colours)
            self._layer = layer
        self.offer([] if layer is None else list_views(layer))
        self._on_colours()

    def _on_colours(self, _event: Any = None) -> None:
        shown = None if self._layer is None else read_shown(self._layer)
        for place, (_, phases) in enumerate(self._views):
            if shown is not None and phases is not None and sorted(phases) == shown:
                self.phases.setCurrentIndex(place)  # which is no choice of the user, and emits no `activated`

    def _on_view(self) -> None:
        self.viewed.emit(self.chosen)
