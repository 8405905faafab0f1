"""Phases of a volume shown and hidden in 3-D."""

import numpy as np
import pytest

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.view_3d import list_views, show_in_3d

NAMES = {0: "pore", 1: "NMC", 2: "binder"}
COLOURS = {0: (0.2, 0.2, 0.2, 1.0), 1: (0.6, 0.6, 0.6, 1.0), 2: (0.9, 0.6, 0.1, 1.0)}


@pytest.fixture
def volume(model):
    labels = np.arange(3, dtype=np.uint8).repeat(9).reshape(3, 3, 3)
    look = Look(phase=0, background=3, voxel=VoxelSize(), phases=(0, 1, 2), names=NAMES)
    facts = {"fractions": {"0": 0.4, "1": 0.5, "2": 0.1}}
    return OutputLayers(model, COLOURS).show_result(labels, "result", look, facts)


def alphas(layer):
    return [float(layer.colormap.map(label)[3]) for label in NAMES]


def test_phases_are_hidden_in_3d_and_have_their_colours_again_in_2d(model, volume):
    show_in_3d(model, volume, [2])
    assert model.dims.ndisplay == 3
    assert alphas(volume) == [0, 0, 1]
    show_in_3d(model, volume, [1, 2])
    assert alphas(volume) == [0, 1, 1]
    show_in_3d(model, volume)
    assert alphas(volume) == [1, 1, 1]
    show_in_3d(model, volume, [1])
    model.dims.ndisplay = 2
    assert alphas(volume) == [1, 1, 1]
    np.testing.assert_allclose(volume.colormap.map(2), COLOURS[2], atol=1 / 255)


def test_other_phases_leave_the_camera_where_the_user_put_it(model, volume):
    show_in_3d(model, volume)
    model.scene.camera.angles = (1, 2, 3)
    show_in_3d(model, volume, [2])
    assert tuple(model.scene.camera.angles) == (1, 2, 3)


def test_each_phase_can_be_left_out_or_shown_alone(volume):
    views = dict(list_views(volume))
    assert views["All phases"] is None
    assert views["Without pore"] == [1, 2]
    assert views["Only binder"] == [2]


def test_a_volume_of_two_phases_has_one_view(model):
    layer = model.add_labels(np.zeros((4, 4, 4), int))
    assert list_views(layer) == [("All phases", None)]
