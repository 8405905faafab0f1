"""Description of the layers under a pointer that rests on the canvas in 3-D."""

import numpy as np
import pytest

from napari_swnn.widgets.kit.pointer import ignore_resting_pointer

NAMES = {"index": [1], "name": ["pore"]}


def move_pointer(viewer):
    for callback in viewer.mouse_move_callbacks:
        callback(viewer, None)


def test_napari_describes_what_lies_under_the_pointer_in_3d_once_it_has_moved(model):
    ignore_resting_pointer(model)
    model.mouse_over_canvas = True
    assert model.mouse_over_canvas
    model.dims.ndisplay = 3
    assert not model.mouse_over_canvas
    move_pointer(model)
    assert model.mouse_over_canvas
    model.mouse_over_canvas = False
    model.mouse_over_canvas = True  # as when a dialog above the canvas is closed
    assert not model.mouse_over_canvas
    model.dims.ndisplay = 2
    move_pointer(model)
    assert model.mouse_over_canvas


@pytest.mark.parametrize("is_over", [True, False])
def test_layers_with_names_are_selected_in_3d_while_the_pointer_rests(model, is_over):
    ignore_resting_pointer(model)
    model.mouse_over_canvas = is_over
    model.dims.ndisplay = 3
    model.mouse_over_canvas = True
    layers = [model.add_labels(np.ones((4, 4, 4), int), features=NAMES) for _ in range(2)]
    model.layers.selection.active = layers[0]  # where napari would raise an error
    model.layers.remove(layers[0])
    assert list(model.layers) == layers[1:]
