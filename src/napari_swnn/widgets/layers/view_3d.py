"""View of one volume in 3-D."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import METADATA_KEY, colours_as_json, read_colours, read_metadata, read_names
from napari_swnn._phase_names import name_phase
from napari_swnn.widgets.layers.output import make_colormap

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Layer
    from napari.viewer import Viewer

_HIDDEN = "hidden_colours"
"""Key, in the metadata of a layer, of the colours of phases that are hidden in 3-D."""
_FRAME = (0.5, 0.5, 0.5, 1.0)
"""Colour that is legible on dark and light backgrounds."""


View = tuple[str, list[int] | None]
"""Title of a choice of phases, and their labels; None for all phases."""


def show_in_3d(viewer: "Viewer", layer: "LabelsLayer", phases: Collection[int] | None = None) -> None:
    """Switch the viewer to 3-D and show one volume in a frame, from a corner.

    Layers that lie beside it are hidden until the viewer returns to 2-D: in 3-D, they would stand in front of it.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that contains the layer.
    layer : napari.layers.Labels
        Layer of the volume; layers at the same place stay as they are.
    phases : collection of int, optional
        Labels of the phases to show; by default, all that have a colour in 2-D. In 2-D, the others have it again.
    """
    show_only(layer, phases)
    if viewer.dims.ndisplay == 3 and layer.visible and layer.bounding_box.visible:
        return  # only the phases change, and the user may have turned the volume
    hidden = [other for other in viewer.layers if other.visible and _lies_beside(other, layer)]
    for other in hidden:
        other.visible = False
    layer.visible = True
    frame = layer.bounding_box
    frame.points, frame.line_color, frame.visible = False, _FRAME, True
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (-25.0, 35.0, 12.0)
    viewer.fit_to_view(layers=[layer], margin=0.3)  # the view is fitted to the faces, and corners extend further

    def restore(_event: Any = None) -> None:
        if viewer.dims.ndisplay == 2:
            viewer.dims.events.ndisplay.disconnect(restore)
            frame.visible = False
            show_only(layer, None)
            for other in hidden:
                other.visible = True

    viewer.dims.events.ndisplay.connect(restore)


def list_views(layer: "LabelsLayer") -> list[View]:
    """Return the choices of phases to show in 3-D; a single one unless the layer is a result with several phases."""
    names, phases = read_names(layer), [int(label) for label in read_metadata(layer).get("fractions", {})]
    views: list[View] = [("All phases", None)]
    if len(phases) > 2:
        titles = {label: name_phase(label, names) for label in phases}
        views += [(f"Without {titles[label]}", [each for each in phases if each != label]) for label in phases]
        views += [(f"Only {titles[label]}", [label]) for label in phases]
    return views


def show_only(layer: "LabelsLayer", phases: Collection[int] | None) -> None:
    """Make all labels but some transparent, or give all of them their colours again for None."""
    facts = layer.metadata.setdefault(METADATA_KEY, {})
    known = read_colours({"colours": facts.pop(_HIDDEN, {})})
    if not known and phases is None:
        return
    shown = {**getattr(layer.colormap, "color_dict", {}), **known}
    labels = [label for label in shown if label is not None] if phases is not None else []
    hidden = {label: shown[label] for label in labels if phases is not None and label not in phases}
    if hidden:
        facts[_HIDDEN] = colours_as_json(hidden)
    layer.colormap = make_colormap({**shown, **dict.fromkeys(hidden, "transparent")})


def _lies_beside(other: "Layer", layer: "Layer") -> bool:
    """Return True if two layers share no area of the plane."""
    (low, high), (other_low, other_high) = (np.asarray(each.extent.world)[:, -2:] for each in (layer, other))
    return bool((other_low > high).any() or (other_high < low).any())
