"""Controls of a segmentation by thresholds."""

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from napari_swnn._layer_style import PALETTE
from napari_swnn.preparation import Threshold
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.preparation.histogram import Histogram
from napari_swnn.widgets.preparation.preview import Preview

METHODS = {
    "otsu": "Otsu (automatic)",
    "li": "Li (automatic, one phase rare)",
    "multi_otsu": "Multi-Otsu (3 or more phases)",
    "local": "Local (uneven brightness)",
    "manual": "By hand (drag the lines)",
}
"""Names of the methods."""


class ThresholdControls(QWidget):
    """Method of the threshold, its settings, and the histogram with its lines.

    `changed` carries the step after every change by the user.

    Attributes
    ----------
    method : Combo
        Method.
    n_phases : QSpinBox
        Number of phases.
    histogram : Histogram
        Histogram of the grey values.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.method = Combo()
        self.method.set_entries([(text, method) for method, text in METHODS.items()])
        self.method.setToolTip("Method that finds the grey values between the phases.")
        self.n_phases = QSpinBox()
        self.n_phases.setRange(2, len(PALETTE))
        self.n_phases.setToolTip("Number of phases to separate.")
        self.radius = self._number(3, 1000, 50, " px", "Radius of the surroundings that each pixel is compared with.")
        self.offset = self._number(-1e6, 1e6, 0, "", "Grey value by which a bright pixel exceeds its surroundings.")
        self.histogram = Histogram()
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Method", self.method)
        self._form.addRow("Phases", self.n_phases)
        self._form.addRow("Radius", self.radius)
        self._form.addRow("Offset", self.offset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(self._form)
        layout.addWidget(self.histogram)
        self.method.currentIndexChanged.connect(self._on_method)
        self.n_phases.valueChanged.connect(self._on_phases)
        self.radius.valueChanged.connect(self._on_number)
        self.offset.valueChanged.connect(self._on_number)
        self.histogram.levels_moved.connect(self._on_levels)
        self.show_step(Threshold())

    @staticmethod
    def _number(low: float, high: float, value: float, suffix: str, tip: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setDecimals(1)
        box.setValue(value)
        box.setSuffix(suffix)
        box.setToolTip(tip)
        box.setKeyboardTracking(False)
        return box

    @property
    def step(self) -> Threshold:
        """Step with the current settings."""
        method = self.method.value
        if method == "multi_otsu":
            return Threshold("multi_otsu", n_phases=self.n_phases.value())
        if method == "local":
            return Threshold("local", radius=self.radius.value(), offset=self.offset.value())
        if method == "manual":
            return Threshold("manual", levels=self._hand_levels())
        return Threshold(method)

    def show_step(self, step: Threshold) -> None:
        """Show a step without emitting a signal."""
        with (
            QSignalBlocker(self.method),
            QSignalBlocker(self.n_phases),
            QSignalBlocker(self.radius),
            QSignalBlocker(self.offset),
        ):
            self.method.setCurrentIndex(self.method.findData(step.method))
            self.n_phases.setValue(step.n_phases)
            self.radius.setValue(step.radius)
            self.offset.setValue(step.offset)
        if step.method == "manual":
            self.histogram.show_levels(step.levels)
        self._show_rows()

    def show_preview(self, preview: Preview) -> None:
        """Show the histogram of a preview and its thresholds."""
        if preview.grey is not None:
            self.histogram.show_counts(preview.counts, preview.edges)
        if preview.segmented is not None:
            self.histogram.show_levels(preview.segmented.levels)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.histogram.set_dark(dark)

    def _show_rows(self) -> None:
        method = self.method.value
        self._form.setRowVisible(self.n_phases, method in ("multi_otsu", "manual"))
        self._form.setRowVisible(self.radius, method == "local")
        self._form.setRowVisible(self.offset, method == "local")
        with QSignalBlocker(self.n_phases):
            self.n_phases.setMinimum(3 if method == "multi_otsu" else 2)

    def _hand_levels(self) -> tuple[float, ...]:
        """Return the thresholds by hand for the chosen number of phases: those shown, with others added or dropped."""
        levels = sorted(set(self.histogram.levels))[: self.n_phases.value() - 1]
        while len(levels) < self.n_phases.value() - 1:
            low, high = self.histogram.span
            ends = [low, *levels, high]
            gaps = [(ends[i + 1] - ends[i], ends[i]) for i in range(len(ends) - 1)]
            width, start = max(gaps)
            levels = sorted([*levels, start + width / 2])
        return tuple(levels)

    def _on_method(self, _index: int) -> None:
        if self.method.value == "manual":
            with QSignalBlocker(self.n_phases):
                self.n_phases.setValue(max(2, len(self.histogram.lines) + 1))
        self._show_rows()
        self.changed.emit(self.step)

    def _on_phases(self, _n: int) -> None:
        self.changed.emit(self.step)

    def _on_number(self, _value: float) -> None:
        self.changed.emit(self.step)

    def _on_levels(self, levels: tuple[float, ...]) -> None:
        if len(set(levels)) < len(levels):  # two lines on top of each other
            return
        with QSignalBlocker(self.method), QSignalBlocker(self.n_phases):
            self.method.setCurrentIndex(self.method.findData("manual"))
            self.n_phases.setMinimum(2)
            self.n_phases.setValue(len(levels) + 1)
        self._show_rows()
        self.changed.emit(Threshold("manual", levels=levels))
