"""Layers of the viewer that panels offer and select."""

from typing import TYPE_CHECKING, Any

from napari_swnn._layer_style import PREVIEW_NAME, SCRIBBLES, read_metadata

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer
    from napari.layers import Shapes as ShapesLayer
    from napari.viewer import Viewer


def list_labels_layers(viewer: "Viewer") -> "list[LabelsLayer]":
    """Return the Labels layers of a viewer, except previews and scribbles."""
    from napari.layers import Labels as LabelsLayer

    layers = (layer for layer in viewer.layers if isinstance(layer, LabelsLayer) and not _is_preview(layer))
    return [layer for layer in layers if read_metadata(layer).get("role") != SCRIBBLES]


def unwrap(thing: Any) -> Any:
    """Return a layer, or an object it holds, itself; napari gives panels a proxy of it, which nobody else refers to."""
    return getattr(thing, "__wrapped__", thing)


def list_shapes_layers(viewer: "Viewer") -> "list[ShapesLayer]":
    """Return the Shapes layers of a viewer."""
    from napari.layers import Shapes as ShapesLayer

    return [layer for layer in viewer.layers if isinstance(layer, ShapesLayer)]


def list_image_layers(viewer: "Viewer") -> "list[Image]":
    """Return the Image layers of a viewer, also those with colours, except previews."""
    from napari.layers import Image

    return [layer for layer in viewer.layers if isinstance(layer, Image) and not _is_preview(layer)]


def select_unless_editing(viewer: "Viewer", layer: Any) -> None:
    """Select a new layer, unless the user is painting or drawing in the selected one."""
    chosen = viewer.layers.selection.active
    if chosen is None or str(getattr(chosen, "mode", "pan_zoom")) == "pan_zoom":
        viewer.layers.selection.active = layer


def _is_preview(layer: "Image | LabelsLayer") -> bool:
    return bool(layer.name.startswith(PREVIEW_NAME))
