"""References that were made, and their way to the reconstruction panel."""

from typing import TYPE_CHECKING

from napari_swnn._layer_style import METADATA_KEY, read_metadata
from napari_swnn.widgets.kit.panels import open_panel
from napari_swnn.widgets.kit.session import Report
from napari_swnn.widgets.kit.viewer_layers import list_image_layers
from napari_swnn.widgets.preparation.placement import is_covered
from napari_swnn.widgets.preparation.results import add_reference, find_origin

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.widgets.preparation.work import PreparedImage

RECONSTRUCTION = "SWNN reconstruction"


class References:
    """Labels layers that the panel added.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.

    Attributes
    ----------
    last : list of napari.layers.Labels
        Layers of the last run.
    """

    def __init__(self, viewer: "Viewer") -> None:
        self._viewer = viewer
        self.last: list[LabelsLayer] = []
        self._newest: LabelsLayer | None = None

    @property
    def newest(self) -> "LabelsLayer | None":
        """Last reference that is still in the viewer."""
        if self._newest is not None and self._newest not in self._viewer.layers:
            self._newest = None
        return self._newest

    @property
    def with_recipe(self) -> "dict[str, LabelsLayer]":
        """Labels layers of the viewer that keep the recipe by which they were made, by name."""
        layers = reversed(self._viewer.layers)
        return {layer.name: layer for layer in layers if "recipe" in read_metadata(layer)}

    def add(self, prepared: "tuple[PreparedImage, ...]", selected: "Image | None") -> Report:
        """Add segmented images as layers; the sections of one stack become one layer.

        References that were made from the same image before are hidden. A layer lies on its image, unless this is
        hidden behind other images: then, it is placed to the right of all layers, as it would lie on an image that it
        does not belong to.

        Parameters
        ----------
        prepared : tuple of PreparedImage
            Segmented images.
        selected : napari.layers.Image or None
            Image whose reference always lies on it.
        """
        groups: dict[int, list[PreparedImage]] = {}
        for each in prepared:
            groups.setdefault(id(each.source.layer), []).append(each)
        images = list_image_layers(self._viewer)
        former = [layer for group in groups.values() for layer in self._list_former(group[0])]
        layers = []
        is_any_beside = False
        for group in groups.values():
            image = group[0].source.layer
            is_beside = image != selected and is_covered(image, images)
            layers.append(add_reference(self._viewer, group, is_beside=is_beside))
            is_any_beside = is_any_beside or is_beside
        if is_any_beside:  # otherwise, it may lie outside the view
            self._viewer.fit_to_view()
        for layer in former:
            layer.visible = False
        self._newest = layers[-1]
        self.last = layers
        names = ", ".join(f"“{layer.name}”" for layer in layers)
        return Report(f"Added {names}{' beside the images, which lie on each other' if is_any_beside else ''}.")

    def _list_former(self, prepared: "PreparedImage") -> "list[LabelsLayer]":
        """Return the visible references that were made from the same image before."""
        origin = find_origin(prepared)
        references = [layer for layer in self._viewer.layers if "recipe" in read_metadata(layer) and layer.visible]
        return [layer for layer in references if origin.items() <= dict(read_metadata(layer)).items()]

    def reconstruct(self) -> None:
        """Open the reconstruction panel with the last reference."""
        layer = self.newest
        if layer is None:
            return
        open_panel(self._viewer, RECONSTRUCTION).choose_reference(layer, layer.metadata[METADATA_KEY]["phase"])
