"""Commands that open a panel for the selected layer."""

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QDockWidget

from napari_swnn.widgets.kit.dock import DockPanel

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

_PLUGIN = "napari-swnn"


def reconstruct_layer() -> None:
    """Open the reconstruction panel with the selected Labels layer as the reference."""
    from napari_swnn.widgets.reconstruction.widget import ReconstructionWidget

    viewer, layer = find_selected()
    if layer is not None:
        open_panel(viewer, ReconstructionWidget, "SWNN reconstruction").choose_reference(layer)


def compare_layer() -> None:
    """Open the comparison panel and tick the selected Labels layer."""
    from napari_swnn.widgets.comparison.widget import CompareWidget

    viewer, layer = find_selected()
    if layer is not None:
        volumes = open_panel(viewer, CompareWidget, "SWNN compare").settings.volumes
        volumes.replace(layer, layer)


def compute_layer() -> None:
    """Open the properties panel for the selected Labels layer."""
    from napari_swnn.widgets.properties.widget import PropertiesWidget

    viewer, layer = find_selected()
    if layer is not None:
        open_panel(viewer, PropertiesWidget, "SWNN properties").settings.layer.choose(layer)


def open_panel(viewer: "Viewer", kind: type[DockPanel], name: str) -> Any:
    """Open a panel, or bring the one that is open to the front, and return it.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer with the panel.
    kind : type
        Class of the panel.
    name : str
        Name of the panel in the manifest.
    """
    panel = next((each for each in viewer.window.dock_widgets.values() if isinstance(each, kind)), None)
    if panel is None:
        _, panel = viewer.window.add_plugin_dock_widget(_PLUGIN, name, tabify=True)
    dock = panel.parent()
    while dock is not None and not isinstance(dock, QDockWidget):
        dock = dock.parent()
    if dock is not None:
        dock.show()
        dock.raise_()
    return panel


def find_viewer() -> "Viewer":
    """Return the current viewer.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    from napari import current_viewer

    viewer = current_viewer()
    if viewer is None:
        raise RuntimeError("this command needs an open viewer; start napari first")
    return viewer


def find_selected() -> "tuple[Viewer, LabelsLayer | None]":
    """Return the current viewer and its active layer; None, with a message, unless that is a Labels layer."""
    from napari.layers import Labels
    from napari.utils.notifications import show_warning

    viewer = find_viewer()
    layer = viewer.layers.selection.active
    if isinstance(layer, Labels):
        return viewer, layer
    if layer is None:
        show_warning("Select the Labels layer with the segmented image first.")
    else:
        show_warning(f"“{layer.name}” is not a Labels layer; segment it first, for example in Plugins > SWNN prepare.")
    return viewer, None
