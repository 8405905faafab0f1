"""View of volumes in 3-D, or of their sections beside the reference."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._label_values import to_label
from napari_swnn._layer_style import read_metadata, read_names, read_phase
from napari_swnn._phase_names import name_phase
from napari_swnn.widgets.layers.output import FRAME_COLOUR
from napari_swnn.widgets.layers.provenance import is_result
from napari_swnn.widgets.layers.shown_phases import show_only

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer
    from napari.viewer import Viewer

_PERSPECTIVE = 12.0
"""Field of view in degrees: near corners look larger than far ones, which shows what lies in front."""
ALL_PHASES = "all_phases"
"""Entry in the metadata of a result without fractions: the labels of its phases, also of those without a name."""
_SAMPLED = 64
"""Number of voxels along each axis in which the labels of a large volume are looked up."""

View = tuple[str, list[int] | None]
"""Title of a choice of phases, and their labels; None for those with a colour in 2-D."""


def show_in_3d(
    viewer: "Viewer",
    layer: "LabelsLayer",
    phases: Collection[int] | None = None,
    *,
    whole: "LabelsLayer | None" = None,
) -> None:
    """Switch the viewer to 3-D and show one volume as a smooth surface in a frame, with axes and a scale bar.

    Layers that lie beside it are hidden until the viewer returns to 2-D: in 3-D, they would stand in front of it.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that contains the layer.
    layer : napari.layers.Labels
        Layer of the volume; layers at the same place stay as they are.
    phases : collection of int, optional
        Labels of the phases to show; by default, all that have a colour in 2-D. In 2-D, the others have it again. Other
        volumes that are shown, and that have these phases, show them too.
    whole : napari.layers.Labels, optional
        Volume of which the layer is a part, and which is selected instead of it if the selected layer is hidden.
    """
    is_framed = layer.bounding_box.visible and viewer.canvas.overlays.axes.visible
    if viewer.dims.ndisplay != 3 or not layer.visible or not is_framed:
        _enter_3d(
            viewer, layer, whole or layer
        )  # otherwise only the phases change, and the user may have turned the volume
    for volume in list_shown(viewer, layer):
        if volume == layer or phases in [each for _, each in list_views(volume)]:
            show_only(volume, phases)


def _enter_3d(viewer: "Viewer", layer: "LabelsLayer", whole: "LabelsLayer") -> None:
    """Turn the viewer to one volume, which may be a part of a whole one, until it returns to 2-D."""
    hidden = [other for other in viewer.layers if other.visible and _lies_beside(other, layer)]
    for other in hidden:
        other.visible = False
    layer.visible = True
    if viewer.layers.selection.active in hidden:  # its controls would change what nobody sees
        viewer.layers.selection.active = whole
    layer.iso_gradient_mode = "smooth"
    undo = _furnish(viewer, layer)
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (-25.0, 35.0, 12.0)
    viewer.fit_to_view(layers=[layer], margin=0.3)  # the view is fitted to the faces, and corners extend further

    def restore() -> None:
        undo()
        for volume in (layer, *viewer.layers):
            show_only(volume, None)
        for other in hidden:
            other.visible = True

    _call_in_2d(viewer, restore)
    _leave_empty(viewer)


def add_to_3d(viewer: "Viewer", layer: "LabelsLayer", phases: Collection[int] | None = None) -> None:
    """Show a new volume as `show_in_3d` would if the viewer is in 3-D, beside the volumes that it shows already.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that contains the layer.
    layer : napari.layers.Labels
        Layer of the volume.
    phases : collection of int, optional
        Choice of phases, see `list_views`; by default, and if the layer does not offer it, the first one.
    """
    if viewer.dims.ndisplay != 3 or layer.ndim != 3:
        return
    offered = [each for _, each in list_views(layer)]
    show_only(layer, phases if phases in offered else offered[0])
    layer.iso_gradient_mode = "smooth"
    _call_in_2d(viewer, lambda: show_only(layer, None))


def list_shown(viewer: "Viewer", layer: "LabelsLayer") -> "list[LabelsLayer]":
    """Return the visible volumes in memory that are results, and then one layer, whatever it is."""
    shown = (other for other in viewer.layers if other.visible and other.ndim == 3 and is_result(other))
    return [other for other in shown if other != layer and isinstance(other.data, np.ndarray)] + [layer]


def _call_in_2d(viewer: "Viewer", action: Callable[[], None]) -> None:
    """Call a function once, when the viewer returns to 2-D."""

    def call(_event: Any = None) -> None:
        if viewer.dims.ndisplay == 2:
            viewer.dims.events.ndisplay.disconnect(call)
            action()

    viewer.dims.events.ndisplay.connect(call)


def _leave_empty(viewer: "Viewer") -> None:
    """Return to 2-D once all that 3-D shows has been removed, so that the layers that it hides are visible again."""

    def on_removed(_event: Any = None) -> None:
        if viewer.dims.ndisplay == 3 and len(viewer.layers) > 0 and not any(each.visible for each in viewer.layers):
            viewer.dims.ndisplay = 2

    viewer.layers.events.removed.connect(on_removed)
    _call_in_2d(viewer, lambda: viewer.layers.events.removed.disconnect(on_removed))


def show_sections(viewer: "Viewer", layers: "Iterable[Layer]") -> None:
    """Show sections through the middle of volumes beside their reference in 2-D, and hide all other layers.

    They have one scale, because they lie in the same viewer with the sizes of their pixels.
    """
    shown = list(layers)
    viewer.dims.ndisplay = 2
    for layer in viewer.layers:
        layer.visible = any(layer is each or layer == each for each in shown)
    volumes = [layer for layer in shown if layer.ndim == 3]
    if volumes:
        low, high = np.asarray(volumes[0].extent.world)
        viewer.dims.set_point(viewer.dims.ndim - 3, float(low[-3] + high[-3]) / 2)
    # napari cannot fit the view to sections alone while a hidden volume gives the viewer a third dimension.
    viewer.fit_to_view(layers=shown if volumes or viewer.dims.ndim == 2 else None)


def show_plane(viewer: "Viewer", layer: "LabelsLayer", axis: int, position: int) -> None:
    """Move the slider of an axis of a volume to one of its planes."""
    index = np.zeros(layer.ndim)
    index[axis] = position
    viewer.dims.set_point(viewer.dims.ndim - layer.ndim + axis, float(layer.data_to_world(index)[axis]))


def list_views(layer: "LabelsLayer") -> list[View]:
    """Return the choices of phases to show in 3-D; a single one if the layer does not state its phases."""
    names, phases = read_names(layer), _read_phases(layer)
    if len(phases) > 2:
        titles = {label: name_phase(label, names) for label in phases}
        views: list[View] = [("All phases", phases)]
        views += [(f"Without {titles[label]}", [each for each in phases if each != label]) for label in phases]
        return [*views, *((f"Only {titles[label]}", [label]) for label in phases)]
    phase = read_phase(layer) if "seed" in read_metadata(layer) else None
    others = _other_labels(layer, phase) if phase is not None and layer.ndim == 3 else []
    if phase is None or len(others) != 1:
        return [("All phases", None)]
    pore, matrix = (names.get(phase, f"phase {phase}"), names.get(others[0], "the rest"))
    return [(f"Only {pore}", [phase]), (f"Only {matrix}", others), ("Both phases", [phase, *others])]


def _other_labels(layer: "LabelsLayer", phase: int) -> list[int]:
    """Return the other labels of a volume in memory, from a sample if it is large; empty for volumes elsewhere."""
    if not isinstance(layer.data, np.ndarray):
        return []
    step = tuple(slice(None, None, -(-side // _SAMPLED)) for side in layer.data.shape)
    return [int(label) for label in np.unique(layer.data[step]) if label != phase]


def _read_phases(layer: "LabelsLayer") -> list[int]:
    """Return the labels of the phases that the metadata of a result state; damaged entries are left out."""
    facts = read_metadata(layer)
    fractions, phases = facts.get("fractions"), facts.get(ALL_PHASES)
    stated = list(fractions) if isinstance(fractions, Mapping) else phases if isinstance(phases, list) else []
    return [label for label in map(to_label, stated) if label is not None]


def _furnish(viewer: "Viewer", layer: "LabelsLayer") -> Callable[[], None]:
    """Add a frame, axes, a scale bar and perspective; return a function that takes them away again."""
    frame, camera = layer.bounding_box, viewer.scene.camera
    overlays = (viewer.canvas.overlays.scale_bar, viewer.canvas.overlays.axes)
    before = [frame.visible, *(overlay.visible for overlay in overlays)]
    perspective = camera.perspective
    frame.points, frame.line_color, frame.visible = False, FRAME_COLOUR, True
    for overlay in overlays:
        overlay.visible = True
    camera.perspective = _PERSPECTIVE

    def undo() -> None:
        camera.perspective = perspective
        for overlay, visible in zip((frame, *overlays), before, strict=True):
            overlay.visible = visible

    return undo


def _lies_beside(other: "Layer", layer: "Layer") -> bool:
    """Return True if two layers share no area of the plane."""
    (low, high), (other_low, other_high) = (np.asarray(each.extent.world)[:, -2:] for each in (layer, other))
    return bool((other_low > high).any() or (other_high < low).any())
