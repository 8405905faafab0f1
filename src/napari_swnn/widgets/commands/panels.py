"""Commands that open a panel for the selected layer."""

from typing import TYPE_CHECKING

from napari_swnn.widgets.kit.panels import open_panel

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer


def reconstruct_layer() -> None:
    """Open the reconstruction panel with the selected Labels layer as the reference."""
    viewer, layer = find_selected()
    if layer is not None:
        open_panel(viewer, "SWNN reconstruction").choose_reference(layer)


def compare_layer() -> None:
    """Open the comparison panel and tick the selected Labels layer."""
    viewer, layer = find_selected()
    if layer is not None:
        volumes = open_panel(viewer, "SWNN compare").settings.volumes
        volumes.replace(layer, layer)


def compute_layer() -> None:
    """Open the properties panel for the selected Labels layer."""
    viewer, layer = find_selected()
    if layer is not None:
        open_panel(viewer, "SWNN properties").settings.layer.choose(layer)


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
