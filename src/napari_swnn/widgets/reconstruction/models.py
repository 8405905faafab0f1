"""The trained models since the viewer was opened: what the panel can generate from, save, and has loaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.controls import Combo, Note, PorosityControl, Problem
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_existing_file, ask_file
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.reconstruction.jobs import load_model
from napari_swnn.widgets.reconstruction.porosity import told_interval

if TYPE_CHECKING:
    from napari_swnn.core.model.model import Model

_KIND, _ENDING = "SWNN model", "swnn"


@dataclass(eq=False)
class Entry:
    """A model with where it came from.

    Attributes
    ----------
    model : Model
        Ready to generate.
    source : str
        Name of the reference layer, or of the file.
    preset : str
        Settings it was trained with, in a word.
    path : Path or None
        The file that holds it; None while it is in memory only.
    """

    model: "Model"
    source: str
    preset: str
    path: Path | None = None

    @property
    def title(self) -> str:
        """One line for a list."""
        limits, own = self.model.porosity_range, self.model.porosity
        porosity = "" if own is None else f" · porosity {own:.2f}"
        if limits is not None:
            porosity = f" · porosity {limits[0]:.2f} to {limits[1]:.2f}"
        return f"{self.source}{porosity}" + ("" if self.path else " (not saved)")

    @property
    def draft(self) -> bool:
        """Whether it is one for a first look."""
        return bool(self.model.provenance.get("preset") == "draft")

    @property
    def support(self) -> str:
        """What the reference says of the material's porosity; empty where the model does not tell."""
        facts = self.model.provenance
        own, interval = facts.get("reference_porosity"), facts.get("reference_interval")
        return "" if own is None else told_interval(own, None if interval is None else (interval[0], interval[1]))

    @property
    def state(self) -> str:
        """One sentence on where it is kept."""
        return f"In the file {self.path.name}." if self.path else "Not saved: it is lost when napari closes."


class _News(QObject):
    """Tells the panels of all viewers that there is another model."""

    added = Signal(object)


class ModelPanel(QWidget):
    """Chooses, saves and loads models. A model once trained stays until napari closes, also if the panel is closed."""

    session: ClassVar[list[Entry]] = []
    """Models of all panels, oldest first: a new training never costs an earlier one."""
    _news: ClassVar[_News] = _News()

    changed = Signal()
    generate = Signal()
    asked = Signal()
    """The user chose another porosity of a model for a range."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice, self.state, self.problem = Combo(), Note(), Problem()
        self.generate_button, self.save_button, self.load_button = (
            QPushButton("Generate"),
            QPushButton("Save model…"),
            QPushButton("Load model…"),
        )
        self.porosity, self.support, self.preview_problem = PorosityControl(), Note(), Problem()
        self._slider_row = QWidget()
        self._slider_row.hide()
        self._shown: Entry | None = None
        self._loader = Checker(self)
        self._path = Path()
        self._lay_out()
        self._connect()
        self._show_entries(self.session[-1] if self.session else None)

    def _lay_out(self) -> None:
        self.choice.setToolTip("A trained model: it generates any number of realisations of any size.")
        self.generate_button.setToolTip("A new realisation of the model, with the size and seed above, as a new layer.")
        self.save_button.setToolTip("Write the model to a file.")
        self.load_button.setToolTip("Read a model from a file, to generate without training.")
        self.porosity.setToolTip("Porosity to generate; a small preview follows.")
        slider = QHBoxLayout(self._slider_row)
        slider.setContentsMargins(0, 0, 0, 0)
        slider.addWidget(QLabel("Porosity"))
        slider.addWidget(self.porosity, 1)
        head, buttons, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        head.addWidget(QLabel("Model"))
        head.addWidget(self.choice, 1)
        for button in (self.generate_button, self.save_button, self.load_button):
            buttons.addWidget(button)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        for widget in (self.state, self._slider_row, self.preview_problem, self.support):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        layout.addWidget(self.problem)

    def _connect(self) -> None:
        self.choice.currentIndexChanged.connect(self._on_chosen)
        self.generate_button.clicked.connect(self._on_generate)
        self.save_button.clicked.connect(self.save)
        self.load_button.clicked.connect(self.load)
        self.porosity.slider.valueChanged.connect(self._on_asked)
        self.porosity.number.valueChanged.connect(self._on_asked)
        self._loader.done.connect(self._on_loaded)
        self._loader.failed.connect(self._on_load_failed)
        self._news.added.connect(self._on_added)

    @property
    def entry(self) -> Entry | None:
        """The chosen model."""
        value: Entry | None = self.choice.value
        return value

    @property
    def wanted(self) -> float | None:
        """Porosity to generate with the chosen model; None where it makes a single one."""
        entry = self.entry
        return None if entry is None or entry.model.porosity_range is None else self.porosity.value

    @property
    def loading(self) -> bool:
        """Whether a file is being read."""
        return self._loader.busy

    def add(self, entry: Entry) -> None:
        """Keep a model and choose it; the other panels offer it."""
        self.session.append(entry)
        self._show_entries(entry)
        self._news.added.emit(self)

    def set_enabled(self, *, generate: bool, load: bool) -> None:
        """Allow what can be done now; saving is possible whenever there is a model."""
        self.generate_button.setEnabled(generate and self.entry is not None)
        self.porosity.setEnabled(load)
        self.save_button.setEnabled(self.entry is not None)
        self.load_button.setEnabled(load and not self.loading)
        self.choice.setEnabled(load and self.entry is not None)

    def save(self) -> None:
        """Ask for a file and write the model to it."""
        entry = self.entry
        path = ask_file(self, "Save model", entry.source, {_KIND: _ENDING}) if entry else None
        if entry is None or path is None:
            return
        try:
            entry.model.save(path)
        except OSError as error:
            self.problem.show_text(f"The model was not saved: {describe_error(error)}")
            return
        entry.path = path
        self._show_entries(entry)

    def load(self) -> None:
        """Ask for a file and read a model from it."""
        path = ask_existing_file(self, "Load model", _KIND, _ENDING)
        if path is not None:
            self._path = path
            self.problem.show_text("")
            self.state.show_text(f"Loading {path.name}…")
            self._loader.request(load_model, path)
            self.changed.emit()

    def set_dark(self, dark: bool) -> None:
        """Follow a dark or light theme."""
        for problem in (self.problem, self.preview_problem):
            problem.set_dark(dark)

    def drop(self) -> None:
        """Hear no more of a file that is being read."""
        self._loader.drop()

    def _on_loaded(self, model: "Model") -> None:
        self.add(Entry(model, self._path.stem, "as loaded", self._path))

    def _on_added(self, panel: "ModelPanel") -> None:
        if panel is not self:
            self._show_entries(self.entry or self.session[-1], keep_problem=True)

    def _on_load_failed(self, text: str) -> None:
        self.problem.show_text(text)
        self._show_entries(self.entry, keep_problem=True)

    def _on_generate(self) -> None:
        self.generate.emit()

    def _on_asked(self) -> None:
        self.asked.emit()

    def _on_chosen(self, _index: int) -> None:
        self._show_entries(self.entry)

    def _show_entries(self, chosen: Entry | None, *, keep_problem: bool = False) -> None:
        self.choice.set_entries([(entry.title, entry) for entry in self.session], chosen)
        self.state.show_text(self.entry.state if self.entry else "None yet: Run trains one, or load one from a file.")
        if self.entry is not self._shown:
            self._show_porosities(self.entry)
        if not keep_problem:
            self.problem.show_text("")
        self.changed.emit()

    def _show_porosities(self, entry: Entry | None) -> None:
        """Offer what the model can be asked for."""
        self._shown = entry
        self.preview_problem.show_text("")
        limits = None if entry is None else entry.model.porosity_range
        self._slider_row.setVisible(limits is not None)
        self.support.show_text(entry.support if entry is not None and limits is not None else "")
        if entry is not None and limits is not None:
            own = entry.model.porosity
            self.porosity.forget()
            self.porosity.set_range(*limits, own=sum(limits) / 2 if own is None else own)
