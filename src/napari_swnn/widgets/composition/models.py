"""Models of structures that are read from files, or opened from the gallery."""

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


class ModelReader(QObject):
    """Reader that adds models to the list of all panels.

    Parameters
    ----------
    panel : QWidget
        Panel that owns the reader and its dialogs.
    """

    message_changed = Signal(str)
    """Emitted with what is being read, or why it could not be."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        self._path = Path()
        self._kept: KeptModel | None = None
        self._loader = Checker(self)
        self._loader.done.connect(self._on_loaded)
        self._loader.failed.connect(self._on_failed)

    def ask_file(self) -> None:
        """Prompt for a file and read a model from it."""
        path = ask_existing_file(self._panel, "Load model", "SWNN model", "swnn")
        if path is not None:
            self.read(path)

    def open_gallery(self) -> None:
        """Show the kept models, and read the one that the user opens unless the lists have it already."""
        try:
            kept = ask_model(self._panel)
        except OSError as error:
            self._on_failed(describe_error(error))
            return
        if kept is not None and MODELS.find_kept(kept.path) is None:
            self.read(kept.path, kept)

    def read(self, path: Path, kept: "KeptModel | None" = None) -> None:
        """Read a model from a file, or one that the gallery keeps."""
        self._path, self._kept = path, kept
        self.message_changed.emit(f"Loading {path.name if kept is None else kept.name}…")
        self._loader.request(load_model, path)

    def drop(self) -> None:
        """Ignore a file that is being read."""
        self._loader.drop()

    def _on_loaded(self, model: Any) -> None:
        MODELS.add(ModelEntry.loaded(model, self._path, self._kept))

    def _on_failed(self, text: str) -> None:
        self.message_changed.emit(f"⚠ {text}")
