"""Controls of the segmentation: by thresholds or by scribbles."""

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from napari_swnn.preparation import SegmentScribbles, Threshold
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.preparation.phase_list import PhaseList
from napari_swnn.widgets.preparation.preview import Preview
from napari_swnn.widgets.preparation.threshold_controls import ThresholdControls

THRESHOLD = "threshold"
LOCAL = "local"
SCRIBBLES = "scribbles"
LEARNED = "learned"
_EXPLANATIONS = {
    THRESHOLD: "Every pixel gets a phase by its grey value. Drag the lines in the histogram to change it.",
    LOCAL: "Every pixel is compared with the mean of its surroundings.",
    SCRIBBLES: "Paint a few short strokes in each phase. A classifier learns their grey values and texture, and "
    "segments the rest; add strokes where it is wrong.",
    LEARNED: "The recipe holds a classifier that learned from scribbles on another image.",
}


class SegmentationBox(QWidget):
    """Selection of the method, with the controls of a threshold or the list of phases to scribble.

    `changed` carries a `Threshold`; `scribbles_chosen` is emitted when the user selects the scribbles.

    Attributes
    ----------
    method : Combo
        ``"threshold"`` or ``"scribbles"``, or ``"learned"`` if the recipe holds a classifier.
    threshold : ThresholdControls
        Controls of the threshold.
    phases : PhaseList
        Phases to scribble.
    problem : Problem
        Reason that the image cannot be segmented.
    """

    changed = Signal(object)
    scribbles_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.method = Combo()
        self.method.setToolTip("Segmentation into phases.")
        self.threshold = ThresholdControls()
        self.phases = PhaseList()
        self.problem = Problem()
        self.effect = QLabel()
        self.effect.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._explanation = Note()
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Segment by", self.method)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(form)
        for part in (self._explanation, self.threshold, self.phases, self.problem):
            layout.addWidget(part)
        self.method.currentIndexChanged.connect(self._on_method)
        self.threshold.changed.connect(self.changed)
        self.show_step(Threshold())

    def show_step(self, step: Any) -> None:
        """Show a segmentation without emitting a signal."""
        method = SCRIBBLES
        if isinstance(step, Threshold):
            method = THRESHOLD
            self.threshold.show_step(step)
        elif isinstance(step, SegmentScribbles):
            method = LEARNED
        entries = [("Threshold", THRESHOLD), ("Scribbles", SCRIBBLES)]
        if method == LEARNED:
            entries.append(("Scribbles of the recipe", LEARNED))
        self.method.set_entries(entries, method)
        self._show_method()

    def show_preview(self, preview: Preview) -> None:
        """Show the histogram of a preview."""
        self.threshold.show_preview(preview)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.threshold.set_dark(dark)
        self.problem.set_dark(dark)

    def _show_method(self) -> None:
        method = self.method.value
        is_local = method == THRESHOLD and self.threshold.method.value == LOCAL
        self._explanation.show_text(_EXPLANATIONS[LOCAL if is_local else method])
        self.threshold.setVisible(method == THRESHOLD)
        self.phases.setVisible(method == SCRIBBLES)

    def _on_method(self, _index: int) -> None:
        self._show_method()
        if self.method.value == THRESHOLD:
            with QSignalBlocker(self):
                step = self.threshold.step
            self.changed.emit(step)
        elif self.method.value == SCRIBBLES:
            self.scribbles_chosen.emit()
