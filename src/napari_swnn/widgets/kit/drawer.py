"""Collapsible section of a panel with a remark in its title."""

from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QSizePolicy, QWidget
from superqt import QCollapsible

_UNLIMITED = 16_777_215
"""Qt's maximum height of a widget."""


class Drawer(QCollapsible):
    """Collapsible section whose title includes a remark on the settings it contains.

    Parameters
    ----------
    title : str
        Title of the section.
    content : QWidget
        Content, shown while the section is open.
    """

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(title, parent, expandedIcon=QIcon(), collapsedIcon=QIcon())
        self._title = title
        self._remark = ""
        self.setDuration(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().setSpacing(2)
        self.layout().setAlignment(Qt.AlignmentFlag(0))  # a layout at the top has no more than the height of its hint
        self.toggleButton().setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # a remark can be long
        self._inside = content
        self.addWidget(content)
        content.hide()
        self.toggled.connect(self._show_title)
        self._show_title()

    def expand(self, animate: bool = True) -> None:
        """Show the content."""
        self._inside.show()
        super().expand(animate)
        self.content().setMaximumHeight(_UNLIMITED)  # the base class allows that of rows that are not wrapped

    def collapse(self, animate: bool = True) -> None:
        """Hide the content, so that the Tab key skips its controls."""
        super().collapse(animate)
        self._inside.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Return the size with rows and texts that are wrapped at the present width."""
        size = super().sizeHint()
        return QSize(size.width(), max(size.height(), self.heightForWidth(self.width())))

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        """Announce the height of the rows at the new width to the layout."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def eventFilter(self, _watched: Any, _event: Any) -> bool:  # noqa: N802 (Qt's name)
        """Leave the height to the layout, where the base class limits it to that of rows that are not wrapped."""
        return False

    def open(self) -> None:
        """Show the content."""
        self.expand(animate=False)

    def enable_content(self, on: bool) -> None:
        """Enable or disable the content; the section can be opened and closed all the same."""
        self._inside.setEnabled(on)

    def set_remark(self, remark: str) -> None:
        """Show a remark in parentheses after the title, or none if it is empty."""
        self._remark = remark
        self._show_title()

    def _show_title(self, *_: object) -> None:
        arrow = "▾" if self.isExpanded() else "▸"
        self.setText(f"{arrow}  {self._title}" + (f" ({self._remark})" if self._remark else ""))
        self.toggleButton().setToolTip(self._remark)


def enable_controls(panel: QWidget, on: bool) -> None:
    """Enable or disable the controls of a panel, whose drawers can be opened and closed all the same."""
    for part in panel.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if isinstance(part, Drawer):
            part.enable_content(on)
        else:
            part.setEnabled(on)
