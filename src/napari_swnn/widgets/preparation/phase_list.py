"""List of the phases to scribble, with their colours and names."""

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from napari_swnn._layer_style import PALETTE, to_hex
from napari_swnn.widgets.kit.controls import Note
from napari_swnn.widgets.kit.swatch import make_swatch


class PhaseList(QWidget):
    """List of phases; the selected one is the one that the brush paints.

    `selected` carries the number of the selected phase, `named` all names after one was edited or added.
    `scribbled` is emitted by the button that starts scribbling, and `uncertainty_shown` by the check box.

    Attributes
    ----------
    start_button, add_button : QPushButton
        Buttons that start scribbling and add a phase.
    uncertainty : QCheckBox
        Switch of the layer that shows where the segmentation is uncertain.
    note : Note
        Advice to the user.
    """

    selected = Signal(int)
    named = Signal(object)
    scribbled = Signal()
    uncertainty_shown = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start_button = QPushButton("Scribble")
        self.start_button.setToolTip("Add a Labels layer for scribbles, and select the brush.")
        self.add_button = QPushButton("+ Phase")
        self.add_button.setToolTip("Add a phase.")
        self.uncertainty = QCheckBox("Show uncertainty")
        self.uncertainty.setToolTip("Show as a layer where the classifier is unsure; more strokes help most there.")
        self.note = Note()
        self._list = QListWidget()
        self._list.setToolTip("Phase that the brush paints. Double-click a name to change it.")
        self._list.setFixedHeight(76)
        buttons = QHBoxLayout()
        for button in (self.start_button, self.add_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(buttons)
        layout.addWidget(self._list)
        layout.addWidget(self.note)
        layout.addWidget(self.uncertainty)
        self.start_button.clicked.connect(self.scribbled)
        self.add_button.clicked.connect(self._on_add)
        self.uncertainty.toggled.connect(self.uncertainty_shown)
        self._list.currentRowChanged.connect(self._on_row)
        self._list.itemChanged.connect(self._on_item)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the phases, by label."""
        return tuple(self._list.item(row).text() for row in range(self._list.count()))

    @property
    def phase(self) -> int:
        """Number of the selected phase."""
        return max(0, self._list.currentRow())

    def select(self, phase: int) -> None:
        """Select the phase that the brush paints."""
        self._list.setCurrentRow(phase)

    def show_names(self, names: Sequence[str]) -> None:
        """Show the phases with these names without emitting a signal."""
        if tuple(names) == self.names:
            return
        row = self.phase
        with QSignalBlocker(self._list):
            self._list.clear()
            for label, name in enumerate(names):
                item = QListWidgetItem(make_swatch(to_hex(PALETTE[label % len(PALETTE)])), name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                self._list.addItem(item)
            self._list.setCurrentRow(min(row, len(names) - 1))
        self.add_button.setEnabled(len(names) < len(PALETTE))

    def _on_row(self, row: int) -> None:
        if row >= 0:
            self.selected.emit(row)

    def _on_item(self, _item: QListWidgetItem) -> None:
        self.named.emit(self.names)

    def _on_add(self) -> None:
        self.named.emit((*self.names, f"phase {len(self.names) + 1}"))
        self.select(len(self.names) - 1)
