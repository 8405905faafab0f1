"""Plane that cuts a volume open in 3-D; it is moved with a slider or dragged in the view."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels as LabelsLayer
    from napari.viewer import Viewer


class CutPlane:
    """Plane normal to an axis of a volume, in front of which nothing is drawn.

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
        self._layer: LabelsLayer | None = None
        self._axis = 0
        self._position = 0.0

    def cut(self, layer: "LabelsLayer", axis: int, position: float) -> None:
        """Cut a volume, and no longer the one before.

        Parameters
        ----------
        layer : napari.layers.Labels
            Layer of the volume.
        axis : int
            Axis normal to the plane, 0 for z.
        position : float
            Part of the volume that is cut away, in [0, 1].
        """
        if self._layer is not None and self._layer != layer:
            self.clear()
        if self._layer is None:
            self._viewer.mouse_drag_callbacks.append(self._on_drag)
        self._layer, self._axis = layer, axis
        self._move(position)

    def clear(self) -> None:
        """Show the whole volume again."""
        if self._layer is not None:
            self._viewer.mouse_drag_callbacks.remove(self._on_drag)
            self._layer.experimental_clipping_planes = []
        self._layer = None

    def _move(self, position: float) -> None:
        layer = self._layer
        assert layer is not None
        self._position = min(max(position, 0.0), 1.0)
        point, normal = np.zeros(3), np.eye(3)[self._axis]
        point[self._axis] = self._position * layer.data.shape[self._axis] - 0.5
        layer.experimental_clipping_planes = [{"position": tuple(point), "normal": tuple(normal), "enabled": True}]

    def _on_drag(self, viewer: Any, event: Any) -> Generator[None, None, None]:
        """Move the plane with the mouse while the Shift key is held."""
        layer = self._layer
        if layer is None or layer not in viewer.layers or viewer.dims.ndisplay != 3 or "Shift" not in event.modifiers:
            return
        camera = viewer.scene.camera
        pans, camera.mouse_pan = camera.mouse_pan, False
        start, before = np.array(event.position), self._position
        side = layer.data.shape[self._axis]
        yield
        while event.type == "mouse_move":
            moved = layer.projected_distance_from_mouse_drag(
                start_position=start,
                end_position=np.array(event.position),
                view_direction=np.array(event.view_direction),
                vector=np.eye(3)[self._axis],
                dims_displayed=list(event.dims_displayed),
            )
            self._move(before + float(np.ravel(moved)[0]) / side)
            self._report(self._position)
            yield
        camera.mouse_pan = pans
