"""The numbers of all runs: a table, and files."""

import csv
import json
from collections.abc import Sequence
from math import isinf, isnan
from pathlib import Path
from typing import Any, ClassVar

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import Combo, Note, Problem
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file
from napari_swnn.widgets.kit.number_table import Head, NumberTable, Row
from napari_swnn.widgets.properties.work import Account, Number, PropertyJob, PropertyRun

COLUMNS = ("run", "layer", "property", "phase", "axis", "quantity", "value", "unit")
"""Of the CSV file: one value a line."""
_OUTCOMES = {
    "converged": "yes",
    "not_percolating": "does not percolate",
    "max_iterations": "no: too few iterations",
    "precision_limit": "no: precision",
}


class Results(QWidget):
    """Everything that was computed since napari was opened, one run at a time."""

    session: ClassVar[list[tuple[PropertyJob, tuple[Account, ...]]]] = []
    """Runs of all panels, oldest first: closing a panel costs no result. Fields are not kept here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice, self.table, self.about = Combo(), NumberTable(), Note()
        self.state, self.problem = Note(), Problem()
        self.csv_button, self.json_button = QPushButton("CSV…"), QPushButton("JSON…")
        self._lay_out()
        self.choice.currentIndexChanged.connect(self._on_choice)
        self.csv_button.clicked.connect(self._on_csv)
        self.json_button.clicked.connect(self._on_json)
        self.refresh()

    def _lay_out(self) -> None:
        self.choice.setToolTip("Every run since napari was opened, the newest first.")
        self.csv_button.setToolTip("Write all runs as a table, one value a line.")
        self.json_button.setToolTip("Write all runs with their settings, for a program to read.")
        self.about.setStyleSheet("font-size: 8pt;")
        head, files, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        head.addWidget(QLabel("Result"))
        head.addWidget(self.choice, 1)
        files.addWidget(self.csv_button)
        files.addWidget(self.json_button)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.about)
        layout.addWidget(self.table)
        layout.addLayout(files)
        layout.addWidget(self.state)
        layout.addWidget(self.problem)

    def add(self, run: PropertyRun) -> None:
        """Keep the numbers of a run, and show them."""
        self.session.append((run.job, run.accounts))
        self.refresh()

    def refresh(self) -> None:
        """Offer all runs, and show the newest one."""
        entries = [(f"{i} · {job.subject}", i - 1) for i, (job, _) in enumerate(self.session, 1)]
        self.choice.set_entries(reversed(entries), len(entries) - 1)
        self._show()
        self.setVisible(bool(self.session))

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        self.problem.set_dark(dark)

    def _show(self) -> None:
        if self.choice.value is None:
            return
        job, accounts = self.session[self.choice.value]
        heads = [Head(f"along {account.axis}", account.advice) for account in accounts]
        self.table.show_numbers(heads, rows_of(accounts))
        self.choice.setToolTip(self.choice.currentText())
        self.about.show_text(job.about)

    def _on_choice(self, _index: int) -> None:
        self._show()

    def _on_csv(self) -> None:
        path = ask_file(self, "Save as CSV", "properties", {"Table of all numbers": "csv"})
        if path is not None:
            self._write(path, save_csv)

    def _on_json(self) -> None:
        path = ask_file(self, "Save as JSON", "properties", {"All numbers": "json"})
        if path is not None:
            self._write(path, save_json)

    def _write(self, path: Path, save: Any) -> None:
        self.problem.show_text("")
        try:
            save(self.session, path)
        except OSError as error:
            self.state.show_text("")
            self.problem.show_text(f"{path.name} was not written: {describe_error(error)}")
            return
        self.state.show_text(f"Written: {path.name}.")


def rows_of(accounts: Sequence[Account]) -> list[Row]:
    """The table of one run: a name with its unit, and a value along each axis."""
    rows = []
    for numbers in zip(*(account.numbers for account in accounts), strict=True):
        unit = f" ({numbers[0].unit})" if numbers[0].unit else ""
        rows.append(Row(numbers[0].name + unit, tuple(text_of(number) for number in numbers)))
    return [*rows, Row("converged", tuple(_OUTCOMES[account.outcome] for account in accounts))]


def save_csv(runs: Sequence[tuple[PropertyJob, tuple[Account, ...]]], path: Path) -> None:
    """Write runs as CSV with the columns of `COLUMNS`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, (job, accounts) in enumerate(runs, 1):
            settings = job.settings()
            for account in accounts:
                start = (number, job.name, job.kind.key, settings.get("phase", ""), account.axis)
                for one in account.numbers:
                    writer.writerow([*start, one.name, _plain_text(one.value), one.unit])
                writer.writerow([*start, "outcome", account.outcome, ""])


def save_json(runs: Sequence[tuple[PropertyJob, tuple[Account, ...]]], path: Path) -> None:
    """Write runs as JSON: a list of objects, ``settings`` and for each axis its numbers."""
    text = json.dumps([_plain_run(*run) for run in runs], indent=1, allow_nan=False, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")


def _plain_run(job: PropertyJob, accounts: Sequence[Account]) -> dict[str, Any]:
    return {
        "settings": job.settings(),
        "axes": {
            account.axis: {
                "outcome": account.outcome,
                "numbers": [
                    {"name": one.name, "value": None if _unknown(one.value) else one.value, "unit": one.unit}
                    for one in account.numbers
                ],
            }
            for account in accounts
        },
    }


def _unknown(value: float) -> bool:
    return isnan(value) or isinf(value)


def _plain_text(value: float) -> str:
    return "" if isnan(value) else f"{value:.10g}"


def text_of(number: Number) -> str:
    """A number as the table shows it: four digits, a residual with two."""
    from napari_swnn.validation import format_with_error

    value = number.value
    if isnan(value):
        return "–"
    if isinf(value):
        return "∞"
    if isinstance(value, int):
        return str(value)
    return f"{value:.1e}" if number.name == "residual" else format_with_error(value, float("nan"))
