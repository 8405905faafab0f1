"""Asking for the file that volumes are written to, and refusing it."""

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_swnn.widgets._bad_input import BadInputError
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


def check_volume_file(path: Path, *, new: bool) -> None:
    """Refuse a file that volumes could not be written to, before any work is done for it.

    Parameters
    ----------
    path : Path
        The finished file.
    new : bool
        Whether it has to be a new one: a model that is yet to be trained has finished none.

    Raises
    ------
    BadInputError
        If its name has another ending, its folder is missing, or it is there although it has to be new.
    """
    from napari_swnn.production.generation import SUFFIXES

    if path.suffix.lower() not in SUFFIXES:
        raise BadInputError("result", f"A file of volumes ends in .zarr or .tif, got “{path.name}”; change its name.")
    if not path.parent.is_dir():
        raise BadInputError("result", f"There is no folder {path.parent}; choose another, or make it first.")
    if new and path.exists():
        raise BadInputError("result", f"“{path.name}” is there already, and finished; choose another name.")
