"""Dialog for the file of a run, and checks of the file before the work starts."""

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_swnn._files import UNFINISHED
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file
from napari_swnn.widgets.kit.formatting import as_sentence
from napari_swnn.widgets.reconstruction.jobs import iter_file

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.model.model import Model
    from napari_swnn.widgets.reconstruction.request import Request

_KINDS = {"OME-Zarr": "zarr", "TIFF": "tif"}


def ask_for_volume_file(parent: QWidget, name: str) -> Path | None:
    """Prompt for a file to write volumes to; returns None if the dialog is cancelled.

    An existing file may be chosen: an unfinished one is resumed, and a finished one is never overwritten.
    """
    path = ask_file(parent, "Write volumes to", name, _KINDS, confirm_overwrite=False)
    return None if path is None else path.with_name(path.name.removesuffix(UNFINISHED))


def check_file_of_new_model(request: "Request", reference: "Reference") -> None:
    """Check the file of a request before its model is trained.

    Parameters
    ----------
    request : Request
        Request with the path of a new file: a model that is yet to be trained has no unfinished one.
    reference : Reference
        Reference of the model.

    Raises
    ------
    BadInputError
        If the name or folder cannot be used, the file exists or is unfinished, it cannot hold the labels of the
        reference, or the disk is too small.
    """
    from napari_swnn.io.ome_zarr import is_ome_zarr
    from napari_swnn.io.tiff import check_tiff_labels
    from napari_swnn.io.volume_file import check_free_space
    from napari_swnn.runs.volume_files import file_at, planned_layout

    path = _checked_name(request)
    if path.exists():
        raise BadInputError("output", f"“{path.name}” exists already, and is finished; choose another name.")
    if path.with_name(path.name + UNFINISHED).exists():
        text = f"“{path.name}” was begun with another model; choose another name, or resume it by Generate."
        raise BadInputError("output", text)
    if not is_ome_zarr(path):
        try:
            check_tiff_labels(reference.phase, reference.background)
        except ValueError as error:
            raise BadInputError("output", as_sentence(f"{error}, or choose a .zarr")) from error
    try:
        check_free_space(file_at(path, planned_layout(reference, request.shape, request.n)))
    except OSError as error:
        raise BadInputError("output", describe_error(error)) from error


def check_file_of_model(request: "Request", model: "Model") -> None:
    """Check the file of a request for a trained model; nothing is written.

    Parameters
    ----------
    request : Request
        Request with a path. An unfinished file of the same request is resumed.
    model : Model
        The model.

    Raises
    ------
    BadInputError
        If the name or folder cannot be used, the file belongs to another request, or it cannot hold the volumes.
    """
    _checked_name(request)
    try:
        iter_file(request, model)  # checks, and writes nothing before its first step
    except (TypeError, ValueError, OSError) as error:
        raise BadInputError("output", describe_error(error)) from error


def _checked_name(request: "Request") -> Path:
    from napari_swnn.runs.volume_files import SUFFIXES

    path = request.path
    if path is None or path.suffix.lower() not in SUFFIXES:
        name = "" if path is None else path.name
        raise BadInputError("output", f"A file of volumes ends in .zarr or .tif, got “{name}”; change its name.")
    if not path.parent.is_dir():
        raise BadInputError("output", f"There is no folder {path.parent}; choose another, or create it first.")
    return path
