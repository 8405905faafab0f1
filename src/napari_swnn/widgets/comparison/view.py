"""View of the results of a comparison: curves, numbers, notes and files."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_swnn.widgets.comparison.colours import make_legible
from napari_swnn.widgets.comparison.plot import ComparisonPlot, name_lines
from napari_swnn.widgets.comparison.selection import ALL_PHASES, find_groups, list_curves, list_selections
from napari_swnn.widgets.comparison.table import ComparisonTable
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.file_dialogs import ask_file, ask_folder
from napari_swnn.widgets.kit.swatch import make_swatch
from napari_swnn.widgets.kit.threads import Checker

if TYPE_CHECKING:
    from napari_swnn.widgets.comparison.work import Comparison

_FILES = {"CSV": ("Table", "csv"), "JSON": ("Numbers", "json"), "HTML report": ("Report", "html")}
_LEGEND = (
    "Dashed line and band: reference with its 95 % confidence interval. Solid lines: volumes, in the colours of the "
    "list and the table. Hover over a number for details."
)
_LEGEND_OF_PHASES = "Dashed lines: reference. {} Hover over a number for details."


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
        self.phases = Combo()
        self.curve = Combo()
        self.origin = QCheckBox("zoom to short distances")
        self.plot = ComparisonPlot()
        self.phase_legend = QLabel()
        self.legend = Note()
        self.table = ComparisonTable()
        self.notes = Note()
        self.state = Note()
        self.problem = Problem()
        self.buttons = {name: QPushButton(f"{name}…") for name in (*_FILES, "Figures")}
        self._writer = Checker(self)
        self._file_name = ""
        self._is_dark = True
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
        self.phases.setToolTip("Phase, or pair of phases, whose curves and numbers are shown.")
        self.phases.setIconSize(QSize(16, 10))
        self._phases_label = QLabel("Phases")
        head = QGridLayout()
        files = QGridLayout()
        layout = QVBoxLayout(self)
        for i, (label, combo) in enumerate(((self._phases_label, self.phases), (QLabel("Curve"), self.curve))):
            head.addWidget(label, i, 0)
            head.addWidget(combo, i, 1)
        head.setColumnStretch(1, 1)
        for i, button in enumerate(self.buttons.values()):
            files.addWidget(button, i // 2, i % 2)
        self.phase_legend.setWordWrap(True)
        for note in (self.legend, self.phase_legend):
            note.setStyleSheet("font-size: 8pt;")
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        for widget in (self.origin, self.plot, self.phase_legend, self.legend, self.table, self.notes):
            layout.addWidget(widget)
        layout.addLayout(files)
        layout.addWidget(self.state)
        layout.addWidget(self.problem)

    def _connect(self) -> None:
        self.phases.currentIndexChanged.connect(self._on_phases)
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
        self._offer_phases(comparison)
        self._show_groups(comparison)
        self.notes.show_text("\n".join(f"• {note}" for note in comparison.report.notes))
        self.state.show_text("")
        self.problem.show_text("")
        self.show()

    def clear(self) -> None:
        """Hide the results, since there is nothing to compare."""
        self.comparison = None
        self.plot.clear()
        self.hide()

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self._is_dark = dark
        self.plot.set_dark(dark)
        if self.comparison is not None:
            self._show_legend(self.comparison)
        self.problem.set_dark(dark)

    def drop(self) -> None:
        """Stop waiting for a file that is being written; the file will still be completed."""
        self._writer.drop()

    def _offer_phases(self, comparison: "Comparison") -> None:
        """Offer all phases, each phase and each pair of more than two phases."""
        entries = list_selections(comparison.report)
        self.phases.set_entries(entries, self.phases.value)
        for i, (_, labels) in enumerate(entries):
            if labels and comparison.phase_colours:
                self.phases.setItemIcon(i, make_swatch(*(comparison.phase_colours[label] for label in labels)))
        for widget in (self._phases_label, self.phases):
            widget.setVisible(len(entries) > 1)

    def _show_groups(self, comparison: "Comparison") -> None:
        """Offer the curves of the selected phases, keeping the selected curve, and show their numbers."""
        groups = find_groups(comparison.report, self.phases.value)
        self.curve.set_entries(list_curves(groups), self.curve.value)
        self.table.show_groups(comparison, groups)
        self._show_legend(comparison)
        self._draw()

    def _show_legend(self, comparison: "Comparison") -> None:
        several = self.phases.value == ALL_PHASES
        self.legend.show_text(_LEGEND_OF_PHASES.format(_name_lines(comparison.names)) if several else _LEGEND)
        self.phase_legend.setVisible(several)
        if several:
            self.phase_legend.setText(_write_legend(comparison, dark=self._is_dark))

    def _draw(self) -> None:
        if self.comparison is not None and self.curve.value is not None:
            groups = find_groups(self.comparison.report, self.phases.value)
            self.plot.show_curves(self.comparison, groups, self.curve.value, origin=self.origin.isChecked())

    def _on_phases(self, _index: int) -> None:
        if self.comparison is not None:
            self._show_groups(self.comparison)

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


def _write_legend(comparison: "Comparison", *, dark: bool) -> str:
    """Return the names of the phases as rich text, each after a line in its colour."""
    entries = (
        f'<span style="color: {make_legible(comparison.phase_colours[group.labels[0]], dark=dark)}">━━</span>&nbsp;'
        + escape(group.name).replace(" ", "&nbsp;")  # a line of the legend breaks between phases only
        for group in comparison.report.phases
    )
    return "&nbsp; ".join(entries)


def _name_lines(volumes: Sequence[str]) -> str:
    """Return sentences on the lines of the volumes in the colours of the phases."""
    found: dict[str, list[str]] = {}
    for line, volume in zip(name_lines(len(volumes)), volumes, strict=True):
        found.setdefault(line, []).append(f"“{volume}”")
    return " ".join(f"{line.capitalize()}: {', '.join(each)}." for line, each in found.items())


def _write_report(comparison: "Comparison", path: Path) -> None:
    from napari_swnn.figures import save_report

    save_report(comparison.report, path, colours=comparison.phase_colours)


def _write_figures(comparison: "Comparison", path: Path) -> None:
    from napari_swnn.figures import save_figures

    save_figures(comparison.report, path, colours=comparison.phase_colours)
