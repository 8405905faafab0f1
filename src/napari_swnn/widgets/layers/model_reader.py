"""Models that are read from files, or opened from the gallery, into the list of all panels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QWidget

from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_existing_file
from napari_swnn.widgets.kit.gallery_dialog import ask_model
from napari_swnn.widgets.kit.threads import Checker
from napari_swnn.widgets.layers.trained_models import MODELS, ModelEntry, load_model

if TYPE_CHECKING:
    from napari_swnn.io.model_gallery import KeptModel

MODEL_KIND, MODEL_ENDING = "SWNN model", "swnn"


class ModelReader(QObject):
    """Reader that adds models to the list of all panels.

    Parameters
    ----------
    panel : QWidget
        Panel that owns the reader and its dialogs.
    """

    begun = Signal(str)
    """Emitted with a sentence on the model that is being read."""
    opened = Signal(object)
    """Emitted with the `ModelEntry` of a model that was read, or that the list has already."""
    failed = Signal(str)

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        self._path = Path()
        self._kept: KeptModel | None = None
        self._loader = Checker(self)
        self._loader.done.connect(self._on_loaded)
        self._loader.failed.connect(self.failed)

    @property
    def is_busy(self) -> bool:
        """True while a file is being read."""
        return self._loader.busy

    def ask_file(self) -> None:
        """Prompt for a file and read a model from it."""
        path = ask_existing_file(self._panel, "Load model", MODEL_KIND, MODEL_ENDING)
        if path is not None:
            self.read(path)

    def open_gallery(self) -> None:
        """Show the kept models, and open the one that the user chooses; it is read unless the list has it already."""
        try:
            kept = ask_model(self._panel)
        except OSError as error:
            self.failed.emit(describe_error(error))
            return
        MODELS.read_notes()
        listed = None if kept is None else MODELS.find_kept(kept.path)
        if listed is not None:
            self.opened.emit(listed)
        elif kept is not None:
            self.read(kept.path, kept)

    def read(self, path: Path, kept: "KeptModel | None" = None) -> None:
        """Read a model from a file, or one that the gallery keeps."""
        self._path, self._kept = path, kept
        self._loader.request(load_model, path)
        self.begun.emit(f"Loading {path.name if kept is None else kept.name}…")

    def drop(self) -> None:
        """Ignore a file that is being read."""
        self._loader.drop()

    def _on_loaded(self, model: Any) -> None:
        entry = ModelEntry.loaded(model, self._path, self._kept)
        MODELS.add(entry)
        self.opened.emit(entry)
