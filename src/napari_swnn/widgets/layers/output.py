"""Layers that a run adds to the viewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn._layer_style import METADATA_KEY, PHASE_COLOUR, PREVIEW_NAME, layer_data, phase_colours
from napari_swnn._types import AXES, Labels, Shape
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.layers.reading import read_placement

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

    from napari_swnn.core.descriptor.reference import Reference
    from napari_swnn.core.model.model import Model

PREVIEW_INTERVAL = 1.0
"""Seconds between two refreshes of the preview; the viewer takes a good part of one to draw a volume."""
_GAP = 0.06
"""Space between two volumes side by side, as a fraction of the width to its left."""
_PENDING_COLOUR = (0.5, 0.5, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class Look:
    """Appearance of a volume.

    Attributes
    ----------
    phase, background : int
        Labels of the phase of interest and of the rest.
    voxel : VoxelSize
        Edge length of a voxel.
    """

    phase: int
    background: int
    voxel: VoxelSize

    @classmethod
    def of_reference(cls, reference: "Reference") -> "Look":
        """Return the appearance of the volumes made from a reference."""
        return cls(reference.phase, reference.background, reference.voxel)

    @classmethod
    def of_model(cls, model: "Model") -> "Look":
        """Return the appearance of the volumes that a model generates."""
        return cls(model.labels.phase, model.labels.background, model.voxel)


class OutputLayers:
    """Layers that one run adds to the viewer; it changes no others.

    They stand side by side, to the right of everything that the viewer shows: a realisation has no place in the
    reference image, and one on top of another would hide it.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layers.
    colour : array_like, optional
        Colour of the phase of interest, for labels that napari does not show in 3-D.
    """

    def __init__(self, viewer: "Viewer", colour: Any = None) -> None:
        self._viewer = viewer
        self._colour = PHASE_COLOUR if colour is None else colour
        self._corner = _free_corner(viewer)
        self._camera = _camera(viewer)
        self._preview: LabelsLayer | None = None
        self._shown_at = -np.inf

    def show_preview(self, labels: Labels, look: Look, *, scale: int) -> None:
        """Show an unfinished volume, at most once in `PREVIEW_INTERVAL`.

        Parameters
        ----------
        labels : numpy.ndarray
            The volume.
        look : Look
            Appearance of the result.
        scale : int
            Edge length of the volume's voxels, in voxels of the result.
        """
        if monotonic() - self._shown_at >= PREVIEW_INTERVAL:
            self._refresh_preview(labels, replace(look, voxel=look.voxel.scaled(scale)))

    def show_porosity(self, labels: Labels, look: Look, porosity: float) -> None:
        """Show a small volume of a chosen porosity; one that the user removed comes back."""
        if self._preview is not None and self._preview not in self._viewer.layers:
            self._preview = None
        self._refresh_preview(labels, look)
        if self._preview is not None:
            self._preview.name = f"{PREVIEW_NAME} · porosity {porosity:.3f}"

    def _refresh_preview(self, labels: Labels, coarse: Look) -> None:
        if self._preview is None:
            self._preview = self._add([labels], PREVIEW_NAME, coarse)
        elif self._preview in self._viewer.layers:  # else the user removed it, and it stays removed
            self._preview.data = labels
            self._preview.scale = (coarse.voxel.value,) * labels.ndim
        self._shown_at = monotonic()

    def remove_preview(self) -> None:
        """Remove the preview if it is still there."""
        if self._preview is not None and self._preview in self._viewer.layers:
            self._viewer.layers.remove(self._preview)
        self._preview = None

    def show_result(self, labels: Labels, name: str, look: Look, metadata: Mapping[str, Any]) -> "LabelsLayer":
        """Add a realisation, with its origin in the metadata; the preview is removed."""
        layer = self._add([labels], name, look)
        self._corner = _corner_beside(layer)
        self.remove_preview()  # after, for napari resets the view where the number of dimensions changes
        layer.metadata[METADATA_KEY] = dict(metadata)
        return layer

    def show_levels(
        self, levels: Sequence[Any], name: str, look: Look, metadata: Mapping[str, Any], *, pending: int | None = None
    ) -> "LabelsLayer":
        """Add a realisation in one or several resolutions, of which only the part in view is read.

        Parameters
        ----------
        levels : sequence of array_like
            The finest first.
        name, look, metadata
            As for `show_result`.
        pending : int, optional
            Label of voxels that are not computed yet; they are shown in grey.
        """
        layer = self._add(levels, name, look)
        self._corner = _corner_beside(layer)
        self.remove_preview()
        if pending is not None:
            shown = np.array(layer.get_color(look.phase) if look.background == 0 else self._colour, float)
            layer.colormap = _phase_colours(look, shown, {pending: _PENDING_COLOUR})
        layer.metadata[METADATA_KEY] = dict(metadata)
        return layer

    def _add(self, levels: Sequence[Any], name: str, look: Look) -> "LabelsLayer":
        data, multiscale = layer_data(levels)
        ndim = levels[0].ndim
        chosen = self._viewer.layers.selection.active
        moved = _camera(self._viewer) != self._camera
        layer = self._viewer.add_labels(
            data,
            name=name,
            multiscale=multiscale,
            opacity=1.0,  # it covers nothing
            scale=(look.voxel.value,) * ndim,
            translate=self._corner[-ndim:],
            units=(_napari_unit(look.voxel),) * ndim,
            axis_labels=AXES[-ndim:],
        )
        if look.background != 0:
            layer.colormap = _phase_colours(look, self._colour)
        if chosen is not None:  # the user may be painting
            self._viewer.layers.selection.active = chosen
        if not moved:  # else the user is looking at something
            self._viewer.fit_to_view()
            self._camera = _camera(self._viewer)
        return layer


def show_part(viewer: "Viewer", labels: Labels, name: str, whole: "LabelsLayer", start: Shape) -> "LabelsLayer":
    """Add a part of a volume in its place, in the same colours.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer that receives the layer.
    labels : numpy.ndarray
        The part.
    name : str
        Name of the layer.
    whole : napari.layers.Labels
        Layer of the volume.
    start : tuple of int
        Position of the first voxel of the part in the volume.
    """
    chosen = viewer.layers.selection.active
    place = read_placement(whole, labels.ndim) | {
        "translate": np.array(whole.translate) + np.array(whole.scale) * start
    }
    layer = viewer.add_labels(labels, name=name, opacity=1.0, **place)
    layer.colormap = whole.colormap
    layer.metadata[METADATA_KEY] = {**whole.metadata.get(METADATA_KEY, {}), "first_voxel": list(start), "lazy": False}
    if chosen is not None:
        viewer.layers.selection.active = chosen
    return layer


def show_in_3d(viewer: "Viewer", layer: "LabelsLayer") -> None:
    """Turn the viewer to three dimensions, on one layer, seen from a corner."""
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (-25.0, 35.0, 12.0)
    viewer.fit_to_view(layers=[layer], margin=0.3)  # corners reach further than the faces that the view is fitted to


def _phase_colours(look: Look, colour: Any, others: Mapping[int, Any] = MappingProxyType({})) -> Any:
    from napari.utils.colormaps import DirectLabelColormap

    return DirectLabelColormap(color_dict=phase_colours(look.phase, look.background, colour) | dict(others))


def _free_corner(viewer: "Viewer") -> tuple[float, float, float]:
    """Return the corner of a volume to the right of all layers, top edges aligned."""
    if len(viewer.layers) == 0:
        return (0.0, 0.0, 0.0)
    low, high = viewer.layers.extent.world
    return (0.0, float(low[-2]), float(high[-1] + _GAP * (high[-1] - low[-1])))


def _corner_beside(layer: "LabelsLayer") -> tuple[float, float, float]:
    """Return the corner of the next volume of a row."""
    low, high = layer.extent.world
    return (0.0, float(low[-2]), float(high[-1] + _GAP * (high[-1] - low[-1])))


def _camera(viewer: "Viewer") -> tuple[float, ...]:
    camera = viewer.scene.camera
    return (*camera.center, camera.zoom, *camera.angles, viewer.dims.ndisplay)


def _napari_unit(voxel: VoxelSize) -> str:
    """Return the unit of a voxel size as napari names it; a model file may hold any text."""
    return "pixel" if voxel.length_unit is None else voxel.length_unit.name
