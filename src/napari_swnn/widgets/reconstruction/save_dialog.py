"""Checks of the output file of a run before the run."""

from functools import partial
from typing import TYPE_CHECKING

from napari_swnn._files import UNFINISHED
from napari_swnn._sentences import as_sentence
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.lazy.volume_file import check_file_name, check_file_of_run
from napari_swnn.widgets.reconstruction.jobs import iter_file

if TYPE_CHECKING:
    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.model.model import Model
    from napari_swnn.widgets.reconstruction.request import Request


def check_file_of_new_model(request: "Request", reference: "Reference") -> None:
    """Check the file of a request before its model is trained.

    Parameters
    ----------
    request : Request
        Request with the path of a new file; an untrained model cannot have an unfinished file.
    reference : Reference
        Reference of the model.

    Raises
    ------
    BadInputError
        If the name or folder is invalid, the file exists or is unfinished, the format does not support the labels of
        the reference, or the disk space is insufficient.
    """
    from napari_swnn.io.ome_zarr_image import is_ome_zarr
    from napari_swnn.io.tiff import check_tiff_labels
    from napari_swnn.io.volume_file import check_free_space
    from napari_swnn.runs.volume_files import file_at, planned_layout

    path = check_file_name(request.path)
    if path.exists():
        raise BadInputError("output", f"“{path.name}” already exists and is finished; choose another name.")
    if path.with_name(path.name + UNFINISHED).exists():
        text = f"“{path.name}” was started with another model; choose another name, or resume it with Generate."
        raise BadInputError("output", text)
    if not is_ome_zarr(path):
        try:
            check_tiff_labels(*reference.phases)
        except ValueError as error:
            raise BadInputError("output", as_sentence(f"{error}, or choose a .zarr")) from error
    try:
        check_free_space(file_at(path, planned_layout(reference, request.shape, request.n)))
    except OSError as error:
        raise BadInputError("output", describe_error(error)) from error


def check_file_of_model(request: "Request", model: "Model") -> None:
    """Check the file of a request for a trained model without writing to it.

    Parameters
    ----------
    request : Request
        Request with a path. An unfinished file of the same request will be resumed.
    model : Model
        Trained model.

    Raises
    ------
    BadInputError
        If the name or folder is invalid, the file belongs to another request, or the volumes cannot be stored in it.
    """
    path = check_file_name(request.path)
    if request.spatial.section is not None:  # the file then belongs to a model that is still to be fitted
        return
    check_file_of_run(path, partial(iter_file, request, model))
