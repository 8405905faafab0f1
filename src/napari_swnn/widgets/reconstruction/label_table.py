"""Table with one porosity for each label of a label map."""

from typing import Any, cast

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QTableWidget, QTableWidgetItem, QWidget

from napari_swnn.widgets.kit.controls import make_porosity_box

_MOST_ROWS = 5
"""Maximum number of rows shown without scrolling."""


class LabelTable(QTableWidget):
    """Table with one porosity per label."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setHorizontalHeaderLabels(["label", "porosity"])
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @property
    def porosities(self) -> dict[int, float]:
        """Porosity by label."""
        return {
            int(self.item(row, 0).text()): float(cast("Any", self.cellWidget(row, 1)).value())
            for row in range(self.rowCount())
        }

    def set_labels(self, labels: list[int], default: float) -> None:
        """Show one row for each label; labels already in the table keep their porosity."""
        known = self.porosities
        with QSignalBlocker(self):
            self.setRowCount(len(labels))
            for row, label in enumerate(labels):
                name = QTableWidgetItem(str(label))
                name.setFlags(Qt.ItemFlag.ItemIsEnabled)
                box = make_porosity_box(0.0, 1.0, known.get(label, default))
                box.valueChanged.connect(self._on_value)
                self.setItem(row, 0, name)
                self.setCellWidget(row, 1, box)
        rows = min(len(labels), _MOST_ROWS)
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows * self.rowHeight(0) + 4)

    def _on_value(self, _value: float) -> None:
        self.changed.emit()
