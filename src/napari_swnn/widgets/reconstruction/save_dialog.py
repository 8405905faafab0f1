"""Asking for the file that volumes are written to, and refusing it."""

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_swnn._files import UNFINISHED
from napari_swnn._types import Shape
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file
from napari_swnn.widgets.kit.formatting import as_sentence
from napari_swnn.widgets.reconstruction.jobs import iter_file

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.widgets.reconstruction.jobs import GenerationJob

_KINDS = {"OME-Zarr": "zarr", "TIFF": "tif"}


def ask_for_volume_file(parent: QWidget, name: str) -> Path | None:
    """Ask where to write volumes; None if it was called off.

    One that exists may be chosen: an unfinished one is gone on with, and a finished one is never written over.
    """
    path = ask_file(parent, "Write volumes to", name, _KINDS, confirm_overwrite=False)
    return None if path is None else path.with_name(path.name.removesuffix(UNFINISHED))


def check_file_of_new_model(path: Path, reference: "Reference", shape: Shape, n: int) -> None:
    """Refuse a file that volumes of a model cannot be written to, before the model is trained.

    Parameters
    ----------
    path : Path
        The finished file. It has to be a new one: a model that is yet to be trained has begun none.
    reference : Reference
        What the model is trained on.
    shape : tuple of int
        Voxels of each volume.
    n : int
        Number of volumes.

    Raises
    ------
    BadInputError
        If its name or folder will not do, it is there or begun, it cannot hold the labels of the reference, or the disk
        cannot hold it.
    """
    from napari_swnn.io.ome_zarr import is_ome_zarr
    from napari_swnn.io.tiff import check_tiff_labels
    from napari_swnn.io.volume_file import check_free_space
    from napari_swnn.runs.volume_files import file_at, planned_layout

    _check_name(path)
    if path.exists():
        raise BadInputError("result", f"“{path.name}” is there already, and finished; choose another name.")
    if path.with_name(path.name + UNFINISHED).exists():
        text = f"“{path.name}” was begun with another model; choose another name, or go on with it by Generate."
        raise BadInputError("result", text)
    if not is_ome_zarr(path):
        try:
            check_tiff_labels(reference.phase, reference.background)
        except ValueError as error:
            raise BadInputError("result", as_sentence(f"{error}, or choose a .zarr")) from error
    try:
        check_free_space(file_at(path, planned_layout(reference, shape, n)))
    except OSError as error:
        raise BadInputError("result", describe_error(error)) from error


def check_file_of_model(path: Path, job: "GenerationJob") -> None:
    """Refuse a file that the volumes of a model cannot be written to, before any of it is computed.

    Parameters
    ----------
    path : Path
        The finished file. One that the same job has begun is gone on with.
    job : GenerationJob
        What is to be written.

    Raises
    ------
    BadInputError
        If its name or folder will not do, it is of another job, or it cannot hold what is to be written.
    """
    _check_name(path)
    try:
        iter_file(job, path)  # checks, and writes nothing before its first step
    except (TypeError, ValueError, OSError) as error:
        raise BadInputError("result", describe_error(error)) from error


def _check_name(path: Path) -> None:
    from napari_swnn.runs.volume_files import SUFFIXES

    if path.suffix.lower() not in SUFFIXES:
        raise BadInputError("result", f"A file of volumes ends in .zarr or .tif, got “{path.name}”; change its name.")
    if not path.parent.is_dir():
        raise BadInputError("result", f"There is no folder {path.parent}; choose another, or make it first.")
