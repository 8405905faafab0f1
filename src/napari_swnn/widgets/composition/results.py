"""The present composed volume: its fractions, and its view in 3-D."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.layers.current_result import CurrentResult
from napari_swnn.widgets.layers.view_3d import add_to_3d, list_views, show_in_3d
from napari_swnn.widgets.layers.view_choice import ViewChoice
from napari_swnn.widgets.lazy.layers import get_tiles

if TYPE_CHECKING:
    from napari.viewer import Viewer


class ComposeResults(QWidget):
    """Fractions of a volume and the button *Show in 3-D*, hidden as long as there is no volume.

    The volume is the newest one, or the one that is selected in the list of layers; see `CurrentResult`.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Viewer that shows the volumes.

    Attributes
    ----------
    fractions : Note
        Fractions of the phases.
    view : ViewChoice
        Button that shows the volume in 3-D, with the choice of its phases.
    """

    box_wanted = Signal()
    """Emitted when a lazy layer is shown in 3-D, where only boxes of it are visible."""

    def __init__(self, viewer: "Viewer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fractions = Note()
        self.view = ViewChoice()
        self._viewer = viewer
        self.current: CurrentResult[str] = CurrentResult(viewer)
        self.current.changed.connect(self._show)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.fractions)
        layout.addWidget(self.view)
        self.view.viewed.connect(self._on_view)
        self.hide()

    def show_result(self, layer: Any, fractions: str = "") -> None:
        """Show a new volume."""
        if get_tiles(layer) is None:
            add_to_3d(self._viewer, layer, self.view.chosen)
        self.current.add(layer, fractions)

    def show_box(self, box: Any, whole: Any) -> None:
        """Show a box of a lazy layer, which remains the volume."""
        add_to_3d(self._viewer, box, self.view.chosen)
        self.current.add_part(box, whole, "")

    def refresh(self) -> None:
        """Show the controls of another volume if theirs was removed; hide them if there is none."""
        self.current.refresh()
        self._show()

    def _show(self) -> None:
        layer = self.current.view
        self.fractions.show_text(self.current.facts or "")
        self.setVisible(layer is not None)
        self.view.offer([] if layer is None else list_views(layer))

    def _on_view(self, phases: Any) -> None:
        layer = self.current.view
        if layer is None:
            return
        show_in_3d(self._viewer, layer, phases, whole=self.current.layer)
        if get_tiles(layer) is not None:
            self.box_wanted.emit()
