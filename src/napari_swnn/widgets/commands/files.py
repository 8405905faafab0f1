"""Commands and readers for files: segmented images, volumes, surfaces and models."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QApplication

from napari_swnn.widgets.commands.panels import find_selected, find_viewer, open_panel
from napari_swnn.widgets.kit.file_dialogs import ask_existing_file, ask_file

if TYPE_CHECKING:
    from napari.viewer import Viewer

VOLUMES = {
    "TIFF for ImageJ and napari": "labels.tif",
    "OME-Zarr": "ome.zarr",
    "NRRD": "nrrd",
    "MetaImage": "mha",
    "MetaImage header with raw file": "mhd",
    "VTK image for ParaView": "vti",
}
"""Formats of volumes in the dialog."""
_SURFACES = {"STL": "stl", "PLY": "ply", "Wavefront OBJ": "obj"}
_IMAGES = "tif *.tiff *.png *.bmp *.npy *.npz"


def open_segmented() -> None:
    """Prompt for a segmented image or volume, and open it as Labels with its pixel size."""
    from napari_swnn._reader import open_labels

    viewer = find_viewer()
    path = ask_existing_file(_window(), "Open a segmented image", "Segmented images", _IMAGES)
    if path is not None:
        _run_and_report(partial(_add, viewer, open_labels, path))


def save_labels() -> None:
    """Prompt for a file and write the selected Labels layer with its voxel size and the names of its phases."""
    from napari_swnn._writer import read_layer
    from napari_swnn.io import save_volume

    _, layer = find_selected()
    path = ask_file(_window(), "Save labels", layer.name, VOLUMES) if layer is not None else None
    if layer is None or path is None:
        return

    def write() -> None:
        data, attributes, _ = layer.as_layer_data_tuple()
        labels, facts = read_layer(data, attributes)
        save_volume(path, labels, **facts)

    _run_and_report(write, f"Saved {path.name}.")


def save_surface() -> None:
    """Prompt for a file and write the surface of the selected label of the selected Labels layer."""
    from napari_swnn import io
    from napari_swnn._writer import cubic_side, read_layer

    _, layer = find_selected()
    if layer is None:
        return
    phase = int(layer.selected_label)
    path = ask_file(_window(), f"Save the surface of label {phase}", f"{layer.name} label {phase}", _SURFACES)
    if path is None:
        return

    def write() -> None:
        data, attributes, _ = layer.as_layer_data_tuple()
        labels, facts = read_layer(data, attributes)
        io.save_surface(path, labels, phase, voxel_size=cubic_side(facts))

    _run_and_report(write, f"Saved the surface of label {phase} as {path.name}.")


def open_model() -> None:
    """Prompt for a model file and open it in the reconstruction panel."""
    path = ask_existing_file(_window(), "Open a model", "SWNN model", "swnn")
    if path is not None:
        show_model(path)


def model_reader(path: "str | Path | list[str]") -> "Callable[[Any], list[tuple[None]]] | None":
    """Return a function that opens a model in the reconstruction panel; None for several files.

    Parameters
    ----------
    path : path-like
        File that ends in ``.swnn``.
    """
    if isinstance(path, list):
        return None

    def read(name: "str | Path") -> "list[tuple[None]]":
        show_model(Path(name))
        return [(None,)]  # napari's sign for a file that adds no layer

    return read


def show_model(path: Path) -> None:
    """Open the reconstruction panel, and load a model in it."""
    from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget

    open_panel(find_viewer(), ReconstructionWidget, "SWNN reconstruction").models.read(path)


def _add(viewer: "Viewer", read: "Callable[[Path], list[tuple[Any, dict[str, Any], str]]]", path: Path) -> None:
    for data, attributes, _ in read(path):
        viewer.add_labels(data, **attributes)


def _run_and_report(work: Callable[[], object], done: str = "") -> None:
    """Run work and show its error, if there is one, as a message."""
    from napari.utils.notifications import show_error, show_info

    try:
        work()
    except (OSError, ValueError, TypeError, MemoryError) as error:
        show_error(str(error))
    else:
        if done:
            show_info(done)


def _window() -> Any:
    """Return the window for dialogs."""
    return QApplication.activeWindow()
