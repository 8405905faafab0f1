"""What lies under a pointer that rests on the canvas in 3-D."""

import numpy as np
import pytest

from napari_swnn.widgets.kit.pointer import ignore_resting_pointer


def test_napari_describes_what_lies_under_the_pointer_in_3d_once_it_has_moved(model):
    ignore_resting_pointer(model)
    model.mouse_over_canvas = True
    assert model.mouse_over_canvas
    model.dims.ndisplay = 3
    assert not model.mouse_over_canvas
    model.cursor.position = (1.0, 2.0)
    assert model.mouse_over_canvas
    model.mouse_over_canvas = False
    model.mouse_over_canvas = True  # as when a dialog above the canvas is closed
    assert not model.mouse_over_canvas
    model.dims.ndisplay = 2
    model.cursor.position = (2.0, 1.0)
    assert model.mouse_over_canvas


@pytest.mark.parametrize("begins", ["in 3-D", "over the canvas"])
def test_layers_are_added_and_selected_in_3d_while_the_pointer_rests(make_napari_viewer, begins):
    viewer = make_napari_viewer()
    ignore_resting_pointer(viewer)
    viewer.mouse_over_canvas = begins != "in 3-D"
    viewer.dims.ndisplay = 3
    viewer.mouse_over_canvas = True
    for _ in range(2):
        viewer.add_labels(np.ones((4, 4, 4), int))
    first, second = viewer.layers
    viewer.layers.selection.active = first  # where napari would raise an error
    viewer.layers.remove(first)
    assert list(viewer.layers) == [second]
