"""Pointer on the canvas while layers change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.viewer import Viewer


@contextmanager
def ignored_pointer(viewer: "Viewer") -> Iterator[None]:
    """Keep napari from describing what lies under the pointer, which fails in 3-D until the pointer has moved."""
    is_over = viewer.mouse_over_canvas
    viewer.mouse_over_canvas = False
    try:
        yield
    finally:
        viewer.mouse_over_canvas = is_over
