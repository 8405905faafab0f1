"""Plane of a volume that the viewer shows in 2-D."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer

_ROUNDING = 1e-6
"""Distance to the face of a volume, in voxels, within which its first or last plane is not sure to be shown."""


def unit_in_view(viewer: "Viewer", layer: "LabelsLayer") -> np.ndarray:
    """Return the unit of a layer along each axis in that of the view, which another layer may have given it."""
    shown = viewer.layers.extent.units
    if shown is None:  # the units cannot be converted, and napari ignores them
        return np.ones(layer.ndim)
    pairs = zip(layer.units, shown[-layer.ndim :], strict=True)
    return np.array([float((1 * own).to(wanted).magnitude) for own, wanted in pairs])


def is_in_view(viewer: "Viewer", layer: "LabelsLayer") -> bool:
    """Return True if the plane of the viewer runs through a volume, or if the viewer shows all planes.

    The slider can stand right on the face of a volume, as in the middle of one that is twice as thick. napari rounds it
    to a plane outside.
    """
    if layer.ndim < 3 or viewer.dims.ndisplay == 3:
        return True
    low, high, step = _sides(viewer, layer)
    margin = step * (0.5 - _ROUNDING)
    return bool(low - margin < viewer.dims.point[viewer.dims.ndim - 3] < high + margin)


def show_middle(viewer: "Viewer", layer: "LabelsLayer") -> float:
    """Show the middle plane of a volume, and return where it is; the first, which napari would show, is a face."""
    low, high, _ = _sides(viewer, layer)
    axis = viewer.dims.ndim - 3
    viewer.dims.set_point(axis, (low + high) / 2)
    return float(viewer.dims.point[axis])


def _sides(viewer: "Viewer", layer: "LabelsLayer") -> tuple[float, float, float]:
    """Return the centres of the first and last plane of a volume and their distance, in the unit of the view."""
    unit = float(unit_in_view(viewer, layer)[-3])
    low, high = layer.extent.world[:, -3]
    return float(low) * unit, float(high) * unit, float(layer.extent.step[-3]) * unit
