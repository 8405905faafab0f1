"""Layers of results: each in a place of its own, in as many resolutions as there are."""

from itertools import pairwise

import dask.array as da
import numpy as np
import pytest

from napari_swnn._layer_style import PALETTE, PHASE_COLOUR, complete_colours, merge_colours, read_names, write_names
from napari_swnn._phases import choose_phase, measure_fractions
from napari_swnn._voxel_size import VoxelSize
from napari_swnn.widgets.layers.fitted_preview import PENDING, fit_preview
from napari_swnn.widgets.layers.output import Look, OutputLayers
from napari_swnn.widgets.layers.reading import read_colours
from napari_swnn.widgets.layers.view_3d import ALL_PHASES, add_to_3d

LOOK = Look(phase=1, background=0, voxel=VoxelSize(0.5, "um"))


def volumes(n, ndim):
    return [np.full((16,) * ndim, i % 2, np.uint8) for i in range(n)]


def shown(output, kind, volume, name):
    if kind == "memory":
        return output.show_result(volume, name, LOOK, {})
    levels = [volume] if kind == "one level" else [volume, volume[(slice(None, None, 2),) * volume.ndim]]
    return output.show_levels([da.from_array(level) for level in levels], name, LOOK, {})


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", ["memory", "one level", "two levels"])
def test_realisations_of_one_run_stand_side_by_side(model, section, kind, ndim):
    model.add_labels(section, scale=(0.5, 0.5), units=("um", "um"))
    output = OutputLayers(model)
    layers = [shown(output, kind, volume, str(i)) for i, volume in enumerate(volumes(4, ndim))]
    extents = [layer.extent.world for layer in model.layers]
    for (low, left), (right, _) in pairwise(extents):
        gap = right[-1] - left[-1] - 0.5  # napari states the centres of the outer pixels
        assert gap > 0.05 * (left[-1] - low[-1])
    assert len({layer.extent.world[0][-2] for layer in layers}) == 1  # top edges aligned


def test_gaps_do_not_grow_from_run_to_run(model, section):
    model.add_labels(section, scale=(0.5, 0.5), units=("um", "um"))
    for volume in volumes(4, 3):
        OutputLayers(model).show_result(volume, "result", LOOK, {})
    places = [layer.extent.world for layer in model.layers[1:]]
    gaps = [right[0, -1] - left[1, -1] - 0.5 for left, right in pairwise(places)]
    np.testing.assert_allclose(gaps, 0.06 * 8)


def test_the_view_is_fitted_to_a_result_after_a_button_has_moved_it(model, section):
    model.add_labels(section)
    for is_button in (True, False):
        output = OutputLayers(model)
        model.scene.camera.zoom *= 1.5
        zoom = model.scene.camera.zoom
        if is_button:
            output.keep_fitting()
        output.show_result(np.zeros((8, 8, 8), np.uint8), "result", LOOK, {})
        assert (model.scene.camera.zoom != zoom) == is_button


def test_a_result_takes_the_place_of_its_preview(model):
    output = OutputLayers(model)
    output.show_preview(np.zeros((8, 8, 8), np.uint8), LOOK, scale=2)
    place = model.layers[0].extent.world[0]
    layer = output.show_result(np.zeros((16, 16, 16), np.uint8), "result", LOOK, {})
    assert list(model.layers) == [layer]
    np.testing.assert_allclose(layer.extent.world[0][-2:], place[-2:], atol=0.3)


@pytest.mark.parametrize("side", [16, 48, 160])
def test_a_preview_fills_the_place_of_the_volume_at_every_scale(model, monkeypatch, side):
    """The training volume has 28 voxels of 4, then 48 of 1: both are shown at the size of the volume."""
    monkeypatch.setattr("napari_swnn.widgets.layers.output.PREVIEW_INTERVAL", 0)
    output = OutputLayers(model)
    for n, scale in ((28, 4), (48, 1)):
        output.show_preview(np.ones((n, n, n), np.uint8), LOOK, scale=scale, shape=(side,) * 3)
        preview = model.layers[0]
        assert preview.data.shape == (side // scale,) * 3
        np.testing.assert_allclose(preview.scale, 0.5 * scale)
    layer = output.show_result(np.zeros((side,) * 3, np.uint8), "result", LOOK, {})
    np.testing.assert_allclose(layer.extent.world, preview.extent.world)


def test_a_preview_keeps_what_is_computed_in_the_middle():
    labels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    np.testing.assert_array_equal(fit_preview(labels, (2, 2)), labels[1:3, 1:3])
    filled = fit_preview(labels, (4, 8))
    np.testing.assert_array_equal(filled[:, 2:6], labels)
    assert (filled[:, [0, 1, 6, 7]] == PENDING).all()


def test_a_preview_of_a_volume_that_cannot_be_drawn_is_not_filled_up():
    assert fit_preview(np.zeros((8, 8, 8), np.uint8), (4096,) * 3).shape == (8, 8, 8)


def test_the_middle_plane_is_shown_until_the_user_chooses_one(model, section, monkeypatch):
    monkeypatch.setattr("napari_swnn.widgets.layers.output.PREVIEW_INTERVAL", 0)
    model.add_labels(section, scale=(0.5, 0.5), units=("um", "um"))
    output = OutputLayers(model)
    for n, scale in ((16, 4), (12, 2)):
        output.show_preview(np.zeros((n, n, n), np.uint8), LOOK, scale=scale)
        assert model.dims.current_step[0] in (n // 2 - 1, n // 2)
    model.dims.set_current_step(0, 2)
    output.show_preview(np.zeros((12, 12, 12), np.uint8), LOOK, scale=2)
    assert model.dims.current_step[0] == 2


@pytest.mark.parametrize("kind", ["memory", "two levels", "slider"])
def test_a_result_that_the_plane_misses_is_shown_in_its_middle(model, kind):
    model.add_labels(np.zeros((600, 8, 8), np.uint8), scale=(0.5,) * 3, units=("um",) * 3)
    output, volume = OutputLayers(model), np.ones((16, 16, 16), np.uint8)
    model.dims.set_point(0, 4)
    layer = output.show_porosity(volume, LOOK, 0.3) if kind == "slider" else shown(output, kind, volume, "first")
    assert model.dims.point[0] == 4  # it cuts the volume already
    model.dims.set_point(0, 200)
    layer = output.show_porosity(volume, LOOK, 0.4) if kind == "slider" else shown(output, kind, volume, "second")
    low, high = layer.extent.world[:, 0]
    assert abs(model.dims.point[0] - (low + high) / 2) <= 0.5


def test_a_result_half_as_thick_as_a_volume_shown_in_its_middle_is_shown_too(model):
    """The slider stands on the face of the result, and napari rounds it to the plane that follows."""
    model.add_labels(np.zeros((32, 8, 8), np.uint8), scale=(0.5,) * 3, units=("um",) * 3)
    model.dims.set_point(0, 15.5 * 0.5)
    assert model.dims.current_step[0] == 16
    OutputLayers(model).show_result(np.ones((16, 16, 16), np.uint8), "result", LOOK, {})
    assert model.dims.current_step[0] < 16


def test_the_plane_in_view_is_kept_if_another_layer_has_a_finer_unit(model):
    model.add_labels(np.zeros((32, 8, 8), np.uint8), scale=(500.0,) * 3, units=("nm",) * 3)
    output = OutputLayers(model)
    for point, kept in ((4000, True), (12_000, False)):
        model.dims.set_point(0, point)
        output.show_result(np.ones((16, 16, 16), np.uint8), "result", LOOK, {})
        assert model.dims.point[0] == pytest.approx(point if kept else 7.5 * 500)


@pytest.mark.parametrize("shape", [(12, 12, 12), (12, 12)])
def test_a_single_level_is_no_pyramid(model, shape):
    labels = np.random.default_rng(0).integers(0, 2, shape, dtype=np.uint8)
    layer = OutputLayers(model).show_levels([da.from_array(labels)], "small", LOOK, {})
    assert not layer.multiscale
    np.testing.assert_array_equal(np.asarray(layer.data), labels)


@pytest.mark.parametrize("labels", [(1, 0), (0, 1), (4, 5), (5, 4)])
def test_a_result_has_the_colours_of_its_reference(model, labels):
    phase, background = labels
    section = np.where(np.eye(8, dtype=bool), phase, background)
    reference = model.add_labels(section)
    choice = choose_phase(measure_fractions([section]), phase)
    look = Look(choice.phase, choice.background, VoxelSize())
    output = OutputLayers(model, read_colours(reference, choice))
    layer = output.show_result(np.stack([section] * 3), "result", look, {})
    coloured = phase if phase != 0 else background  # napari shows label 0 as transparent, whatever it stands for
    np.testing.assert_allclose(layer.get_color(coloured), reference.get_color(coloured))
    other = background if coloured == phase else phase
    hidden = layer.get_color(other)
    assert hidden is None or hidden[3] == 0


@pytest.mark.parametrize("labels", [(1, 0), (0, 1), (4, 5)])
def test_a_result_without_a_reference_has_the_colour_of_the_samples(model, labels):
    phase, background = labels
    look = Look(phase, background, VoxelSize())
    layer = OutputLayers(model).show_result(np.full((3, 3, 3), background), "result", look, {})
    np.testing.assert_allclose(layer.colormap.map(phase), PHASE_COLOUR)
    assert layer.colormap.map(background)[3] == 0


def test_a_phase_that_the_reference_does_not_show_is_visible(model):
    section = np.eye(8, dtype=int)
    reference = model.add_labels(section, colormap={None: "transparent"})
    colours = read_colours(reference, choose_phase(measure_fractions([section]), 1))
    assert colours[1][3] == 1
    assert colours[0] == "transparent"


def test_label_0_has_the_colour_that_the_reference_gives_it(model, section):
    """As a prepared reference does, in which the pores are label 0."""
    reference = model.add_labels(section, colormap={0: "orange", 1: "transparent", None: "transparent"})
    colours = read_colours(reference, choose_phase(measure_fractions([section]), 0))
    np.testing.assert_allclose(colours[0], (1, 165 / 255, 0, 1))
    assert colours[1] == "transparent"


def test_a_result_names_its_phases_under_the_cursor(model):
    look = Look(phase=0, background=3, voxel=VoxelSize(), phases=(0, 1, 2), names={0: "pore", 1: "NMC", 2: "binder"})
    volume = np.arange(3, dtype=np.uint8).repeat(9).reshape(3, 3, 3)
    layer = OutputLayers(model).show_result(volume, "result", look, {"seed": 0})
    assert read_names(layer) == dict(look.names)
    assert "NMC" in layer.get_status((1, 1, 1), world=True)["coordinates"]
    colours = [tuple(layer.colormap.map(label)) for label in look.phases]
    assert len(set(colours)) == 3


def test_names_are_found_where_other_plugins_leave_them(model):
    table = {"index": [1, 2], "area": [3.0, 4.0], "name": ["pore", "solid"]}
    layer = model.add_labels(np.eye(4, dtype=int) + 1, features=table)
    assert read_names(layer) == {1: "pore", 2: "solid"}
    write_names(layer, {1: "void", 2: "solid"})
    assert read_names(layer) == {1: "void", 2: "solid"}
    assert list(layer.features["area"]) == [3.0, 4.0]


def test_numbered_objects_have_no_names(model):
    layer = model.add_labels(np.arange(16).reshape(4, 4), features={"index": [1, 2], "area": [3.0, 4.0]})
    assert read_names(layer) == {}


def test_a_preview_that_has_just_changed_is_removed(make_napari_viewer, section, monkeypatch, qtbot):
    monkeypatch.setattr("napari_swnn.widgets.layers.output.PREVIEW_INTERVAL", 0.0)
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(section)
    for _ in range(2):
        output = OutputLayers(viewer)
        for _ in range(2):
            output.show_preview(volumes(1, 3)[0], Look(1, 0, VoxelSize()), scale=1)
            qtbot.wait(50)
        output.show_preview(volumes(1, 3)[0], Look(1, 0, VoxelSize()), scale=1)
        output.remove_preview()
        qtbot.wait(50)  # where napari would crash
    assert [layer.ndim for layer in viewer.layers] == [2]


def test_a_framed_volume_is_removed_beside_others_in_3d(make_napari_viewer, section, qtbot):
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(section)
    viewer.dims.ndisplay = 3
    for _ in range(2):
        layer = OutputLayers(viewer).show_result(volumes(2, 3)[1], "result", LOOK, {})
        qtbot.wait(100)
        viewer.layers.remove(layer)
        qtbot.wait(100)  # where Mesa would crash if the shader program were deleted
    assert [layer.ndim for layer in viewer.layers] == [2]


def test_what_a_preview_lacks_hides_nothing_in_3d(model, monkeypatch):
    monkeypatch.setattr("napari_swnn.widgets.layers.output.PREVIEW_INTERVAL", 0)
    output = OutputLayers(model)
    opacities = []
    for ndisplay in (2, 3, 2):
        model.dims.ndisplay = ndisplay
        output.show_preview(np.ones((8, 8, 8), np.uint8), LOOK, scale=1, shape=(16,) * 3)
        opacities.append(model.layers[0].colormap.color_dict[PENDING][-1])
    assert opacities[1] == 0 < opacities[0] == opacities[2]


def test_a_preview_looks_in_3d_as_the_result_does(make_napari_viewer):
    """Its pores of label 0 are a phase, and not a skin of their colour on the surfaces of the other phases."""
    colours = {0: (0.1, 0.1, 0.9, 1.0), 1: (0.9, 0.1, 0.1, 1.0), 2: (0.1, 0.9, 0.1, 1.0)}
    labels = np.random.default_rng(0).choice(3, (6, 6, 6), p=(0.4, 0.4, 0.2)).astype(np.uint8)
    look = Look(phase=0, background=3, voxel=VoxelSize(), phases=(0, 1, 2))
    viewer = make_napari_viewer(show=True)
    output = OutputLayers(viewer, colours)
    viewer.dims.ndisplay = 3

    def take_picture():
        viewer.layers[0].iso_gradient_mode = "fast"
        viewer.scene.camera.angles = (-25.0, 35.0, 12.0)
        viewer.fit_to_view()
        return viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)

    output.show_preview(labels, look, scale=1, at_once=True)
    preview = take_picture()
    add_to_3d(viewer, output.show_result(labels, "result", look, {ALL_PHASES: [0, 1, 2]}))
    result = take_picture()
    assert (result.max(axis=-1) > 60).mean() > 0.05
    assert (abs(preview - result).max(axis=-1) > 60).mean() < 0.001


def test_models_share_their_colours_without_a_clash():
    orange, navy = (0.9, 0.6, 0.1, 1.0), (0.0, 0.0, 0.5, 1.0)
    first, second = {0: "transparent", 1: orange}, {0: navy, 1: navy, 2: orange}
    merged = merge_colours([first, second])
    assert merged == {0: navy, 1: orange}  # label 2 would look like label 1
    completed = complete_colours((0, 1, 2, 3), merged)
    assert completed == {**merged, 2: PALETTE[1], 3: PALETTE[2]}
    assert len(complete_colours(range(12), {})) == 12


def test_what_a_lazy_layer_lacks_is_grey_even_if_it_is_added_in_3d(model):
    model.dims.ndisplay = 3
    layer = OutputLayers(model).show_levels([np.full((8, 8, 8), 9, np.uint8)], "lazy", LOOK, {}, pending=9)
    assert layer.colormap.color_dict[9][-1] > 0
