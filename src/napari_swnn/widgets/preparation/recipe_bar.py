"""Buttons for the recipe: undo, redo, save, load and apply to further images."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_swnn.preparation import Recipe
from napari_swnn.widgets.kit.controls import Problem
from napari_swnn.widgets.kit.errors import describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_existing_file, ask_file

KIND = "Recipe"
ENDING = "json"


class RecipeBar(QWidget):
    """Buttons for the recipe.

    `undone`, `redone` and `applied` are emitted by their buttons; `loaded` carries a `Recipe` that was read from a
    file, and `layer_chosen` the layer whose recipe was selected.

    Parameters
    ----------
    find_layers : callable
        Function that returns the layers that have a recipe, by name.

    Attributes
    ----------
    undo_button, redo_button, save_button, load_button, layer_button, apply_button : QPushButton
        Buttons.
    layer_menu : QMenu
        Layers that have a recipe.
    problem : Problem
        Reason that a file cannot be read or written, or that the recipe cannot be shown.
    """

    undone = Signal()
    redone = Signal()
    loaded = Signal(object)
    layer_chosen = Signal(object)
    applied = Signal()

    def __init__(self, find_layers: Callable[[], Mapping[str, Any]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.undo_button = _button("Undo", "Undo the last change (Ctrl+Z in this panel).")
        self.redo_button = _button("Redo", "Repeat the change that was undone (Ctrl+Shift+Z in this panel).")
        self.save_button = _button("Save recipe…", "Save all steps to a file, for other images and for the shell.")
        self.load_button = _button("Load recipe…", "Read the steps from a file.")
        self.layer_button = _button("From layer", "Take the steps by which a Labels layer in the viewer was made.")
        self.layer_menu = QMenu(self)
        self.layer_button.setMenu(self.layer_menu)
        self._find_layers = find_layers
        self.apply_button = _button("Apply to…", "Segment further images, or all sections of a stack, in the same way.")
        self.problem = Problem()
        self.recipe: Recipe | None = None
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        first = (self.undo_button, self.redo_button, self.apply_button)
        second = (self.save_button, self.load_button, self.layer_button)
        for row, buttons in enumerate((first, second)):
            for column, button in enumerate(buttons):
                layout.addWidget(button, row, column)
        layout.addWidget(self.problem, 2, 0, 1, 3)
        self.undo_button.clicked.connect(self.undone)
        self.redo_button.clicked.connect(self.redone)
        self.apply_button.clicked.connect(self.applied)
        self.save_button.clicked.connect(self._on_save)
        self.load_button.clicked.connect(self._on_load)
        self.layer_menu.aboutToShow.connect(self._show_layers)

    def add_shortcuts(self, panel: QWidget) -> None:
        """Undo and redo with the usual keys while the focus is within a panel."""
        for box in panel.findChildren(QAbstractSpinBox):
            box.installEventFilter(self)
        for keys, slot in ((QKeySequence.StandardKey.Undo, self.undone), (QKeySequence.StandardKey.Redo, self.redone)):
            shortcut = QShortcut(QKeySequence(keys), panel)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Keep number boxes from taking the keys of undo and redo for their own text."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
            if any(event.matches(each) for each in keys):
                event.ignore()
                return True
        return bool(super().eventFilter(watched, event))

    def show_recipe(self, recipe: Recipe | None, *, can_undo: bool, can_redo: bool, can_apply: bool) -> None:
        """Show which buttons can be pressed, and keep the recipe to save."""
        self.recipe = recipe
        self.undo_button.setEnabled(can_undo)
        self.redo_button.setEnabled(can_redo)
        self.save_button.setEnabled(recipe is not None)
        self.apply_button.setEnabled(can_apply)

    def _on_save(self) -> None:
        self.problem.show_text("")
        path = ask_file(self, "Save the recipe", "recipe", {KIND: ENDING})
        if path is None or self.recipe is None:
            return
        try:
            self.recipe.save(path, overwrite=True)
        except (OSError, ValueError) as error:
            self.problem.show_text(f"The recipe was not saved: {describe_error(error)}")

    def _on_load(self) -> None:
        self.problem.show_text("")
        path = ask_existing_file(self, "Load a recipe", KIND, ENDING)
        if path is None:
            return
        try:
            recipe = Recipe.load(path)
        except (OSError, ValueError, TypeError) as error:
            self.problem.show_text(f"The recipe was not loaded: {describe_error(error)}")
        else:
            self.loaded.emit(recipe)

    def _show_layers(self) -> None:
        self.problem.show_text("")
        self.layer_menu.clear()
        layers = self._find_layers()
        for name, layer in layers.items():
            self.layer_menu.addAction(name).triggered.connect(partial(self._on_layer, layer))
        if not layers:
            self.layer_menu.addAction("No layer has a recipe yet").setEnabled(False)

    def _on_layer(self, layer: Any, _checked: bool = False) -> None:
        self.layer_chosen.emit(layer)


class ApplyDialog(QDialog):
    """Selection of further images.

    Parameters
    ----------
    choices : sequence of (str, object)
        Text and value of each entry.
    """

    def __init__(self, choices: Sequence[tuple[str, Any]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Apply the recipe")
        self._choices = list(choices)
        self.list = QListWidget()
        for text, _ in self._choices:
            item = QListWidgetItem(text)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.list.addItem(item)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Apply")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel("Segment these images with the steps of the panel:"))
        layout.addWidget(self.list)
        layout.addWidget(buttons)

    @property
    def chosen(self) -> list[Any]:
        """Values of the ticked entries."""
        rows = range(self.list.count())
        return [self._choices[row][1] for row in rows if self.list.item(row).checkState() == Qt.CheckState.Checked]


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
