"""Base class of docked panels, which scroll, follow the theme, and detect when they are closed."""

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QFrame,
    QLabel,
    QLayout,
    QLineEdit,
    QMainWindow,
    QScrollArea,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from napari_swnn.widgets.kit.controls import WheelGuard
from napari_swnn.widgets.kit.pointer import ignore_resting_pointer
from napari_swnn.widgets.kit.shutdown import await_work_at_end
from napari_swnn.widgets.kit.viewer_layers import list_image_layers, list_labels_layers, list_shapes_layers

_LONG_TOOLTIP = 60
"""Number of letters above which a tooltip is wrapped."""

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Shapes as ShapesLayer
    from napari.viewer import Viewer


class DockPanel(QScrollArea):
    """Base class of the panels; subclasses define the response to docking, closing and theme changes.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that contains the dock.

    Attributes
    ----------
    is_docked : bool
        True from docking until the panel or the viewer is closed.
    """

    def __init__(self, viewer: "Viewer", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.is_docked = False
        self._guard = WheelGuard(self)
        await_work_at_end()
        ignore_resting_pointer(viewer)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Preferred size, which suits a small laptop screen; docks ignore minimum sizes."""
        return QSize(360, 640)

    def reset_choices(self, _event: Any = None) -> None:
        """Update the lists of layers; napari calls this when a layer is added, removed, moved or renamed."""

    # -- for a subclass

    def on_docked(self) -> None:
        """Start work after the panel was docked."""

    def on_closed(self) -> None:
        """Cancel all work after the panel or the viewer was closed."""

    def on_shown(self, is_shown: bool) -> None:
        """Respond to the dock being shown, or hidden, as behind the tab of another one."""

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""

    def run(self) -> None:
        """Start a run if possible; the Enter key calls this."""

    def stop(self) -> None:
        """Stop a run if there is one; the Escape key calls this."""

    # -- contents

    def lay_out(self, *parts: QWidget | QLayout) -> None:
        """Lay out the parts of the panel from top to bottom."""
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
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._guard.watch(self)
        _wrap_tooltips(self)

    def guard(self, part: QWidget) -> None:
        """Guard controls that were added later against the mouse wheel."""
        self._guard.watch(part)

    def labels_layers(self) -> "list[LabelsLayer]":
        """Return the Labels layers of the viewer, except previews and scribbles."""
        return list_labels_layers(self._viewer)

    def shapes_layers(self) -> "list[ShapesLayer]":
        """Return the Shapes layers of the viewer."""
        return list_shapes_layers(self._viewer)

    def image_layers(self) -> "list[Image]":
        """Return the Image layers of the viewer, also those with colours, except previews."""
        return list_image_layers(self._viewer)

    def watch_window(self) -> None:
        """Detect when the window is closed during work; a floating dock is a separate window."""
        window = _find_parent(self, QMainWindow)
        if window is not None:  # no reference is stored, which would keep the whole viewer alive
            window.installEventFilter(self)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802  (Qt's name)
        """Run with Enter and stop with Escape; on a control, Enter acts on that only, and Ctrl+Enter runs."""
        if event.key() == Qt.Key.Key_Escape:
            self.stop()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = QApplication.focusWidget()
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.run()
            elif isinstance(focused, QAbstractButton):
                focused.click()
            elif isinstance(focused, QComboBox):
                focused.showPopup()
            elif not isinstance(focused, QAbstractSpinBox | QLineEdit | QAbstractItemView):
                self.run()
        else:
            super().keyPressEvent(event)

    # -- docking and closing, which can happen at any time

    def event(self, event: QEvent) -> bool:
        """Detect docking and closing through changes of the parent; napari only unparents a closed panel."""
        if event.type() == QEvent.Type.ParentChange:
            if self.parent() is None:
                self._close()
            else:
                self._dock()
        return bool(super().event(event))

    def may_close(self) -> bool:
        """Return False to keep the viewer's window open, for example because the user wants to save something first."""
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Detect when the viewer's window closes; a close with confirmation appears as a hide event."""
        closes = isinstance(watched, QMainWindow) and event.type() == QEvent.Type.Close and self.is_docked
        if closes and not self.may_close():
            event.ignore()
            return True
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
        QTimer.singleShot(0, self._join_tabs)  # napari places the dock after it has made it

    def _join_tabs(self) -> None:
        """Share one place with the other panels as tabs; one above another, they leave no room for their controls."""
        dock, window = _find_parent(self, QDockWidget), _find_parent(self, QMainWindow)
        if dock is not None:
            dock.visibilityChanged.connect(self._on_visibility)
        if dock is None or window is None or dock.isFloating():
            return
        self._name_plainly()
        dock.topLevelChanged.connect(self._name_plainly)  # napari makes another bar for it
        dock.dockLocationChanged.connect(self._name_plainly)
        if window.tabifiedDockWidgets(dock):
            _show_whole_titles(window)
            return
        area = window.dockWidgetArea(dock)
        for panel in window.findChildren(DockPanel):
            other = _find_parent(panel, QDockWidget)
            if other is None or other is dock or other.isFloating() or other.isHidden():
                continue
            if window.dockWidgetArea(other) == area:
                window.tabifyDockWidget(other, dock)
                QTimer.singleShot(0, dock.raise_)  # a tab that Qt has not laid out yet stays behind
                QTimer.singleShot(0, partial(_show_whole_titles, window))
                return

    def _on_visibility(self, is_shown: bool) -> None:
        if self.is_docked:
            self.on_shown(is_shown)

    def _name_plainly(self, _place: Any = None) -> None:
        """Leave the name of the plugin out of the title, which tabs would cut; the bar shows the same name."""
        dock = _find_parent(self, QDockWidget)
        if dock is None:
            return
        name = dock.windowTitle().split(" (")[0]
        dock.setWindowTitle(name)
        bar = dock.titleBarWidget()
        for label in [] if bar is None else bar.findChildren(QLabel):
            if label.text().startswith(name):
                label.setText(name)

    def _close(self) -> None:
        if self.is_docked:
            self._viewer.events.theme.disconnect(self._on_theme)
        self.is_docked = False
        self.on_closed()

    def _on_theme(self, _event: Any = None) -> None:
        from napari.utils.theme import get_theme

        self.set_dark(get_theme(self._viewer.theme).type == "dark")


def _wrap_tooltips(panel: QWidget) -> None:
    """Wrap long tooltips, which Qt does for rich text only."""
    for widget in panel.findChildren(QWidget):
        text = widget.toolTip()
        if len(text) > _LONG_TOOLTIP and not text.startswith("<"):
            widget.setToolTip(f"<qt>{escape(text)}</qt>")


def _show_whole_titles(window: QMainWindow) -> None:
    """Scroll tabs whose titles do not fit, instead of cutting the titles."""
    for bar in window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        bar.setElideMode(Qt.TextElideMode.ElideNone)
        bar.setUsesScrollButtons(True)


def _find_parent(widget: QWidget, kind: type[QWidget]) -> Any:
    """Return the nearest parent of a kind, or None."""
    parent = widget.parent()
    while parent is not None and not isinstance(parent, kind):
        parent = parent.parent()
    return parent
