"""Table of the numbers of all runs, and their export to files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, isinf, isnan
from pathlib import Path
from typing import Any, ClassVar

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_swnn._files import write_csv, write_json
from napari_swnn._voxel_size import format_units
from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file
from napari_swnn.widgets.kit.number_table import Head, NumberTable, Row
from napari_swnn.widgets.properties.records import Number, SolveRecord
from napari_swnn.widgets.properties.work import PropertyRun

COLUMNS = ("run", "layer", "property", "phase", "axis", "quantity", "value", "unit")
"""Columns of the CSV file, which has one value per row."""
_OUTCOMES = {
    "converged": "yes",
    "not_percolating": "does not percolate",
    "max_iterations": "no: too few iterations",
    "precision_limit": "no: precision",
}


@dataclass(frozen=True)
class RunRecord:
    """Numbers of a run without its labels and fields.

    Attributes
    ----------
    subject, summary : str
        Heading and assumptions of the run.
    settings : dict
        Request as a JSON-serialisable dictionary.
    records : tuple of SolveRecord
        Numbers along each axis.
    """

    subject: str
    summary: str
    settings: dict[str, Any]
    records: tuple[SolveRecord, ...]

    @classmethod
    def from_run(cls, run: PropertyRun) -> "RunRecord":
        """Return the record of a run."""
        return cls(run.job.subject, run.job.summary, run.job.to_dict(), run.records)


class Results(QWidget):
    """Table for any run since napari was started.

    Attributes
    ----------
    runs : list of RunRecord
        Runs of all panels, oldest first; they are kept after a panel is closed.
    """

    runs: ClassVar[list[RunRecord]] = []

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = Combo()
        self.table = NumberTable()
        self.summary = Note()
        self.state = Note()
        self.problem = Problem()
        self.csv_button = QPushButton("CSV…")
        self.json_button = QPushButton("JSON…")
        self._lay_out()
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.csv_button.clicked.connect(self._on_csv)
        self.json_button.clicked.connect(self._on_json)
        self.refresh()

    def _lay_out(self) -> None:
        self.choice.setToolTip("Runs since napari was started, newest first.")
        self.csv_button.setToolTip("Save all runs as a table with one value per row.")
        self.json_button.setToolTip("Save all runs with their settings as JSON.")
        self.summary.setStyleSheet("font-size: 8pt;")
        head = QHBoxLayout()
        files = QHBoxLayout()
        layout = QVBoxLayout(self)
        head.addWidget(QLabel("Result"))
        head.addWidget(self.choice, 1)
        files.addWidget(self.csv_button)
        files.addWidget(self.json_button)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.summary)
        layout.addWidget(self.table)
        layout.addLayout(files)
        layout.addWidget(self.state)
        layout.addWidget(self.problem)

    def add(self, run: PropertyRun) -> None:
        """Store and show the numbers of a run."""
        self.runs.append(RunRecord.from_run(run))
        self.refresh()

    def refresh(self) -> None:
        """Offer all runs and show the newest."""
        entries = [(f"{i} · {run.subject}", i - 1) for i, run in enumerate(self.runs, 1)]
        self.choice.set_entries(reversed(entries), len(entries) - 1)
        self._show()
        self.setVisible(bool(self.runs))

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.problem.set_dark(dark)

    def _show(self) -> None:
        if self.choice.value is None:
            return
        run = self.runs[self.choice.value]
        heads = [Head(f"along {record.axis}", record.advice) for record in run.records]
        self.table.show_numbers(heads, make_rows(run.records))
        self.choice.setToolTip(self.choice.currentText())
        self.summary.show_text(run.summary)

    def _on_choice(self, _index: int) -> None:
        self._show()

    def _on_csv(self) -> None:
        path = ask_file(self, "Save as CSV", "properties", {"Table": "csv"})
        if path is not None:
            self._write(path, save_csv)

    def _on_json(self) -> None:
        path = ask_file(self, "Save as JSON", "properties", {"Numbers": "json"})
        if path is not None:
            self._write(path, save_json)

    def _write(self, path: Path, save: Callable[[Sequence[RunRecord], Path], None]) -> None:
        self.problem.show_text("")
        try:
            save(self.runs, path)
        except OSError as error:
            self.state.show_text("")
            self.problem.show_text(f"{path.name} could not be written: {describe_error(error)}")
            return
        self.state.show_text(f"Saved {path.name}.")


def make_rows(records: Sequence[SolveRecord]) -> list[Row]:
    """Return the table rows of a run: name, unit and the value along each axis."""
    rows = []
    for numbers in zip(*(record.numbers for record in records), strict=True):
        unit = f" ({numbers[0].unit})" if numbers[0].unit else ""
        rows.append(Row(format_units(numbers[0].name + unit), tuple(format_number(number) for number in numbers)))
    return [*rows, Row("converged", tuple(_OUTCOMES[record.outcome] for record in records))]


def save_csv(runs: Sequence[RunRecord], path: Path) -> None:
    """Write runs as CSV with the columns in `COLUMNS`."""
    write_csv(path, COLUMNS, _csv_rows(runs))


def save_json(runs: Sequence[RunRecord], path: Path) -> None:
    """Write runs as JSON: a list of objects with the settings and, for each axis, the outcome and numbers."""
    write_json(path, [_to_dict(run) for run in runs])


def _csv_rows(runs: Sequence[RunRecord]) -> Iterator[Sequence[Any]]:
    for i, run in enumerate(runs, 1):
        settings = run.settings
        for record in run.records:
            start = (i, settings["layer"], settings["property"], settings.get("phase", ""), record.axis)
            for number in record.numbers:
                yield (*start, number.name, _format_plain(number.value), number.unit)
            yield (*start, "outcome", record.outcome, "")


def _to_dict(run: RunRecord) -> dict[str, Any]:
    return {
        "settings": run.settings,
        "axes": {
            record.axis: {
                "outcome": record.outcome,
                "numbers": [
                    {
                        "name": number.name,
                        "value": number.value if isfinite(number.value) else None,
                        "unit": number.unit,
                    }
                    for number in record.numbers
                ],
            }
            for record in run.records
        },
    }


def _format_plain(value: float) -> str:
    return "" if isnan(value) else f"{value:.10g}"


def format_number(number: Number) -> str:
    """Return a number as text with four significant digits, or two for a residual."""
    from napari_swnn.validation import format_with_error

    value = number.value
    if isnan(value):
        return "–"
    if isinf(value):
        return "∞"
    if isinstance(value, int):
        return str(value)
    return f"{value:.1e}" if number.name == "residual" else format_with_error(value, float("nan"))
