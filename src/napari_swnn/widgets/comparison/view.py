"""View of the results of a comparison: curves, numbers, notes and files."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_swnn.widgets.comparison.plot import ComparisonPlot
from napari_swnn.widgets.comparison.table import ComparisonTable
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.file_dialogs import ask_file, ask_folder
from napari_swnn.widgets.kit.formatting import capitalise
from napari_swnn.widgets.kit.threads import Checker

if TYPE_CHECKING:
    from napari_swnn.widgets.comparison.work import Comparison

_FILES = {"CSV": ("Table", "csv"), "JSON": ("Numbers", "json"), "HTML report": ("Report", "html")}
_LEGEND = (
    "Dashed line and band: reference with its 95 % confidence interval. Solid lines: volumes, in the colours of the "
    "list and the table. Hover over a number for details."
)


class ComparisonView(QWidget):
    """View of the curves, table and notes of a comparison, with buttons to save them.

    Attributes
    ----------
    comparison : Comparison or None
        Displayed comparison.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.comparison: Comparison | None = None
        self.curve = Combo()
        self.origin = QCheckBox("zoom to short distances")
        self.plot = ComparisonPlot()
        self.table = ComparisonTable()
        self.notes = Note()
        self.state = Note()
        self.problem = Problem()
        self.buttons = {name: QPushButton(f"{name}…") for name in (*_FILES, "Figures")}
        self._writer = Checker(self)
        self._file_name = ""
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        self.curve.setToolTip("Statistic to plot as a function of distance.")
        self.origin.setToolTip("Show only the first voxels; the slope of S₂ at 0 gives the specific surface.")
        self.buttons["CSV"].setToolTip("Save all numbers and curves as a table with one value per row.")
        self.buttons["JSON"].setToolTip("Save all numbers and curves as JSON.")
        self.buttons["HTML report"].setToolTip("Save a single page with all tables and figures.")
        self.buttons["Figures"].setToolTip("Save all figures as PNG and SVG in a folder.")
        head = QHBoxLayout()
        files = QGridLayout()
        layout = QVBoxLayout(self)
        head.addWidget(QLabel("Curve"))
        head.addWidget(self.curve, 1)
        for i, button in enumerate(self.buttons.values()):
            files.addWidget(button, i // 2, i % 2)
        legend = Note()
        legend.setStyleSheet("font-size: 8pt;")
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        for widget in (self.origin, self.plot, legend, self.table, self.notes):
            layout.addWidget(widget)
        layout.addLayout(files)
        layout.addWidget(self.state)
        layout.addWidget(self.problem)
        legend.show_text(_LEGEND)

    def _connect(self) -> None:
        self.curve.currentIndexChanged.connect(self._on_curve)
        self.origin.toggled.connect(self._on_curve)
        for name, slot in (("CSV", self._on_csv), ("JSON", self._on_json), ("HTML report", self._on_html)):
            self.buttons[name].clicked.connect(slot)
        self.buttons["Figures"].clicked.connect(self._on_figures)
        self._writer.done.connect(self._on_written)
        self._writer.failed.connect(self._on_failed)

    def show_comparison(self, comparison: "Comparison") -> None:
        """Show the curves and numbers, keeping the selected curve."""
        self.comparison = comparison
        curves = comparison.report.curves.items()
        self.curve.set_entries([(capitalise(curve.name), key) for key, curve in curves], self.curve.value)
        self.table.show_comparison(comparison)
        self.notes.show_text("\n".join(f"• {note}" for note in comparison.report.notes))
        self.state.show_text("")
        self.problem.show_text("")
        self._draw()
        self.show()

    def clear(self) -> None:
        """Hide the results, since there is nothing to compare."""
        self.comparison = None
        self.plot.clear()
        self.hide()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.plot.set_dark(dark)
        self.problem.set_dark(dark)

    def drop(self) -> None:
        """Stop waiting for a file that is being written; the file will still be completed."""
        self._writer.drop()

    def _draw(self) -> None:
        if self.comparison is not None and self.curve.value is not None:
            self.plot.show_curve(self.comparison, self.curve.value, origin=self.origin.isChecked())

    def _on_curve(self, _index: int) -> None:
        self._draw()

    def _on_csv(self) -> None:
        self._save("CSV")

    def _on_json(self) -> None:
        self._save("JSON")

    def _on_html(self) -> None:
        self._save("HTML report")

    def _save(self, name: str) -> None:
        kind, ending = _FILES[name]
        title = "" if self.comparison is None else f"{self.comparison.reference} comparison"
        self._write(_write_report, ask_file(self, f"Save as {name}", title, {kind: ending}))

    def _on_figures(self) -> None:
        self._write(_write_figures, ask_folder(self, "Folder for the figures"))

    def _write(self, write: "Callable[[Comparison, Path], None]", path: Path | None) -> None:
        if path is None or self.comparison is None:
            return
        self._file_name = path.name
        self.problem.show_text("")
        self.state.show_text(f"Saving {path.name}…")
        self._writer.request(write, self.comparison, path)

    def _on_written(self, _result: object) -> None:
        self.state.show_text(f"Saved {self._file_name}.")

    def _on_failed(self, text: str) -> None:
        self.state.show_text("")
        self.problem.show_text(f"{self._file_name} could not be written: {text}")


def _write_report(comparison: "Comparison", path: Path) -> None:
    from napari_swnn.figures import save_report

    save_report(comparison.report, path)


def _write_figures(comparison: "Comparison", path: Path) -> None:
    from napari_swnn.figures import save_figures

    save_figures(comparison.report, path)
