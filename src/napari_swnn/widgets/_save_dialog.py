"""Asking for the file that volumes are written to."""

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_swnn.widgets._export import file_name

_FILTER = "OME-Zarr (*.zarr);;TIFF (*.tif)"


def ask_for_volume_file(parent: QWidget, name: str) -> Path | None:
    """Ask where to write volumes; None if it was called off.

    One that exists may be chosen: an unfinished one is gone on with, and a finished one is never written over.
    """
    proposed = f"{file_name(name)}.zarr"
    dialog = QFileDialog(parent, "Write volumes to", proposed, _FILTER)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.setDefaultSuffix("zarr")
    dialog.selectFile(proposed)
    accepted = bool(dialog.exec())
    files = dialog.selectedFiles()
    dialog.deleteLater()
    if not accepted or not files:
        return None
    path = Path(files[0])
    return path.with_name(path.name.removesuffix(".partial"))
