"""A part of the panel that is folded away until it is wanted."""

from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QSizePolicy, QWidget
from superqt import QCollapsible


class Drawer(QCollapsible):
    """A titled part that opens on a click; a word beside the title tells what is set within.

    Parameters
    ----------
    title : str
        What is in it.
    content : QWidget
        Shown when it is open.
    """

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(title, parent, expandedIcon=QIcon(), collapsedIcon=QIcon())
        self._title, self._word = title, ""
        self.setDuration(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.layout().setContentsMargins(0, 0, 0, 0)
        self.layout().setSpacing(2)
        self.addWidget(content)
        self.toggled.connect(self._name)
        self._name()

    def set_remark(self, word: str) -> None:
        """Say beside the title what is set within; nothing if it is empty."""
        self._word = word
        self._name()

    def _name(self, *_: object) -> None:
        arrow = "▾" if self.isExpanded() else "▸"
        self.setText(f"{arrow}  {self._title}" + (f" ({self._word})" if self._word else ""))
