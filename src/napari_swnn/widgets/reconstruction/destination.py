"""Controls for volumes that do not fit into memory."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import Combo, Form, Note

_TIPS = {
    "result": "What Run and Generate make: labels in memory; a layer that opens at once and computes what you look at; "
    "or a file, which is written block by block and can be stopped and gone on with.",
    "region": "Compute a box of a lazy layer as an ordinary layer: around the middle of the view and the current "
    "plane, or as marked in an active Shapes layer.",
}


class LargePanel(QWidget):
    """Where volumes go, and boxes out of lazy layers."""

    changed = Signal()
    compute = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.result, self.side, self.compute_button = Combo(), QSpinBox(), QPushButton("Compute region")
        self.form, self.note = Form(), Note()
        entries = [("a layer in memory", "layer"), ("a lazy layer", "lazy"), ("a file", "file")]
        self.result.set_entries(entries, "layer")
        self.side.setRange(8, 1024)
        self.side.setValue(128)
        self.side.setSuffix(" voxels")
        row = QWidget()
        beside = QHBoxLayout(row)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.side, 1)
        beside.addWidget(self.compute_button)
        self.form.add_row("result", "Make", self.result, _TIPS["result"], self.note)
        self.form.add_row("region", "Box", row, _TIPS["region"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        self.result.currentIndexChanged.connect(self._on_changed)
        self.compute_button.clicked.connect(self._on_compute)

    @property
    def word(self) -> str:
        """What is chosen, in a word; empty for the usual."""
        return {"lazy": "lazy layer", "file": "to a file"}.get(self.result.value, "")

    def set_enabled(self, *, choose: bool, compute: bool) -> None:
        """Allow what can be done now."""
        self.result.setEnabled(choose)
        self.compute_button.setEnabled(compute)

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        self.form.set_dark(dark)

    def _on_changed(self, _index: int) -> None:
        self.note.show_text(
            {
                "lazy": "It opens at once and computes what you look at, plane by plane.",
                "file": "OME-Zarr (.zarr) or TIFF (.tif); a stopped one can be gone on with.",
            }.get(self.result.value, "")
        )
        self.changed.emit()

    def _on_compute(self) -> None:
        self.compute.emit()
