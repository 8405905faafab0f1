"""Dialogs for selecting files and folders."""

import re
from collections.abc import Mapping
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_swnn.widgets.kit.preferences import start_folder

_folder = ""
"""Folder of the last file that the user has chosen since napari was started."""


def ask_file(
    parent: QWidget, title: str, name: str, kinds: Mapping[str, str], *, confirm_overwrite: bool = True
) -> Path | None:
    """Prompt for a file to write; return None if the dialog is cancelled.

    Parameters
    ----------
    parent : QWidget
        Parent of the dialog.
    title, name : str
        Title of the dialog, and suggested file name without its extension.
    kinds : mapping
        File extensions by description of the file type. The first is the default; a name without an extension gets
        that of the selected type.
    confirm_overwrite : bool
        If True, confirm the choice of an existing file.
    """
    endings = {f"{kind} (*.{ending})": ending for kind, ending in kinds.items()}
    dialog = QFileDialog(parent, title, _start(), ";;".join(endings))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, not confirm_overwrite)
    dialog.filterSelected.connect(lambda chosen: _change_ending(dialog, endings[chosen]))
    usual = next(iter(endings.values()))
    dialog.setDefaultSuffix(usual)
    dialog.selectFile(f"{make_file_name(name)}.{usual}")
    return _answer(dialog)


def _change_ending(dialog: QFileDialog, ending: str) -> None:
    """Give the name in a dialog the whole ending of another file type; Qt changes only what follows the last point."""
    before = dialog.defaultSuffix()
    half = ".".join([*before.split(".")[:-1], ending.split(".")[-1]])
    dialog.setDefaultSuffix(ending)
    name = Path(next(iter(dialog.selectedFiles()), "")).name
    for old in (before, half):
        is_new = name.endswith(f".{ending}") and len(ending) >= len(old)
        if name.endswith(f".{old}") and not is_new:
            dialog.selectFile(f"{name.removesuffix(old)}{ending}")
            return


def ask_existing_file(parent: QWidget, title: str, kind: str, ending: str) -> Path | None:
    """Prompt for a file to read; return None if the dialog is cancelled."""
    dialog = QFileDialog(parent, title, _start(), f"{kind} (*.{ending});;All files (*)")
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _answer(dialog)


def ask_folder(parent: QWidget, title: str) -> Path | None:
    """Prompt for an output folder; return None if the dialog is cancelled."""
    dialog = QFileDialog(parent, title, _start())
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return _answer(dialog)


def ask_to_save(parent: QWidget, name: str) -> bool | None:
    """Ask whether to save something before it is lost; return None to cancel."""
    answers = QMessageBox.StandardButton
    chosen = QMessageBox.question(
        parent,
        "Save the model?",
        f"“{name}” is in no file. Save it before napari closes?",
        answers.Save | answers.Discard | answers.Cancel,
        answers.Save,
    )
    return None if chosen == answers.Cancel else chosen == answers.Save


def make_file_name(text: str) -> str:
    """Convert a text into a valid file name: a size gets plain letters, other invalid characters become one dash."""
    plain = re.sub(r"(?<=\d)\s*×\s*(?=\d)", "x", text)
    dashed = re.sub(r"[\s-]*[^\w\s.-][^\w.]*", lambda found: " - " if re.search(r"\s", found[0]) else "-", plain)
    return " ".join(dashed.split()).strip(" -") or "results"


def _answer(dialog: QFileDialog) -> Path | None:
    accepted = bool(dialog.exec())
    files = dialog.selectedFiles()
    dialog.deleteLater()
    if not accepted or not files:
        return None
    global _folder
    _folder = str(Path(files[0]).parent)
    return Path(files[0])


def _start() -> str:
    """Return the folder in which a dialog begins."""
    return _folder or start_folder()
