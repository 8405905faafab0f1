"""Pointer that rests on the canvas in 3-D, where napari cannot describe what lies under it."""

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from napari.viewer import Viewer

_watched: WeakSet[Any] = WeakSet()


def ignore_resting_pointer(viewer: "Viewer") -> None:
    """Let napari describe what lies under the pointer in 3-D only after it has moved there.

    Until then napari knows no direction of view, and fails whenever a layer is added or selected.
    """
    if viewer.cursor.events in _watched:
        return
    _watched.add(viewer.cursor.events)
    is_resting = is_moving = False

    def rest() -> None:
        nonlocal is_resting
        if viewer.mouse_over_canvas and viewer.dims.ndisplay == 3 and not is_moving:
            is_resting = True
            viewer.mouse_over_canvas = False

    def move(_viewer: Any, _event: Any) -> None:
        nonlocal is_resting, is_moving
        if is_resting:
            is_resting = False
            is_moving = True
            viewer.mouse_over_canvas = True
            is_moving = False

    viewer.events.mouse_over_canvas.connect(rest)
    viewer.dims.events.ndisplay.connect(rest)
    viewer.mouse_move_callbacks.append(move)  # the position of the cursor changes with the dimensions, too
    rest()
