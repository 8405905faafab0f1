"""Controls shared by the panels."""

from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import Any

from qtpy.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_swnn._types import AXES, Shape
from napari_swnn._voxel_size import VoxelSize, format_lengths

MAX_SIZE = 8192
POROSITY_DECIMALS = 3


class PorosityControl(QWidget):
    """Slider and number box for the target porosity, limited to the reachable range.

    The control follows the porosity of the reference until the user chooses another value.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.number = make_porosity_box(0.0, 1.0)
        self._chosen = False
        layout = _tight(QHBoxLayout(self))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.number)
        self.slider.valueChanged.connect(self._on_slider)
        self.number.valueChanged.connect(self._on_number)
        self.set_range(0.0, 1.0, own=0.0)

    @property
    def value(self) -> float:
        """Target porosity."""
        return float(self.number.value())

    def choose(self, value: float) -> None:
        """Enter a target porosity."""
        self.number.setValue(value)
        self._chosen = True

    def forget(self) -> None:
        """Follow the porosity of the reference again."""
        self._chosen = False

    def set_range(self, low: float, high: float, *, own: float) -> None:
        """Set the reachable range and the porosity of the reference."""
        unit = 10**POROSITY_DECIMALS
        lowest, highest = ceil(low * unit - 1e-9), floor(high * unit + 1e-9)  # never offer an unreachable porosity
        target = self.value if self._chosen else own
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setRange(lowest, highest)
            self.number.setRange(lowest / unit, highest / unit)
            self.number.setValue(target)
            self.slider.setValue(round(self.value * unit))

    def _on_slider(self, position: int) -> None:
        self._chosen = True
        with QSignalBlocker(self.number):
            self.number.setValue(position / 10**POROSITY_DECIMALS)

    def _on_number(self, value: float) -> None:
        self._chosen = True
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(value * 10**POROSITY_DECIMALS))


class SizeControl(QWidget):
    """Control for the number of voxels along z, y and x."""

    changed = Signal()

    def __init__(self, default: int = 128, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = _tight(QHBoxLayout(self))
        self.sides = tuple(_spin_box(f"{name}  ", default) for name in AXES)
        for name, side in zip(AXES, self.sides, strict=True):
            layout.addWidget(side, 1)
            side.setToolTip(f"Voxels along {name}.")
            side.valueChanged.connect(self.changed)

    @property
    def value(self) -> Shape:
        """Size as ``(z, y, x)``."""
        return tuple(side.value() for side in self.sides)

    def set_value(self, shape: Shape) -> None:
        """Set the size; `changed` is emitted once if it differs."""
        if shape == self.value:
            return
        for side, extent in zip(self.sides, shape, strict=True):
            with QSignalBlocker(side):
                side.setValue(extent)
        self.changed.emit()

    def physical(self, voxel: VoxelSize) -> str:
        """Return the size as text, in the unit of the voxel size."""
        unit = "voxels" if voxel.unit == "voxel" else voxel.unit
        return format_lengths([side * voxel.value for side in self.value], unit)


def _spin_box(prefix: str, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setPrefix(prefix)
    box.setRange(1, MAX_SIZE)
    box.setValue(value)
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setStyleSheet("QSpinBox {min-width: 30px; padding: 1px 4px;}")  # three boxes share a row
    return box


class Note(QLabel):
    """Label that wraps its text and is hidden while the text is empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)  # layer names must not be read as markup
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self.hide()

    def show_text(self, text: str) -> None:
        """Show a text, or hide the note if the text is empty."""
        self.setText(text)
        self.setVisible(bool(text))
        self._fit_height()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        """Fit the height to the text at the new width; otherwise, layouts cut off the last lines."""
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        self.setMinimumHeight(0)  # otherwise, a label reports at least the height of its last text
        self.setMinimumHeight(max(0, self.heightForWidth(self.width())) if self.text() else 0)


class Problem(Note):
    """Note that describes a problem in a colour that is legible in the current theme."""

    def show_text(self, text: str) -> None:
        """Show a problem, or hide the note if the text is empty."""
        super().show_text(f"⚠ {text}" if text else "")

    def set_dark(self, dark: bool) -> None:
        """Set the colour for a dark or light background."""
        self.setStyleSheet(f"color: {'#ff8f87' if dark else '#b3121f'};")


class Form(QWidget):
    """Form with labelled rows; each row can show a problem below its control."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self.problems: dict[str, Problem] = {}

    def add_row(self, key: str, label: str | None, control: QWidget, tooltip: str, *notes: QWidget) -> None:
        """Add a control with notes below it; without a label, the control spans the full width."""
        field, problem = QWidget(), Problem()
        control.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = _tight(QVBoxLayout(field))
        layout.setSpacing(2)
        for widget in (control, problem, *notes):
            layout.addWidget(widget)
        control.setToolTip(tooltip)
        self.problems[key] = problem
        if label is None:
            self._layout.addRow(field)
            return
        name = QLabel(label)
        name.setToolTip(tooltip)
        self._layout.addRow(name, field)

    def show_row(self, key: str, shown: bool) -> None:
        """Show or hide the label, control and problem of a row."""
        field = self.problems[key].parentWidget()
        self._layout.labelForField(field).setVisible(shown)
        field.setVisible(shown)

    def name_row(self, key: str, label: str) -> None:
        """Change the label of a row."""
        self._layout.labelForField(self.problems[key].parentWidget()).setText(label)

    def is_row_shown(self, key: str) -> bool:
        """Return True if a row is shown."""
        return not self.problems[key].parentWidget().isHidden()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show each problem below its control, and hide all other problems."""
        for key, problem in self.problems.items():
            problem.show_text(problems.get(key, ""))

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for problem in self.problems.values():
            problem.set_dark(dark)


class WheelGuard(QObject):
    """Event filter that prevents the mouse wheel from changing controls while the panel is scrolled."""

    def watch(self, panel: QWidget) -> None:
        """Install the filter on all number boxes, combo boxes and sliders of a panel."""
        kinds: tuple[Callable[..., QWidget], ...] = (QAbstractSpinBox, QComboBox, QSlider)
        for control in (control for kind in kinds for control in panel.findChildren(kind)):
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Pass wheel events on to the panel unless the control has the focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return bool(super().eventFilter(watched, event))


def _tight(layout: Any) -> Any:
    layout.setContentsMargins(0, 0, 0, 0)
    return layout


def make_line() -> QFrame:
    """Return a horizontal line between two parts of a panel."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    return line


def place_side_by_side(*widgets: QWidget) -> QWidget:
    """Return a row of widgets in which labels do not stretch."""
    row = QWidget()
    layout = _tight(QHBoxLayout(row))
    for widget in widgets:
        layout.addWidget(widget, 0 if isinstance(widget, QLabel) else 1)
    return row


def place_below_one_another(*widgets: QWidget) -> QWidget:
    """Return a column of widgets."""
    column = QWidget()
    layout = _tight(QVBoxLayout(column))
    layout.setSpacing(2)
    for widget in widgets:
        layout.addWidget(widget)
    return column


def make_porosity_box(low: float, high: float, value: float = 0.0) -> QDoubleSpinBox:
    """Return a number box for a porosity between two limits."""
    box = QDoubleSpinBox()
    box.setDecimals(POROSITY_DECIMALS)
    box.setRange(low, high)
    box.setSingleStep(0.01)
    box.setValue(value)
    box.setKeyboardTracking(False)
    box.setStyleSheet("QDoubleSpinBox {min-width: 50px;}")
    return box
