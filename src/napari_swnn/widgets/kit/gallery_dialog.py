"""Dialog with the trained models that are kept in the data folder of the user."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, QUrl
from qtpy.QtGui import QDesktopServices, QIcon, QPixmap
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_swnn.widgets.kit.controls import Note, Problem
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file

if TYPE_CHECKING:
    from napari_swnn.io.model_gallery import KeptModel

_ICON = 72
_TIPS = {
    "open": "Open the model in the panel, to generate volumes from it.",
    "rename": "Give the model another name.",
    "export": "Copy the model to a file of your own.",
    "reveal": "Open the folder of the models in the file manager.",
    "remove": "Remove the model from the gallery for good.",
}
_TEXTS = {"open": "Open", "rename": "Rename…", "export": "Export…", "reveal": "Show folder", "remove": "Remove…"}


class GalleryDialog(QDialog):
    """List of kept models with their thumbnails, and what can be done with them.

    Parameters
    ----------
    list_models : callable
        Function that returns the models, newest first.
    parent : QWidget
        Parent of the dialog.

    Attributes
    ----------
    chosen : KeptModel or None
        Model to open, once the dialog was accepted.
    """

    def __init__(self, list_models: "Callable[[], list[KeptModel]]", parent: QWidget) -> None:
        super().__init__(parent)
        self.chosen: KeptModel | None = None
        self._list_models = list_models
        self.models = QListWidget()
        self.empty = Note()
        self.problem = Problem()
        self.buttons = {key: QPushButton(text) for key, text in _TEXTS.items()}
        self.closing = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.setWindowTitle("Trained models")
        self._lay_out()
        self._connect()
        self._show_models()

    def _lay_out(self) -> None:
        self.models.setIconSize(QSize(_ICON, _ICON))
        self.models.setWordWrap(True)
        row = QHBoxLayout()
        for key, button in self.buttons.items():
            button.setToolTip(_TIPS[key])
            button.setAutoDefault(key == "open")
            row.addWidget(button)
        layout = QVBoxLayout(self)
        for widget in (self.models, self.empty, self.problem):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self.closing)
        self.resize(480, 420)

    def _connect(self) -> None:
        self.models.currentItemChanged.connect(self._on_selected)
        self.models.itemDoubleClicked.connect(self._on_open)
        self.closing.rejected.connect(self.reject)
        actions: dict[str, Callable[[], None]] = {
            "open": self._on_open,
            "rename": self._on_rename,
            "export": self._on_export,
            "reveal": self._on_reveal,
            "remove": self._on_remove,
        }
        for key, action in actions.items():
            self.buttons[key].clicked.connect(action)

    @property
    def selected(self) -> "KeptModel | None":
        """Selected model."""
        item = self.models.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def _show_models(self, path: Path | None = None) -> None:
        """Show the models, and select the one in a file, by default the newest."""
        self.models.clear()
        for kept in self._list_models():
            item = QListWidgetItem(_describe(kept))
            if kept.thumbnail.exists():
                item.setIcon(_make_icon(kept.thumbnail))
            item.setToolTip(str(kept.path))
            item.setData(Qt.ItemDataRole.UserRole, kept)
            self.models.addItem(item)
            if kept.path == path:
                self.models.setCurrentItem(item)
        if self.models.currentItem() is None and self.models.count() > 0:
            self.models.setCurrentRow(0)
        nothing = "There are no models yet. Each trained model is kept here automatically."
        self.empty.show_text("" if self.models.count() else nothing)
        self._on_selected()

    def _on_selected(self, *_: Any) -> None:
        for key, button in self.buttons.items():
            button.setEnabled(key == "reveal" or self.selected is not None)

    def _on_open(self, *_: Any) -> None:
        self.chosen = self.selected
        if self.chosen is not None:
            self.accept()

    def _on_rename(self) -> None:
        kept = self.selected
        if kept is None:
            return
        name, accepted = QInputDialog.getText(self, "Rename the model", "Name", text=kept.name)
        if accepted and name.strip():
            self._try(lambda: kept.note(name=" ".join(name.split())), kept.path)

    def _on_export(self) -> None:
        kept = self.selected
        path = None if kept is None else ask_file(self, "Export the model", kept.name, {"SWNN model": "swnn"})
        if kept is not None and path is not None:
            self._try(lambda: kept.export(path), kept.path)

    def _on_reveal(self) -> None:
        kept = self.selected
        if kept is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(kept.path.parent)))

    def _on_remove(self) -> None:
        kept = self.selected
        if kept is None:
            return
        question = f"Remove “{kept.name}” for good?"
        if QMessageBox.question(self, "Remove the model", question) == QMessageBox.StandardButton.Yes:
            self._try(kept.remove)

    def _try(self, work: Callable[[], object], path: Path | None = None) -> None:
        """Do something with a model, show the error if there is one, and show the models again."""
        self.problem.show_text("")
        try:
            work()
        except OSError as error:
            self.problem.show_text(describe_error(error))
        self._show_models(path)


def ask_model(parent: QWidget) -> "KeptModel | None":
    """Prompt for a model of the gallery; return None if the dialog is cancelled.

    Raises
    ------
    OSError
        If the folder of the models cannot be read.
    """
    from napari_swnn.io.model_gallery import Gallery

    dialog = GalleryDialog(Gallery().list_models, parent)
    accepted = bool(dialog.exec())
    dialog.deleteLater()
    return dialog.chosen if accepted else None


def _make_icon(path: Path) -> QIcon:
    """Return an icon that keeps its colours in a selected row, where Qt would tint it."""
    picture = QPixmap(str(path))
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon


def _describe(kept: "KeptModel") -> str:
    """Return the name of a model, what it is and the verdict on it, on up to three lines."""
    what = " · ".join(part for part in (kept.facts.get("description"), kept.facts.get("created")) if part)
    return "\n".join(part for part in (kept.name, what, kept.facts.get("verdict")) if part)
