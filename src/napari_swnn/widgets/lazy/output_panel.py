"""Controls for the output of a run, and for boxes of lazy layers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAbstractSpinBox, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, Note, place_side_by_side
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.lazy.volume_file import ask_for_volume_file

Destination = Literal["memory", "lazy", "file"]
_DESTINATIONS = [("a layer in memory", "memory"), ("a lazy layer", "lazy"), ("a file", "file")]
_NOTES = {
    "lazy": "Opens immediately; the visible part is computed plane by plane.",
    "file": "OME-Zarr (.zarr) or TIFF (.tif); an interrupted file can be resumed.",
}
_REMARKS = {"lazy": "lazy layer", "file": "to a file"}
_OUTPUT_TIP = (
    "Output of {buttons}: labels in memory; a lazy layer, which opens immediately and computes only the visible part; "
    "or a file, which is written block by block and can be stopped and resumed."
)
_BOX_TIP = (
    "Compute a box of a lazy layer as an ordinary layer. The box is centred on the view and the current plane, or "
    "covers the rectangle of an active Shapes layer."
)


class RunRequest(Protocol):
    """Request of a run, a dataclass, that can be written to a file."""

    @property
    def destination(self) -> Destination:
        """Selected output."""

    @property
    def path(self) -> Path | None:
        """File to write to; None until it is chosen."""


R = TypeVar("R", bound=RunRequest)


class OutputPanel(QWidget):
    """Panel for the output of a run, and for computing a box of a lazy layer; `changed` reports another output.

    Parameters
    ----------
    buttons : str
        Names of the buttons that start a run, for a tooltip.
    """

    changed = Signal()
    compute = Signal()
    refused = Signal()
    """Emitted when a problem is shown."""

    def __init__(self, buttons: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.output = Combo()
        self.side = QSpinBox()
        self.compute_button = QPushButton("Compute box")
        self.form = Form()
        self.note = Note()
        self.output.set_entries(_DESTINATIONS, "memory")
        self.side.setRange(8, 1024)
        self.side.setValue(128)
        self.side.setSuffix(" voxels")
        self.side.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)  # they would cover the end of the text
        self.side.setStyleSheet("QSpinBox {padding: 1px 4px;}")
        self.form.add_row("output", "Output", self.output, _OUTPUT_TIP.format(buttons=buttons), self.note)
        self.add_more_rows()
        self.form.add_row("box", "Box", place_side_by_side(self.side, self.compute_button), _BOX_TIP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        self.output.currentIndexChanged.connect(self.on_changed)
        self.compute_button.clicked.connect(self.compute)

    def add_more_rows(self) -> None:
        """Add the rows of a subclass, between the output and the box."""

    @property
    def destination(self) -> Destination:
        """Selected output."""
        chosen: Destination = self.output.value
        return chosen

    @property
    def remark(self) -> str:
        """Short description of the selected output; empty for the default."""
        return _REMARKS.get(self.destination, "")

    def complete(self, request: R, name: str, check: Callable[[R], None]) -> R | None:
        """Prompt for the file of a request if its output is a file.

        Parameters
        ----------
        request : RunRequest
            Request for volumes.
        name : str
            Suggested name of the file.
        check : callable
            Function that raises a `BadInputError` if the file cannot be used.

        Returns
        -------
        RunRequest or None
            Request with the path of the file; None if the dialog was cancelled or the file cannot be used.
        """
        if request.destination != "file":
            return request
        self.form.show_problems({})
        path = ask_for_volume_file(self, name)
        if path is None:
            return None
        completed: Any = request
        completed = replace(completed, path=path)
        try:
            check(completed)
        except BadInputError as problem:
            self.show_problem(problem)
            return None
        made: R = completed
        return made

    def show_problem(self, problem: BadInputError) -> None:
        """Show a problem below its control."""
        self.form.show_problems({problem.control: str(problem)})
        self.refused.emit()

    def set_enabled(self, *, choose: bool, compute: bool) -> None:
        """Enable or disable the choice of the output and the computation of boxes."""
        self.output.setEnabled(choose)
        self.compute_button.setEnabled(compute)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)

    def on_changed(self, _index: int) -> None:
        """Show the note on the selected output, and report the change."""
        self.form.show_problems({})
        self.note.show_text(_NOTES.get(self.destination, ""))
        self.changed.emit()
