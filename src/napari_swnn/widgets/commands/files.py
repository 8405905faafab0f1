"""Commands and readers for files: segmented images, volumes, surfaces and models."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QApplication, QInputDialog

from napari_swnn._layer_style import read_names
from napari_swnn.widgets.commands.panels import find_selected, find_viewer
from napari_swnn.widgets.kit.file_dialogs import ask_existing_file, ask_file
from napari_swnn.widgets.kit.panels import open_panel
from napari_swnn.widgets.layers.saving import SURFACES, list_labels
from napari_swnn.widgets.lazy.saving import VolumeSaver

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

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
    _, layer = find_selected()
    if layer is not None:
        _saver().ask(_window(), "Save labels", layer)


def save_surface() -> None:
    """Prompt for a phase and a file, and write the surface of this phase of the selected Labels layer."""
    _, layer = find_selected()
    if layer is None:
        return
    phase = ask_phase(_window(), layer)
    if phase is None:
        return
    path = ask_file(_window(), f"Save the surface of label {phase}", f"{layer.name} label {phase}", SURFACES)
    if path is not None:
        _saver().save_surface(layer, phase, path)


def ask_phase(parent: Any, layer: "LabelsLayer") -> int | None:
    """Prompt for a phase of a layer by its name; return None if the dialog is cancelled.

    The label in the layer controls is selected; with a single label besides 0, there is nothing to choose.
    """
    labels = list_labels(layer)
    if len(labels) < 2:
        return labels[0] if labels else int(layer.selected_label)
    names = read_names(layer)
    titles = [f"{label}: {names[label]}" if label in names else f"label {label}" for label in labels]
    usual = int(layer.selected_label)
    first = labels.index(usual) if usual in labels else 0
    title, accepted = QInputDialog.getItem(parent, "Save a surface", "Surface of", titles, first, False)
    return labels[titles.index(title)] if accepted else None


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
    open_panel(find_viewer(), "SWNN reconstruction").models.reader.read(path)


def _add(viewer: "Viewer", read: "Callable[[Path], list[tuple[Any, dict[str, Any], str]]]", path: Path) -> None:
    for data, attributes, _ in read(path):
        viewer.add_labels(data, **attributes)


def _run_and_report(work: Callable[[], object]) -> None:
    """Run work and show its error, if there is one, as a message."""
    from napari.utils.notifications import show_error

    try:
        work()
    except (OSError, ValueError, TypeError, MemoryError) as error:
        show_error(str(error))


@cache
def _saver() -> VolumeSaver:
    """Return the object that saves layers in the background and says so when it has."""
    from napari.utils.notifications import show_error, show_info

    saver = VolumeSaver(QApplication.instance())
    saver.done.connect(lambda text: show_info(text))
    saver.failed.connect(lambda text: show_error(text))
    return saver


def _window() -> Any:
    """Return the window for dialogs."""
    return QApplication.activeWindow()
