"""A panel in a dock: it scrolls, follows the theme, and notices when it or the viewer is closed."""

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QLayout, QMainWindow, QScrollArea, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import WheelGuard
from napari_swnn.widgets.kit.shutdown import await_work_at_end

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

from napari_swnn._layer_style import PREVIEW_NAME


class DockPanel(QScrollArea):
    """Common part of the panels; each adds its reaction to docking, closing, and a change of theme.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer of the dock.

    Attributes
    ----------
    is_docked : bool
        True until the panel or the viewer is closed.
    """

    def __init__(self, viewer: "Viewer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.is_docked = False
        self._guard = WheelGuard(self)
        await_work_at_end()

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """As wide as a dock beside the canvas of a small laptop; docks ignore minimum sizes."""
        return QSize(360, 640)

    def reset_choices(self, _event: Any = None) -> None:
        """Update the lists of layers; napari calls this when one is added, removed, moved or renamed."""

    # -- reactions of a panel

    def on_docked(self) -> None:
        """Begin work: the panel was docked."""

    def on_closed(self) -> None:
        """Give up all work: the panel or the viewer was closed."""

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""

    # -- parts

    def lay_out(self, *parts: QWidget | QLayout) -> None:
        """Lay out parts below one another."""
        content = QWidget()
        layout = QVBoxLayout(content)
        for part in parts:
            if isinstance(part, QWidget):
                layout.addWidget(part)
            else:
                layout.addLayout(part)
        layout.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._guard.watch(self)

    def guard(self, part: QWidget) -> None:
        """Keep the wheel from changing controls that were added later."""
        self._guard.watch(part)

    def labels_layers(self) -> "list[LabelsLayer]":
        """Return the Labels layers of the viewer, without previews."""
        from napari.layers import Labels as LabelsLayer

        layers = (layer for layer in self._viewer.layers if isinstance(layer, LabelsLayer))
        return [layer for layer in layers if not layer.name.startswith(PREVIEW_NAME)]

    def image_layers(self) -> "list[Image]":
        """Return the Image layers of the viewer that are not in colour."""
        from napari.layers import Image

        return [layer for layer in self._viewer.layers if isinstance(layer, Image) and not layer.rgb]

    def watch_window(self) -> None:
        """Notice when the window is closed during work; a floating dock is a window of its own."""
        window = self.parent()
        while window is not None and not isinstance(window, QMainWindow):
            window = window.parent()
        if window is not None:  # it is not kept: that would keep the whole viewer alive
            window.installEventFilter(self)

    # -- docking and closing: the panel and the viewer can be closed at any moment

    def event(self, event: QEvent) -> bool:
        """Notice when the panel is docked and when its dock is closed: napari then only takes it out of there."""
        if event.type() == QEvent.Type.ParentChange:
            if self.parent() is None:
                self._close()
            else:
                self._dock()
        return bool(super().event(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Notice when the viewer's window closes; a close that the user may still call off shows as hiding."""
        hidden = event.type() == QEvent.Type.Hide and not event.spontaneous()
        closed = event.type() == QEvent.Type.Close and not event.spontaneous()
        if isinstance(watched, QMainWindow) and (hidden or closed):
            self._close()
        return False

    def _dock(self) -> None:
        if self.is_docked:
            return
        self.is_docked = True
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        self.reset_choices()
        self.on_docked()

    def _close(self) -> None:
        if self.is_docked:
            self._viewer.events.theme.disconnect(self._on_theme)
        self.is_docked = False
        self.on_closed()

    def _on_theme(self, _event: Any = None) -> None:
        from napari.utils.theme import get_theme

        self.set_dark(get_theme(self._viewer.theme).type == "dark")
