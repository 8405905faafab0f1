"""Shader programs of removed layers, whose deletion crashes software renderers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from napari.viewer import Viewer

_watched: WeakSet[Any] = WeakSet()


def keep_programs(viewer: "Viewer") -> None:
    """Keep the shader programs of all layers that are removed from a viewer from now on.

    Mesa's software renderers, on which remote desktops depend, crash at the next drawing if the program of a framed
    volume is deleted while another layer has the same shaders. Textures are released as usual.
    """
    events = viewer.layers.events
    if events in _watched:
        return
    _watched.add(events)
    drawn: dict[Any, Any] = {}

    def remember_programs() -> None:
        drawn.update(_drawn_programs())

    def keep_removed() -> None:
        for node in drawn.keys() - _drawn_programs().keys():
            # Without the queue of its commands, vispy does not delete a program that it no longer needs.
            vars(drawn[node]).pop("_glir", None)
        drawn.clear()

    events.removing.connect(remember_programs)
    events.removed.connect(keep_removed)


def _drawn_programs() -> dict[Any, Any]:
    """Return the program of each visual in the canvases of napari."""
    canvases = (getattr(widget, "_vispy_canvas", None) for widget in QApplication.allWidgets())
    scenes = [canvas.scene for canvas in canvases if canvas is not None]
    nodes = (node for scene in scenes for node in _descendants(scene))
    programs = ((node, getattr(node, "_program", None)) for node in nodes)
    return {node: program for node, program in programs if program is not None}


def _descendants(node: Any) -> Iterator[Any]:
    for child in node.children:
        yield child
        yield from _descendants(child)
