"""Combo box of entries with values."""

from collections.abc import Iterable
from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

_PADDING = 2
"""Pixels beside an entry that napari's style leaves free, though a text can reach into them."""


class Combo(QComboBox):
    """Combo box that never grows wider than the panel, even with long entries."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: Any) -> None:  # noqa: N802  (Qt's name)
        """Shorten a long entry in its middle, since names of layers differ at their ends."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self).width()
        room += _PADDING if option.currentIcon.isNull() else _PADDING - option.iconSize.width() - 4
        if option.fontMetrics.horizontalAdvance(option.currentText) <= room:
            super().paintEvent(event)
            return
        option.currentText = option.fontMetrics.elidedText(option.currentText, Qt.TextElideMode.ElideMiddle, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def set_entries(self, entries: Iterable[tuple[str, Any]], chosen: Any = None) -> None:
        """Replace all ``(text, value)`` entries and select a value without emitting a signal."""
        with QSignalBlocker(self):
            self.clear()
            for text, value in entries:
                self.addItem(text, value)
            data = [self.itemData(i) for i in range(self.count())]
            same = [i for i, value in enumerate(data) if value is chosen]
            equal = [i for i, value in enumerate(data) if value == chosen]
            self.setCurrentIndex((same or equal or [-1])[0])
        if self.currentIndex() < 0 and self.count() > 0:
            with QSignalBlocker(self):
                self.setCurrentIndex(0)

    @property
    def value(self) -> Any:
        """Value of the selected entry, or None if no entry is selected."""
        return self.currentData()
