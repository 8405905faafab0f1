"""Controls for a result: verdict, views, and buttons that save it or make another one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from napari_swnn._types import AXES
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.layers.view_choice import ViewChoice

if TYPE_CHECKING:
    from napari_swnn.validation import Verdict
    from napari_swnn.widgets.layers.view_3d import View

_BUTTONS = {
    "beside": (
        "Beside reference",
        "Show sections of the realisations beside the reference, at the same scale and in the same colours.",
    ),
    "more": ("More like it", "Generate another realisation of the same model and size, with the next seed."),
    "compare": ("Compare…", "Open the curves and numbers of the comparison with the reference."),
    "picture": ("Save picture…", "Save the view as an image, at twice its resolution on the screen."),
    "save": (
        "Save volume…",
        "Save the realisation with its voxel size and the names of its phases. A lazy layer is computed and saved as a "
        "whole, also while 3-D shows a box of it; to save that box only, select it in the list of layers.",
    ),
}
"""Text and tooltip of each button."""
_STEPS = 200


class ResultBar(QWidget):
    """Controls for a result, hidden as long as there is none.

    It is the newest one, or the one that is selected in the list of layers.

    Attributes
    ----------
    buttons : dict of str to QPushButton
        Buttons by the name of their action.
    view : ViewChoice
        Button that shows the result in 3-D, with its phases.
    axis : Combo
        Axis normal to the cut plane; None without a cut.
    position : QSlider
        Position of the cut plane.
    verdict : Note
        Verdict on the result.
    doubt : Problem
        Verdict on a result that deviates from its reference.
    advice : Note
        Next step.
    """

    viewed = Signal(object)
    """Emitted with the labels of the phases to show in 3-D; None for those with a colour in 2-D."""
    message_changed = Signal(str)
    """Emitted with a message on a file that was saved."""
    cut = Signal(object, float)
    """Emitted with the axis of the cut plane, or None, and the part to cut away, in [0, 1]."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons = {key: QPushButton(text) for key, (text, _) in _BUTTONS.items()}
        self.view = ViewChoice()
        self.buttons["view"] = self.view.button
        self.axis = Combo()
        self.position = QSlider(Qt.Orientation.Horizontal)
        self.verdict = Note()
        self.doubt = Problem()
        self.advice = Note()
        self.saved = Note()
        self.axis.set_entries([("no cut", None), *((f"cut along {name}", i) for i, name in enumerate(AXES))])
        self.position.setRange(0, _STEPS)
        self.position.setValue(_STEPS // 2)
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        for key, (_, tip) in _BUTTONS.items():
            self.buttons[key].setToolTip(tip)
        self.axis.setToolTip("Cut the volume open in 3-D. Drag in the view with the Shift key to move the plane.")
        self.position.setToolTip("Part of the volume that is cut away.")
        grid = QGridLayout()
        grid.addWidget(self.view, 0, 0, 1, 2)
        grid.addWidget(self.axis, 1, 0)
        grid.addWidget(self.position, 1, 1)
        for place, key in enumerate(("beside", "more", "picture", "save")):
            grid.addWidget(self.buttons[key], 2 + place // 2, place % 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        head = QHBoxLayout()
        head.addWidget(QLabel("Result"))
        head.addStretch(1)
        head.addWidget(self.buttons["compare"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        for widget in (self.verdict, self.doubt, self.advice):
            layout.addWidget(widget)
        layout.addLayout(grid)
        layout.addWidget(self.saved)

    def _connect(self) -> None:
        self.view.viewed.connect(self.viewed)
        self.axis.currentIndexChanged.connect(self._on_cut)
        self.position.valueChanged.connect(self._on_cut)

    def show_result(
        self, views: "Sequence[View]", *, has_result: bool, has_reference: bool, can_make: bool, can_save: bool
    ) -> None:
        """Show what can be done with the result.

        Parameters
        ----------
        views : sequence of View
            Choices of phases to show in 3-D.
        has_result, has_reference, can_make, can_save : bool
            True if there is a result, the viewer has its reference, another one can be generated now, and no file is
            being written.
        """
        self.setVisible(has_result)
        self.buttons["beside"].setEnabled(has_reference)
        self.buttons["more"].setEnabled(can_make)
        self.buttons["save"].setEnabled(can_save)
        self.view.offer(views)

    def show_message(self, message: str) -> None:
        """Show what has been saved, or why not."""
        self.saved.show_text(message)
        self.message_changed.emit(message)

    def forget_message(self) -> None:
        """Hide the message on a file, which is about an earlier result."""
        self.saved.show_text("")

    def show_verdict(self, verdict: "Verdict", advice: str = "") -> None:
        """Show the verdict on a result, and the next step."""
        self.advice.show_text(advice)
        text = verdict.text
        sign = "✓" if verdict.agrees else "○"  # without a tick, too little could be judged
        self.verdict.show_text("" if verdict.agrees is False else f"{sign} {text}")
        self.doubt.show_text(text if verdict.agrees is False else "")

    def show_advice(self, advice: str) -> None:
        """Show another next step below the verdict."""
        self.advice.show_text(advice)

    def show_state(self, text: str) -> None:
        """Show the state of the check instead of a verdict."""
        self.advice.show_text("")
        self.doubt.show_text("")
        self.verdict.show_text(text)

    def show_position(self, position: float) -> None:
        """Show the position of a cut plane that was dragged."""
        with QSignalBlocker(self.position):
            self.position.setValue(round(position * _STEPS))

    def end_cut(self) -> None:
        """Show that there is no cut plane."""
        with QSignalBlocker(self.axis):
            self.axis.setCurrentIndex(0)
        self.position.setEnabled(False)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.doubt.set_dark(dark)

    def _on_cut(self, _value: Any = None) -> None:
        self.position.setEnabled(self.axis.value is not None)
        self.cut.emit(self.axis.value, self.position.value() / _STEPS)
