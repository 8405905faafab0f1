"""Form control for the layers that a run adds."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QGridLayout, QSpinBox, QWidget

from napari_swnn.widgets.properties.job import Outputs


class OutputChoice(QWidget):
    """Form control for the layers that a run adds."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.potential = QCheckBox()
        self.flow = QCheckBox()
        self.lines = QCheckBox("streamlines")
        self.n_lines = QSpinBox()
        self.n_lines.setRange(1, 2000)
        self.n_lines.setValue(150)
        self.n_lines.setToolTip("Number of streamlines; each represents the same flow rate.")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for i, box in enumerate((self.potential, self.flow, self.lines)):
            box.setChecked(True)
            box.toggled.connect(self._on_changed)
            layout.addWidget(box, i // 2, i % 2)
        layout.addWidget(self.n_lines, 1, 1)

    @property
    def value(self) -> Outputs:
        """Selected output layers."""
        potential, flow, lines = (box.isChecked() for box in (self.potential, self.flow, self.lines))
        return Outputs(potential, flow, lines, self.n_lines.value())

    def name_fields(self, potential: str, flow: str) -> None:
        """Show the field names of the selected property."""
        self.potential.setText(potential)
        self.flow.setText(flow)

    def _on_changed(self, _on: bool) -> None:
        self.n_lines.setEnabled(self.lines.isChecked())
        self.changed.emit()
