"""Table of numbers at its full height; the panel scrolls instead of the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_swnn.widgets.kit.swatch import make_swatch

_NAME_WIDTHS = {True: 30, False: 18}
"""Maximum number of characters per line of a row's name, in a wide (True) and a narrow panel."""


@dataclass(frozen=True)
class Head:
    """Header of a column: a short text, a tooltip and an optional colour."""

    text: str
    tip: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Row:
    """Row of a table, with one number per column.

    Attributes
    ----------
    name : str
        Name of the quantity with its unit.
    cells : tuple of str
        Text of each column.
    tips : tuple of str
        Tooltip of each cell; optional.
    colours : tuple of str
        Colours of swatches beside the name.
    is_heading : bool
        True for a row without numbers that names the rows below it.
    """

    name: str
    cells: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    is_heading: bool = False


class NumberTable(QTableWidget):
    """Table of numbers whose row names stay visible; columns fill the width or scroll sideways."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._fitted_width = 0
        self.setStyleSheet("font-size: 8pt;")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setWordWrap(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def show_numbers(self, heads: Sequence[Head], rows: Sequence[Row]) -> None:
        """Replace the contents."""
        self.setColumnCount(len(heads))
        self.setRowCount(len(rows))
        for column, head in enumerate(heads):
            item = QTableWidgetItem(head.text)
            item.setToolTip(head.tip)
            if head.colour:
                item.setIcon(make_swatch(head.colour))
            self.setHorizontalHeaderItem(column, item)
        self.clearSpans()
        for i, row in enumerate(rows):
            self.setVerticalHeaderItem(i, _make_name(row))
            if row.is_heading:
                self._leave_empty(i, len(heads))
            for column, text in enumerate(row.cells):
                cell = QTableWidgetItem(text)
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                cell.setToolTip(row.tips[column] if row.tips else "")
                self.setItem(i, column, cell)
        self._names = [row.name for row in rows]
        self._fit()

    def _leave_empty(self, row: int, n_columns: int) -> None:
        """Fill the row of a heading with one empty cell that cannot be selected."""
        empty = QTableWidgetItem("")
        empty.setFlags(Qt.ItemFlag.NoItemFlags)
        self.setItem(row, 0, empty)
        if n_columns > 1:
            self.setSpan(row, 0, 1, n_columns)

    def text(self, row: int, column: int) -> str:
        """Return the text of a cell."""
        item = self.item(row, column)
        return "" if item is None else str(item.text())

    def row_of(self, name: str) -> int:
        """Return the index of the first row whose name begins with the given text.

        Raises
        ------
        KeyError
            If there is no such row.
        """
        for i in range(self.rowCount()):
            if self.verticalHeaderItem(i).text().replace("\n", " ").startswith(name):
                return i
        raise KeyError(name)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        if self.width() != self._fitted_width:  # otherwise, the row names changed the width of the columns
            self._fit()
        self._share_width()

    def _name_rows(self) -> None:
        for wide in (True, False):
            width = _NAME_WIDTHS[wide]
            self.setVerticalHeaderLabels([fill(name, width, break_long_words=False) for name in self._names])
            if self._columns_width() + self.verticalHeader().sizeHint().width() <= self.width():
                break

    def _columns_width(self) -> int:
        header = self.horizontalHeader()
        return sum(max(self.sizeHintForColumn(i), header.sectionSizeHint(i)) for i in range(self.columnCount()))

    def _share_width(self) -> None:
        # With too little space, stretching the last column would cut off its numbers. A stretched column keeps its
        # width when wider names take space from it, unless it is stretched again.
        self.horizontalHeader().setStretchLastSection(False)
        self.horizontalHeader().setStretchLastSection(self._columns_width() <= self.viewport().width())

    def _fit(self) -> None:
        self._fitted_width = self.width()
        self._name_rows()
        self._share_width()
        self.resizeRowsToContents()
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        height += sum(self.rowHeight(i) for i in range(self.rowCount()))
        self.setFixedHeight(height + self.horizontalScrollBar().sizeHint().height())


def _make_name(row: Row) -> QTableWidgetItem:
    """Return the header of a row: bold for a heading, with swatches of its colours; its text is set later."""
    item = QTableWidgetItem()
    if row.is_heading:
        font = item.font()
        font.setBold(True)
        item.setFont(font)
    if row.colours:
        item.setIcon(make_swatch(*row.colours))
    return item
