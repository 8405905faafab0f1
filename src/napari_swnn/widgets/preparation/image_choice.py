"""Controls for the image, its section and its pixel size."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, Note, Problem, place_side_by_side
from napari_swnn.widgets.kit.layer_combo import LayerCombo

if TYPE_CHECKING:
    from napari.layers import Image

UNITS = ("nm", "µm", "mm", "Å", "voxel")
"""Units of the pixel size; the last one stands for an unknown pixel size."""


class _LengthBox(QDoubleSpinBox):
    """Number box for a length, which shows significant digits only, and is empty until a number is known.

    Attributes
    ----------
    is_known : bool
        True once a number was shown or entered.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_known = False
        self.setDecimals(9)
        self.setRange(1e-9, 1e9)
        self.setValue(1.0)
        self.setKeyboardTracking(False)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setStyleSheet("QDoubleSpinBox {min-width: 56px;}")
        self.lineEdit().setPlaceholderText("not known")
        self.lineEdit().textEdited.connect(self._on_entered)
        self.valueChanged.connect(self._on_entered)

    def show_length(self, value: float | None) -> None:
        """Show a number without a signal, or none."""
        with QSignalBlocker(self):
            self.is_known = value is not None
            self.setValue(1.0 if value is None else value)
            self.lineEdit().setText(self.textFromValue(self.value()))

    def textFromValue(self, value: float) -> str:  # noqa: N802  (Qt's name)
        """Return the number as text."""
        return f"{value:.6g}" if self.is_known else ""

    def _on_entered(self, entered: str | float) -> None:
        self.is_known = entered != ""
        if not isinstance(entered, str):  # the text was made before
            self.lineEdit().setText(self.textFromValue(entered))


class ImageChoice(QWidget):
    """Selection of an Image layer, a section of a stack, and the pixel size.

    `chosen` is emitted when another layer is selected, `section_chosen` when another section is, and `size_written`
    when the pixel size should be written to the layer: once it is entered, or by *Set* as it is.

    Attributes
    ----------
    image : LayerCombo
        Selected layer.
    section : QSpinBox
        Section of a stack.
    follows : QCheckBox
        True if the section is the one in the viewer.
    note : Note
        Number of pixels and data type.
    refusal : Problem
        Reason that a pixel size was not written.
    """

    chosen = Signal()
    section_chosen = Signal()
    size_written = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = LayerCombo()
        self.section = QSpinBox()
        self.section.setKeyboardTracking(False)
        self.follows = QCheckBox("as in the viewer")
        self.follows.setChecked(True)
        self.size = _LengthBox()
        self.unit = Combo()
        self.unit.setMinimumContentsLength(6)
        self.unit.set_entries([(unit, unit) for unit in UNITS[:-1]] + [("unknown", "voxel")])
        self._shown = self._entry
        self.write_button = QPushButton("Set")
        self.write_button.setToolTip("Write this pixel size to the layer, so that the scale bar and all panels use it.")
        self.note = Note()
        self.refusal = Problem()
        self.form = Form()
        self._stack = place_side_by_side(QLabel("Section"), self.section, self.follows)
        self._lay_out()
        self.image.chosen.connect(self.chosen)
        self.section.valueChanged.connect(self._on_section)
        self.follows.toggled.connect(self._on_section)
        self.write_button.clicked.connect(self._on_write)
        self.size.editingFinished.connect(self.enter)
        self.unit.currentIndexChanged.connect(self.enter)

    def _lay_out(self) -> None:
        self.form.add_row("image", "Image", self.image, "Image layer with the raw micrograph.", self.note)
        self.form.add_row("section", None, self._stack, "Section of the stack to segment, counted from 0.")
        size = place_side_by_side(self.size, self.unit, self.write_button)
        tip = "Edge length of a pixel. A new one is written to the layer."
        self.form.add_row("pixel_size", "Pixel size", size, tip, self.refusal)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        self._stack.hide()

    def set_usable(self, on: bool) -> None:
        """Enable the pixel size, which needs an image."""
        for control in (self.size, self.unit, self.write_button):
            control.setEnabled(on)

    def set_layers(self, layers: "Iterable[Image]", last: "Iterable[Image]" = ()) -> None:
        """Offer these layers; those in `last` come last and are never selected automatically."""
        self.image.set_layers(layers, last=last)

    def show_sections(self, n_sections: tuple[int, ...], sections: tuple[int, ...]) -> None:
        """Show the position in a stack, or hide it for a single section."""
        self._stack.setVisible(bool(n_sections))
        if n_sections:
            with QSignalBlocker(self.section):
                self.section.setRange(0, n_sections[-1] - 1)
                self.section.setValue(sections[-1])

    def show_voxel(self, voxel: VoxelSize) -> None:
        """Show the pixel size of the layer; a unit that was chosen before any number is known stays."""
        if self.unit.findData(voxel.unit) < 0:
            self.unit.addItem(voxel.unit, voxel.unit)
        is_unknown = voxel == VoxelSize()
        self.size.show_length(None if is_unknown else voxel.value)
        if not (is_unknown and self._is_unknown):
            with QSignalBlocker(self.unit):
                self.unit.setCurrentIndex(self.unit.findData(voxel.unit))
        self._shown = (self.size.text(), voxel.unit)

    def enter(self) -> None:
        """Write a changed pixel size to the layer; a number waits for its unit, and a unit for its number."""
        if self._entry == self._shown or self.unit.value == self._shown[1] == "voxel":
            return
        self.size.interpretText()
        if self._entry != self._shown:  # it was no number otherwise
            self._on_write()

    @property
    def _is_unknown(self) -> bool:
        """True if the layer has no pixel size."""
        return self._shown == ("", "voxel")

    @property
    def _entry(self) -> tuple[str, str]:
        """Texts of the controls; the number behind the text has more digits."""
        return self.size.text(), self.unit.value

    @property
    def voxel(self) -> VoxelSize:
        """Pixel size in the controls."""
        return VoxelSize(self.size.value(), self.unit.value)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)
        self.refusal.set_dark(dark)

    def _on_section(self, value: object) -> None:
        if not isinstance(value, bool):
            with QSignalBlocker(self.follows):
                self.follows.setChecked(False)
        self.section_chosen.emit()

    def _on_write(self) -> None:
        if self.size.is_known:
            self._shown = self._entry
            self.size_written.emit(self.voxel)
