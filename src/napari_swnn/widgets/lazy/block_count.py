"""Text on the canvas that counts the blocks of a lazy layer while they are computed."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_swnn.widgets.lazy.tiles import Tiles


class BlockCount(QObject):
    """Text on the canvas with the number of computed blocks in view, hidden once all of them are computed.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that shows the layer.
    tiles : Tiles
        Tiles of the layer, which own the text.
    """

    def __init__(self, viewer: "Viewer", tiles: "Tiles") -> None:
        super().__init__(tiles)
        self._viewer = viewer
        self._is_shown = False
        tiles.counted.connect(self._on_counted)

    def _on_counted(self, done: int, total: int) -> None:
        if done < total:
            self._show(f"{done:,} of {total:,} blocks computed")
        else:
            self._hide()

    def _show(self, text: str) -> None:
        overlay = self._overlay
        if not self._is_shown and overlay.visible:  # a text of the user
            return
        overlay.text = text
        overlay.visible = self._is_shown = True

    def _hide(self) -> None:
        if self._is_shown:
            self._overlay.visible = self._is_shown = False

    @property
    def _overlay(self) -> Any:
        return self._viewer.canvas.overlays.text
