"""Actions of the controls of the newest result: views, pictures and files."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file
from napari_swnn.widgets.kit.panels import open_panel
from napari_swnn.widgets.layers.cut_plane import CutPlane
from napari_swnn.widgets.layers.picture import save_picture
from napari_swnn.widgets.layers.view_3d import list_shown, show_sections
from napari_swnn.widgets.lazy.saving import VolumeSaver
from napari_swnn.widgets.reconstruction.result_bar import ResultBar

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.widgets.reconstruction.results import SessionLayers


class ResultActions(QObject):
    """Actions of the controls of the newest result.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that shows the results.
    bar : ResultBar
        Controls.
    layers : SessionLayers
        Layers of the results.
    """

    def __init__(self, viewer: "Viewer", bar: ResultBar, layers: "SessionLayers", parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._bar = bar
        self._layers = layers
        self._plane = CutPlane(viewer, bar.show_position)
        self.saver = VolumeSaver(self)
        bar.viewed.connect(self.view)
        bar.cut.connect(self.cut)
        bar.buttons["beside"].clicked.connect(self.show_beside)
        bar.buttons["picture"].clicked.connect(self.save_picture)
        bar.buttons["save"].clicked.connect(self.save_volume)
        bar.buttons["compare"].clicked.connect(self.open_comparison)
        layers.changed.connect(self._on_changed)
        layers.turned.connect(self._on_turned)
        self.saver.message_changed.connect(bar.show_message)
        self.saver.done.connect(bar.show_message)
        self.saver.failed.connect(bar.show_message)
        bar.end_cut()

    def view(self, phases: Any) -> None:
        """Show the newest result in 3-D, all of it or some of its phases."""
        if self._layers.newest is not None:
            self._turn(phases)
            self._cut_as_set()

    def cut(self, axis: int | None, position: float) -> None:
        """Cut the newest result and those beside it open in 3-D, or show the whole of them."""
        layer = self._layers.in_3d
        if axis is None or layer is None or layer.ndim != 3 or layer.multiscale:
            self._plane.clear()
            return
        if self._viewer.dims.ndisplay != 3:
            self._turn(self._bar.view.chosen)
        self._plane.cut(list_shown(self._viewer, layer), axis, position)

    def _turn(self, phases: Any) -> None:
        if self._viewer.dims.ndisplay != 3:
            self._plane.clear()  # its side depends on the direction of the view, which changes
        self._layers.show_newest_in_3d(phases)
        self._layers.keep_fitting()

    def _cut_as_set(self) -> None:
        self.cut(self._bar.axis.value, self._bar.position.value() / self._bar.position.maximum())

    def _on_turned(self) -> None:
        shown = self._layers.in_3d
        if shown is not None and shown.visible and shown.ndim == 3 and not shown.multiscale:
            self._plane.clear()  # the view has another direction than before
            self.view(self._bar.view.chosen)

    def _on_changed(self) -> None:
        """Cut another volume as those beside it; without any, undo the cut."""
        self._bar.forget_message()
        if self._layers.newest is None:
            self.forget()
        elif self._viewer.dims.ndisplay == 3:
            self._cut_as_set()

    def forget(self) -> None:
        """Release the viewer, which may be closing."""
        self._plane.clear()
        self._bar.end_cut()

    def show_beside(self) -> None:
        """Show sections of the newest realisations beside the reference."""
        row, reference = self._layers.current.row, self._layers.current.reference
        if row:  # otherwise a run has begun, and has no result yet
            show_sections(self._viewer, row if reference is None else [reference, *row])
            self._layers.keep_fitting()

    def save_picture(self) -> None:
        """Prompt for a file, and save the view as an image."""
        newest = self._layers.newest
        path = ask_file(self._bar, "Save picture", "view" if newest is None else newest.name, {"PNG": "png"})
        if path is None:
            return
        try:
            save_picture(self._viewer, path)
        except (OSError, ValueError) as error:
            self._bar.show_message(describe_error(error))
        else:
            self._bar.show_message(f"Saved {path.name}.")

    def save_volume(self) -> None:
        """Prompt for a file, and write the newest result in the background."""
        newest = self._layers.newest
        if newest is not None:
            self.saver.ask(self._bar, "Save volume", newest)

    def open_comparison(self) -> None:
        """Open the panel *SWNN compare* with the reference of the result."""
        panel = open_panel(self._viewer, "SWNN compare")
        if self._layers.current.reference is not None:
            panel.choose_reference(self._layers.current.reference)
