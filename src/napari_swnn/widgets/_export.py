"""Asking where to write a file."""

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget


def ask_file(parent: QWidget, title: str, name: str, kind: str, ending: str) -> Path | None:
    """Ask for a file to be written; None if the user thinks better of it.

    Parameters
    ----------
    parent : QWidget
        Above which the dialog stands.
    title, name : str
        Of the dialog; of the file that is proposed.
    kind, ending : str
        Kind of file in words, and what its name ends in.
    """
    dialog = QFileDialog(parent, title, "", f"{kind} (*.{ending})")
    dialog.setDefaultSuffix(ending)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)  # asks before an existing file is replaced
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.selectFile(f"{name}.{ending}")
    return _answer(dialog)


def ask_folder(parent: QWidget, title: str) -> Path | None:
    """Ask for a folder to write into; None if the user thinks better of it."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return _answer(dialog)


def file_name(text: str) -> str:
    """A text as a name for a file: what systems do not take becomes a dash."""
    return "".join(letter if letter.isalnum() or letter in " .-_" else "-" for letter in text).strip() or "results"


def _answer(dialog: QFileDialog) -> Path | None:
    accepted = bool(dialog.exec())
    files = dialog.selectedFiles()
    dialog.deleteLater()
    return Path(files[0]) if accepted and files else None
