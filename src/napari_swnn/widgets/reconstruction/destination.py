"""Controls for the output of a run and for boxes of lazy layers."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAbstractSpinBox, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Form, Note, place_side_by_side
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.reconstruction.request import Destination, Request
from napari_swnn.widgets.reconstruction.save_dialog import ask_for_volume_file

_DESTINATIONS = [("a layer in memory", "memory"), ("a lazy layer", "lazy"), ("a file", "file")]
_RESOLUTIONS = [("full", 1), *((f"1/{scale}: voxels {scale} times as large", scale) for scale in (2, 4, 8, 16))]
_NOTES = {
    "lazy": "Opens immediately; the visible part is computed plane by plane.",
    "file": "OME-Zarr (.zarr) or TIFF (.tif); an interrupted file can be resumed.",
}
_TIPS = {
    "output": "Output of Run and Generate: labels in memory; a lazy layer, which opens immediately and computes only "
    "the visible part; or a file, which is written block by block and can be stopped and resumed.",
    "resolution": "The same structure with larger voxels, and so in fewer of them: the volume keeps its size in the "
    "unit of length. It is the output of a coarser scale of the model.",
    "box": "Compute a box of a lazy layer as an ordinary layer. The box is centred on the view and the current plane, "
    "or covers the rectangle of an active Shapes layer.",
}


class DestinationPanel(QWidget):
    """Panel for the output of a run, and for computing a box of a lazy layer; `changed` reports another output."""

    changed = Signal()
    compute = Signal()
    refused = Signal()
    """Emitted when a problem is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.output = Combo()
        self.resolution = Combo()
        self.side = QSpinBox()
        self.compute_button = QPushButton("Compute box")
        self.form = Form()
        self.note = Note()
        self.output.set_entries(_DESTINATIONS, "memory")
        self.resolution.set_entries(_RESOLUTIONS, 1)
        self.side.setRange(8, 1024)
        self.side.setValue(128)
        self.side.setSuffix(" voxels")
        self.side.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)  # they would cover the end of the text
        self.side.setStyleSheet("QSpinBox {padding: 1px 4px;}")
        self.form.add_row("output", "Output", self.output, _TIPS["output"], self.note)
        self.form.add_row("resolution", "Resolution", self.resolution, _TIPS["resolution"])
        self.form.add_row("box", "Box", place_side_by_side(self.side, self.compute_button), _TIPS["box"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        self.output.currentIndexChanged.connect(self._on_changed)
        self.resolution.currentIndexChanged.connect(self._on_changed)
        self.compute_button.clicked.connect(self.compute)

    @property
    def value(self) -> tuple[Destination, int]:
        """Selected output, and edge length of its voxels in voxels of the model."""
        return self.output.value, self.resolution.value

    @property
    def remark(self) -> str:
        """Short description of the selected output and resolution; empty for the defaults."""
        scale = self.resolution.value
        parts = ({"lazy": "lazy layer", "file": "to a file"}.get(self.output.value), f"1/{scale}" if scale > 1 else "")
        return ", ".join(part for part in parts if part)

    def complete(self, request: Request, name: str, check: Callable[[Request], None]) -> Request | None:
        """Prompt for the file of a request if its output is a file.

        Parameters
        ----------
        request : Request
            Request for volumes.
        name : str
            Suggested name of the file.
        check : callable
            Function that raises a `BadInputError` if the file cannot be used.

        Returns
        -------
        Request or None
            Request with the path of the file; None if the dialog was cancelled or the file cannot be used.
        """
        if request.destination != "file":
            return request
        self.form.show_problems({})
        path = ask_for_volume_file(self, name)
        if path is None:
            return None
        request = replace(request, path=path)
        try:
            check(request)
        except BadInputError as problem:
            self.show_problem(problem)
            return None
        return request

    def show_problem(self, problem: BadInputError) -> None:
        """Show a problem below its control."""
        self.form.show_problems({problem.control: str(problem)})
        self.refused.emit()

    def show_checked(self, problems: Mapping[str, str]) -> None:
        """Show the problem of the resolution that was found by the checks before a run, if there is one."""
        self.form.problems["resolution"].show_text(problems.get("resolution", ""))

    def set_enabled(self, *, choose: bool, compute: bool) -> None:
        """Enable or disable the choice of the output and the computation of boxes."""
        self.output.setEnabled(choose)
        self.resolution.setEnabled(choose)
        self.compute_button.setEnabled(compute)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.form.set_dark(dark)

    def _on_changed(self, _index: int) -> None:
        self.form.show_problems({})
        self.note.show_text(_NOTES.get(self.output.value, ""))
        self.changed.emit()
