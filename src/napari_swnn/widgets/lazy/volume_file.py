"""Files that volumes are written to: their dialog, their checks before a run, and their levels after it."""

import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QWidget

from napari_swnn._files import UNFINISHED
from napari_swnn.widgets.kit.errors import BadInputError, describe_error
from napari_swnn.widgets.kit.file_dialogs import ask_file

if TYPE_CHECKING:
    from napari_swnn.core.volume.assembly import GenerationStep
    from napari_swnn.core.volume.block_volume import BlockVolume

_OTHER_SETTING = re.compile(r"^resume needs .* got a different (\w+)")
_KINDS = {"OME-Zarr": "zarr", "TIFF": "tif"}


def ask_for_volume_file(parent: QWidget, name: str) -> Path | None:
    """Prompt for an output file for volumes; return None if the dialog is cancelled.

    Existing files can be selected: unfinished files are resumed, and finished files are never overwritten.
    """
    path = ask_file(parent, "Write volumes to", name, _KINDS, confirm_overwrite=False)
    return None if path is None else path.with_name(path.name.removesuffix(UNFINISHED))


def check_file_name(path: Path | None) -> Path:
    """Return the path of an output file.

    Raises
    ------
    BadInputError
        If the name or the folder is invalid.
    """
    from napari_swnn.runs.volume_files import SUFFIXES

    if path is None or path.suffix.lower() not in SUFFIXES:
        name = "" if path is None else path.name
        raise BadInputError("output", f"The file name must end in .zarr or .tif, got “{name}”; change it.")
    if not path.parent.is_dir():
        raise BadInputError("output", f"There is no folder {path.parent}; choose another, or create it first.")
    return path


def check_file_of_run(path: Path, begin: Callable[[], Any]) -> None:
    """Check the file of a run without writing to it.

    Parameters
    ----------
    path : Path
        File of the run.
    begin : callable
        Function that returns the generator of the run, which checks the file and writes nothing before its first step.

    Raises
    ------
    BadInputError
        If the file belongs to another request, or the volumes cannot be stored in it.
    """
    try:
        begin()
    except (TypeError, ValueError, OSError) as error:
        raise BadInputError("output", _describe_refusal(path, error)) from error


def _describe_refusal(path: Path, error: Exception) -> str:
    """Return the reason that a file cannot be written or resumed, in the words of the panels."""
    differs = _OTHER_SETTING.search(str(error))
    if differs is not None:
        return f"“{path.name}” was begun with other settings ({differs[1]}); choose those again, or another name."
    if str(error).startswith("resume needs"):
        return f"“{path.name}” already exists, and is not the file of such a run; choose another name."
    return describe_error(error)


def iter_volume(volume: "BlockVolume", path: Path) -> "Generator[GenerationStep, None, Path]":
    """Write a volume to a file, or resume an unfinished one; yield steps and return the path.

    The file is checked at once, and nothing is written before the first step.
    """
    from napari_swnn.runs.lazy_volume import iter_volume_file

    return iter_volume_file(volume, path)


def open_levels(path: Path) -> list[Any] | None:
    """Return the resolution levels of a finished OME-Zarr, the finest first; None for other formats.

    Others cannot be opened without reading them completely.

    Raises
    ------
    OSError, ValueError
        If the file cannot be opened.
    """
    from napari_swnn.io.ome_zarr_image import is_ome_zarr, open_ome_zarr

    return open_ome_zarr(path).levels if is_ome_zarr(path) else None
