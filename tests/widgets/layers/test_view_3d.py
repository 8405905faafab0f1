"""Phases of a volume shown and hidden in 3-D."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.phase_combo import find_swatch
from napari_swnn.widgets.layers.shown_phases import show_only
from napari_swnn.widgets.layers.view_3d import add_to_3d, list_views, show_in_3d, show_sections

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


@pytest.mark.parametrize("seed", [None, 5])
def test_phases_in_the_colours_of_napari_keep_them_in_every_choice(model, seed):
    layer = model.add_labels(np.arange(27, dtype=np.uint8).reshape(3, 3, 3) % 3)
    if seed is not None:
        layer.new_colormap(seed)
    own = {label: layer.get_color(label) for label in (1, 2)}
    for phases in ([0, 2], [1, 2], [0, 1], [0, 1, 2]):
        show_only(layer, phases)
        for label in {1, 2} & set(phases):
            np.testing.assert_allclose(layer.get_color(label), own[label], atol=1 / 255)
        assert (0 in phases) == (float(layer.colormap.map(0)[3]) == 1)
    show_only(layer, None)
    for label, colour in own.items():
        np.testing.assert_allclose(layer.get_color(label), colour, atol=1 / 255)


def test_the_hidden_reference_is_visible_again_once_the_last_result_is_removed(model, volume):
    reference = model.add_labels(np.ones((4, 4), int), translate=(0, 100))
    for _ in range(2):
        show_in_3d(model, volume)
    assert not reference.visible
    model.layers.remove(volume)
    assert reference.visible
    assert model.dims.ndisplay == 2


def test_what_3d_hides_is_not_selected(model, volume):
    beside = model.add_labels(np.ones((4, 4), int), translate=(0, 100))
    model.layers.selection.active = beside
    show_in_3d(model, volume)
    assert not beside.visible
    assert model.layers.selection.active is volume


def test_a_frame_stays_in_2d(model, volume):
    assert volume.bounding_box.visible  # a volume of few pores has no visible border
    show_in_3d(model, volume)
    model.dims.ndisplay = 2
    assert volume.bounding_box.visible


def test_other_phases_leave_the_camera_where_the_user_put_it(model, volume):
    show_in_3d(model, volume)
    model.scene.camera.angles = (1, 2, 3)
    show_in_3d(model, volume, [2])
    assert tuple(model.scene.camera.angles) == (1, 2, 3)


def test_each_phase_can_be_left_out_or_shown_alone(volume):
    views = dict(list_views(volume))
    assert views["All phases"] == [0, 1, 2]
    assert views["Without pore"] == [1, 2]
    assert views["Only binder"] == [2]


def test_a_volume_of_two_phases_has_one_view(model):
    layer = model.add_labels(np.zeros((4, 4, 4), int))
    assert list_views(layer) == [("All phases", None)]


def test_damaged_metadata_leave_one_view(model):
    layer = model.add_labels(np.zeros((4, 4, 4), int))
    for fractions in ({"a": 1.0, "b": 0.5, None: 0.1}, [1, 2, 3], "three"):
        layer.metadata["swnn"] = {"fractions": fractions}
        assert list_views(layer) == [("All phases", None)]


@pytest.fixture
def two_phases(model):
    labels = np.zeros((4, 4, 4), np.uint8)
    labels[:2] = 1
    return model.add_labels(labels, metadata={"swnn": {"phase": 1, "seed": 0}}, translate=(0, 0, 20))


def test_of_two_phases_either_or_both_can_be_shown(model, two_phases):
    views = dict(list_views(two_phases))
    assert views == {"Only phase 1": [1], "Only the rest": [0], "Both phases": [1, 0]}
    own = two_phases.get_color(1)
    show_in_3d(model, two_phases, [1, 0])
    assert [float(two_phases.colormap.map(label)[3]) for label in (0, 1)] == [1, 1]
    show_in_3d(model, two_phases, [0])
    assert [float(two_phases.colormap.map(label)[3]) for label in (0, 1)] == [1, 0]
    model.dims.ndisplay = 2
    assert two_phases.get_color(0) is None
    np.testing.assert_allclose(two_phases.get_color(1), own)


def test_a_scale_bar_and_axes_go_with_the_3d_view(model, two_phases):
    overlays = model.canvas.overlays
    show_in_3d(model, two_phases)
    assert overlays.scale_bar.visible
    assert overlays.axes.visible
    assert two_phases.iso_gradient_mode == "smooth"
    model.dims.ndisplay = 2
    assert not overlays.scale_bar.visible
    assert not overlays.axes.visible


def test_sections_stand_beside_the_reference_at_its_scale(model, two_phases):
    reference = model.add_labels(np.ones((8, 8), int), name="reference")
    other = model.add_labels(np.ones((8, 8), int), name="other", translate=(0, 50))
    show_in_3d(model, two_phases)
    show_sections(model, [reference, two_phases])
    assert model.dims.ndisplay == 2
    assert reference.visible
    assert two_phases.visible
    assert not other.visible
    assert model.dims.current_step[0] in (1, 2)


def test_the_picture_shows_the_volume_in_its_frame_and_nothing_else(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(np.ones((24, 24), np.uint8), colormap={1: (0, 0, 1, 1), None: "transparent"}, opacity=1.0)
    labels = np.zeros((24, 24, 24), np.uint8)
    labels[8:16, 8:16, 8:16] = 1
    facts = {"swnn": {"phase": 1, "seed": 0}}
    gold = {1: (0.9, 0.6, 0.1, 1), None: "transparent"}
    volume = viewer.add_labels(labels, colormap=gold, opacity=1.0, metadata=facts, translate=(0, 0, 30))
    show_in_3d(viewer, volume, [1])
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    red, green, blue = np.moveaxis(picture, -1, 0)
    is_gold = (red > 60) & (red > 2 * blue) & (green > blue)
    is_blue = (blue > 60) & (red < 30) & (green < 30)
    is_frame = (abs(red - green) < 12) & (abs(red - blue) < 12) & (red > 50) & (red < 200)
    assert 0.002 < is_gold.mean() < 0.3
    assert is_frame.sum() > 200
    assert not is_blue.any()


def test_a_new_volume_with_pores_of_label_0_joins_the_view_in_3d(model, two_phases):
    """It shows its own phase if it does not offer those of the volume before."""
    show_in_3d(model, two_phases, [1, 0])
    labels = 1 - two_phases.data.astype(np.uint8)
    new = model.add_labels(labels, metadata={"swnn": {"phase": 0, "seed": 1}}, translate=(0, 0, 30))
    add_to_3d(model, new, [7])
    assert new.data.dtype == np.int32  # with smaller numbers, napari takes label 0 for the background
    assert new.iso_gradient_mode == "smooth"
    assert [float(new.colormap.map(label)[3]) for label in (0, 1)] == [1, 0]
    assert two_phases.visible
    model.dims.ndisplay = 2
    assert new.data.dtype == np.uint8
    assert new.get_color(0) is None
    add_to_3d(model, new)
    assert new.data.dtype == np.uint8  # 2-D shows it as it is


def test_a_section_is_shown_alone_while_a_hidden_volume_has_a_third_dimension(model, volume):
    section = model.add_labels(np.ones((4, 4), int))
    show_sections(model, [section])
    assert section.visible
    assert not volume.visible


@pytest.mark.parametrize("own", [True, False])
def test_a_phase_keeps_its_swatch_while_3d_hides_it(qapp, own):
    layer = Labels(np.arange(27, dtype=np.uint8).reshape(3, 3, 3) % 3)
    if own:
        layer.colormap = {1: "red", 2: "lime", None: "transparent"}
    before = swatch_colours(layer)
    show_only(layer, [1])
    assert swatch_colours(layer) == before
    assert before[0].alpha() == before[1].alpha() == 255


def swatch_colours(layer):
    return [find_swatch(layer, label).pixmap(16, 10).toImage().pixelColor(8, 5) for label in (1, 2)]
