"""Plane that cuts volumes open in 3-D; it is moved with a slider or dragged in the view."""

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_swnn.widgets.layers.plane_in_view import unit_in_view

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer


class CutPlane:
    """Plane normal to an axis of volumes, in front of which nothing is drawn.

    When a cut is chosen, what lies on the side of the camera goes, so that the face of the cut is seen. The side stays
    the same when the view is turned or the plane is moved.

    Parameters
    ----------
    viewer : napari.Viewer
        Viewer in which the plane can be dragged with the Shift key.
    report : callable
        Function called with the position of the plane after it was dragged.
    """

    def __init__(self, viewer: "Viewer", report: Callable[[float], None]) -> None:
        self._viewer = viewer
        self._report = report
        self._layers: list[LabelsLayer] = []
        self._axis = 0
        self._position = 0.0
        self._from_end = False

    def cut(self, layers: "Sequence[LabelsLayer]", axis: int, position: float) -> None:
        """Cut volumes, each at the same part of its side, and no longer those before.

        Parameters
        ----------
        layers : sequence of napari.layers.Labels
            Layers of the volumes; the plane of the last one is dragged.
        axis : int
            Axis normal to the plane, 0 for z.
        position : float
            Part of each volume that is cut away, in [0, 1].
        """
        if any(layer not in layers for layer in self._layers):
            self.clear()
        if not self._layers:
            self._viewer.mouse_drag_callbacks.append(self._on_drag)
        if not self._layers or axis != self._axis:
            self._from_end = self._faces_end(layers[-1], axis)
        self._layers, self._axis = list(layers), axis
        self._move(position)

    def clear(self) -> None:
        """Show the whole of the volumes again."""
        if self._layers:
            self._viewer.mouse_drag_callbacks.remove(self._on_drag)
        for layer in self._layers:
            layer.experimental_clipping_planes = []
        self._layers = []

    def _faces_end(self, layer: "LabelsLayer", axis: int) -> bool:
        """Return True if the camera looks at the face of a volume where an axis ends, and not where it begins."""
        camera, dims = self._viewer.scene.camera, self._viewer.dims
        view = camera.calculate_nd_view_direction(dims.ndim, dims.displayed)
        if view is None:  # in 2-D
            return False
        _, matrix = self._frame(layer)
        return bool(np.linalg.inv(matrix)[axis] @ view[-layer.ndim :] < 0)

    def _move(self, position: float) -> None:
        self._position = min(max(position, 0.0), 1.0)
        for layer in self._layers:
            self._cut(layer)

    @property
    def _sign(self) -> int:
        return -1 if self._from_end else 1

    def _cut(self, layer: "LabelsLayer") -> None:
        point = np.zeros(layer.ndim)
        part = 1 - self._position if self._from_end else self._position
        point[self._axis] = part * layer.data.shape[self._axis] - 0.5
        origin, matrix = self._frame(layer)
        normal = np.linalg.inv(matrix)[self._axis] * self._sign
        cut = {"position": tuple(origin + matrix @ point), "normal": tuple(normal), "enabled": True}
        layer.experimental_clipping_planes = [cut]

    def _frame(self, layer: "LabelsLayer") -> tuple[np.ndarray, np.ndarray]:
        """Return the place of voxel 0 and the edges of a voxel, in columns, in the coordinates of the 3-D view.

        napari's documents say that a clipping plane lies in the coordinates of the data, but it is drawn in those of
        the view.
        """
        corners = np.vstack([np.zeros(layer.ndim), np.eye(layer.ndim)])
        unit = unit_in_view(self._viewer, layer)
        origin, *ends = (np.array(layer.data_to_world(corner)) * unit for corner in corners)
        return origin, np.transpose(ends - origin)

    def _on_drag(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Move the plane with the mouse while the Shift key is held."""
        layer = self._layers[-1]
        if layer not in viewer.layers or viewer.dims.ndisplay != 3 or "Shift" not in event.modifiers:
            return
        camera = viewer.scene.camera
        pans, camera.mouse_pan = camera.mouse_pan, False
        unit = unit_in_view(self._viewer, layer)
        start, before = self._point(event.position, unit), self._position
        side = layer.data.shape[self._axis]
        yield
        while event.type == "mouse_move":
            moved = layer.projected_distance_from_mouse_drag(
                start_position=start,
                end_position=self._point(event.position, unit),
                view_direction=self._point(event.view_direction, unit),
                vector=np.eye(3)[self._axis],
                dims_displayed=list(range(layer.ndim)),
            )
            self._move(before + self._sign * float(np.ravel(moved)[0]) / side)
            self._report(self._position)
            yield
        camera.mouse_pan = pans

    @staticmethod
    def _point(place: Any, unit: np.ndarray) -> np.ndarray:
        """Return a point of the view in the unit of a layer, without the axes that the layer lacks."""
        return np.array(place, float)[-len(unit) :] / unit
