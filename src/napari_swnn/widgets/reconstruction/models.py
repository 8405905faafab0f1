"""Controls that select, save and load trained models and generate volumes from them."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, PorosityControl, Problem
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file, ask_to_save
from napari_swnn.widgets.layers.model_reader import MODEL_ENDING, MODEL_KIND, ModelReader
from napari_swnn.widgets.layers.model_relay import MODEL_RELAY
from napari_swnn.widgets.layers.trained_models import MODELS, ModelEntry


class ModelPanel(QWidget):
    """Panel that selects, saves and loads models.

    Attributes
    ----------
    reader : ModelReader
        Reader of models, which are then selected.
    """

    changed = Signal()
    generate = Signal()
    porosity_chosen = Signal()
    """Emitted when the user selects another porosity within the range of a model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = Combo()
        self.state = Note()
        self.problem = Problem()
        self.generate_button = QPushButton("Generate")
        self.save_button = QPushButton("Save model…")
        self.load_button = QPushButton("Load model…")
        self.gallery_button = QPushButton("Gallery…")
        self.porosity = PorosityControl()
        self.reference_porosity = Note()
        self.preview_problem = Problem()
        self._slider_row = QWidget()
        self._slider_row.hide()
        self._shown: ModelEntry | None = None
        self.reader = ModelReader(self)
        self._lay_out()
        self._connect()
        self._show_entries(MODELS.last)

    def _lay_out(self) -> None:
        self.choice.setToolTip("Trained models. Each can generate any number of realisations of any size.")
        self.generate_button.setToolTip("Generate realisations from the model with the size and seed above.")
        self.save_button.setToolTip("Save the model to a file.")
        self.load_button.setToolTip("Load a model from a file to generate volumes without training.")
        self.gallery_button.setToolTip("Open one of your latest trained models, which are kept automatically.")
        self.porosity.setToolTip("Target porosity for generation, with a small preview.")
        slider = QHBoxLayout(self._slider_row)
        slider.setContentsMargins(0, 0, 0, 0)
        slider.addWidget(QLabel("Porosity"))
        slider.addWidget(self.porosity, 1)
        head = QHBoxLayout()
        head.addWidget(QLabel("Model"))
        head.addWidget(self.choice, 1)
        head.addWidget(self.gallery_button)
        buttons = QHBoxLayout()
        for button in (self.generate_button, self.save_button, self.load_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        for widget in (self.state, self._slider_row, self.preview_problem, self.reference_porosity):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        layout.addWidget(self.problem)

    def _connect(self) -> None:
        self.choice.currentIndexChanged.connect(self._on_chosen)
        self.generate_button.clicked.connect(self.generate)
        self.save_button.clicked.connect(self.save)
        self.load_button.clicked.connect(self.reader.ask_file)
        self.gallery_button.clicked.connect(self.reader.open_gallery)
        self.porosity.slider.valueChanged.connect(self.porosity_chosen)
        self.porosity.number.valueChanged.connect(self.porosity_chosen)
        self.reader.begun.connect(self._on_reading)
        self.reader.opened.connect(self.choose)
        self.reader.failed.connect(self._on_unread)
        MODEL_RELAY.added.connect(self._on_listed)
        MODEL_RELAY.noted.connect(self._on_listed)

    @property
    def entry(self) -> ModelEntry | None:
        """Selected model."""
        value: ModelEntry | None = self.choice.value
        return value

    @property
    def target(self) -> float | None:
        """Target porosity for the selected model; None if the model has a single porosity."""
        entry = self.entry
        return None if entry is None or entry.model.porosity_range is None else self.porosity.value

    def choose(self, entry: ModelEntry) -> None:
        """Select a model."""
        self._show_entries(entry)

    def set_enabled(self, *, generate: bool, load: bool) -> None:
        """Enable or disable Generate and Load; a model can always be saved."""
        self.generate_button.setEnabled(generate and self.entry is not None)
        self.porosity.setEnabled(load)
        self.save_button.setEnabled(self.entry is not None)
        self.load_button.setEnabled(load and not self.reader.is_busy)
        self.choice.setEnabled(load and self.entry is not None)

    def save(self) -> None:
        """Prompt for a file and write the model to it."""
        entry = self.entry
        path = ask_file(self, "Save model", entry.source, {MODEL_KIND: MODEL_ENDING}) if entry else None
        if entry is None or path is None:
            return
        try:
            entry.model.save(path)
        except OSError as error:
            self.problem.show_text(f"The model was not saved: {describe_error(error)}")
            return
        entry.path = path
        self._show_entries(entry)

    def may_close(self) -> bool:
        """Offer to save models that would be lost; return False if the user wants to keep the window open."""
        return all(map(self._may_be_left, [entry for entry in MODELS if not entry.is_safe]))

    def _may_be_left(self, entry: ModelEntry) -> bool:
        answer = ask_to_save(self, entry.title)
        if answer:
            self.choose(entry)
            self.save()
        return answer is False or entry.is_safe

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        for problem in (self.problem, self.preview_problem):
            problem.set_dark(dark)

    def _on_reading(self, text: str) -> None:
        self.problem.show_text("")
        self.state.show_text(text)
        self.changed.emit()

    def _on_listed(self, _entry: ModelEntry | None = None) -> None:
        """Show the models of all panels with their names, without changing the selection."""
        self._show_entries(self.entry or MODELS.last, keep_problem=True)

    def _on_unread(self, text: str) -> None:
        self.problem.show_text(text)
        self._show_entries(self.entry, keep_problem=True)

    def _on_chosen(self, _index: int) -> None:
        self._show_entries(self.entry)

    def _show_entries(self, chosen: ModelEntry | None, *, keep_problem: bool = False) -> None:
        self.choice.set_entries([(entry.title, entry) for entry in MODELS], chosen)
        none = "No model yet; train one with Run, open one from the gallery, or load a file."
        entry = self.entry
        self.state.show_text(" ".join((entry.location, *entry.facts)) if entry else none)
        if self.entry is not self._shown:
            self._show_porosities(self.entry)
        if not keep_problem:
            self.problem.show_text("")
        self.changed.emit()

    def _show_porosities(self, entry: ModelEntry | None) -> None:
        """Show the porosity range of a model."""
        self._shown = entry
        self.preview_problem.show_text("")
        limits = None if entry is None else entry.model.porosity_range
        self._slider_row.setVisible(limits is not None)
        self.reference_porosity.show_text(entry.reference_porosity if entry is not None and limits is not None else "")
        if entry is not None and limits is not None:
            own = entry.model.porosity
            self.porosity.forget()
            self.porosity.set_range(*limits, own=sum(limits) / 2 if own is None else own)
