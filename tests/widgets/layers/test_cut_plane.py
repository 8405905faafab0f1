"""Plane that cuts a volume open."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_swnn.widgets.layers.cut_plane import CutPlane


@pytest.fixture
def volume(model):
    return model.add_labels(np.ones((8, 10, 12), int), scale=(0.5, 0.5, 0.5))


@pytest.fixture
def plane(model):
    reported = []
    found = CutPlane(model, reported.append)
    found.reported = reported
    return found


def test_the_plane_lies_at_a_part_of_the_side(volume, plane):
    plane.cut([volume], 1, 0.5)
    (cut,) = volume.experimental_clipping_planes
    assert cut.enabled
    np.testing.assert_allclose(cut.position, (0, 2.25, 0))  # in the units of the view
    np.testing.assert_allclose(cut.normal, (0, 1, 0))
    plane.clear()
    assert len(volume.experimental_clipping_planes) == 0


def test_another_volume_is_cut_instead(model, volume, plane):
    other = model.add_labels(np.ones((4, 4, 4), int))
    own = list(model.mouse_drag_callbacks)
    plane.cut([volume], 0, 0.5)
    plane.cut([other], 0, 0.5)
    assert len(volume.experimental_clipping_planes) == 0
    assert len(model.mouse_drag_callbacks) == len(own) + 1
    plane.clear()
    plane.clear()
    assert list(model.mouse_drag_callbacks) == own


def test_volumes_in_a_row_are_cut_at_the_same_part_of_their_sides(model, volume, plane):
    other = model.add_labels(np.ones((4, 4, 4), int), translate=(0, 0, 9))
    plane.cut([volume, other], 2, 0.5)
    places = [layer.experimental_clipping_planes[0].position[2] for layer in (volume, other)]
    np.testing.assert_allclose(places, [2.75, 10.5])
    plane.clear()
    assert [len(layer.experimental_clipping_planes) for layer in (volume, other)] == [0, 0]


def press_with_shift():
    return SimpleNamespace(
        type="mouse_press",
        modifiers=["Shift"],
        position=(0, 0, 0),
        view_direction=(1, 0, 0),
        dims_displayed=(0, 1, 2),
    )


def drag(model, event, *positions):
    callback = model.mouse_drag_callbacks[-1]
    steps = callback(model, event)
    next(steps)
    for position in positions:
        event.type, event.position = "mouse_move", position
        next(steps)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(steps)


def test_a_drag_with_shift_moves_it_along_its_normal(model, volume, plane):
    model.dims.ndisplay = 3
    plane.cut([volume], 2, 0.5)
    drag(model, press_with_shift(), (0, 0, 0.6))
    assert plane.reported == [pytest.approx(0.5 + 1.2 / 12)]
    assert model.scene.camera.mouse_pan


def test_a_drag_without_shift_turns_the_view(model, volume, plane):
    model.dims.ndisplay = 3
    plane.cut([volume], 2, 0.5)
    callback = model.mouse_drag_callbacks[-1]
    assert list(callback(model, SimpleNamespace(type="mouse_press", modifiers=[]))) == []


def test_it_is_given_in_the_unit_of_the_view(model, plane):
    """A finer unit of another layer becomes that of the whole view."""
    volume = model.add_labels(np.ones((8, 8, 8), int), scale=(0.5,) * 3, translate=(1, 0, 0), units=("um",) * 3)
    model.add_labels(np.ones((4, 4), int), units=("nm",) * 2)
    plane.cut([volume], 0, 0.5)
    unit = float((1 * volume.units[0]).to(model.layers.extent.units[0]).magnitude)
    (cut,) = volume.experimental_clipping_planes
    np.testing.assert_allclose(cut.position, (unit * (1 + 3.5 * 0.5), 0, 0))


def lit(viewer):
    return viewer.screenshot(canvas_only=True, flash=False)[..., :3].max(-1) > 40


@pytest.mark.parametrize(
    ("scale", "translate", "other"), [(0.05, (1, 2, 3), "um"), (40.0, (0, 0, 0), "um"), (1.0, (9, 0, 0), "nm")]
)
def test_the_part_in_front_of_it_is_gone_in_the_view(make_napari_viewer, scale, translate, other):
    viewer = make_napari_viewer(show=True)
    place = {"scale": (scale,) * 3, "translate": translate, "units": ("um",) * 3}
    volume = viewer.add_labels(np.ones((16, 16, 16), np.uint8), opacity=1.0, **place)
    viewer.add_labels(np.zeros((4, 4), np.uint8), units=(other,) * 2)
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (0, 90, 0)  # along x
    viewer.fit_to_view()
    plane = CutPlane(viewer, lambda _position: None)
    whole = lit(viewer).sum()
    assert whole > 10_000
    for axis, position in ((0, 0.5), (1, 0.5), (0, 0.25)):
        plane.cut([volume], axis, position)
        assert lit(viewer).sum() / whole == pytest.approx(1 - position, abs=0.05)
    plane.clear()
    assert lit(viewer).sum() == whole


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_face_of_a_cut_is_seen_from_the_side_where_it_was_chosen(make_napari_viewer, axis):
    """The core of a block has a colour that nothing else shows, and only a cut towards the camera opens it."""
    labels = np.ones((16, 16, 16), np.uint8)
    labels[4:12, 4:12, 4:12] = 2
    viewer = make_napari_viewer(show=True)
    colours = {1: (0.1, 0.1, 0.9, 1), 2: (0.9, 0.1, 0.1, 1), None: "transparent"}
    volume = viewer.add_labels(labels, opacity=1.0, colormap=colours)
    volume.iso_gradient_mode = "smooth"
    viewer.dims.ndisplay = 3
    viewer.scene.camera.angles = (-25.0, 35.0, 12.0)
    viewer.fit_to_view()
    plane = CutPlane(viewer, lambda _position: None)
    assert count_red(viewer) == 0
    plane.cut([volume], axis, 0.5)
    assert count_red(viewer) > 1000
    viewer.scene.camera.set_view_direction(-np.array(viewer.scene.camera.view_direction))
    plane.cut([volume], axis, 0.45)  # moved by the slider, from behind
    assert count_red(viewer) == 0
    plane.clear()
    plane.cut([volume], axis, 0.45)
    assert count_red(viewer) > 1000


def count_red(viewer):
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    return (picture[..., 0] > picture[..., 2] + 60).sum()


def test_a_drag_at_the_end_of_an_axis_takes_away_more_towards_its_begin(model, volume, plane):
    model.dims.ndisplay = 3
    model.scene.camera.set_view_direction((0.5, 0, -1))
    plane.cut([volume], 2, 0.25)
    (cut,) = volume.experimental_clipping_planes
    np.testing.assert_allclose([cut.position[2], cut.normal[2]], [0.5 * 8.5, -1], rtol=1e-6)
    drag(model, press_with_shift(), (0, 0, -0.6))
    assert plane.reported == [pytest.approx(0.25 + 1.2 / 12)]
    assert volume.experimental_clipping_planes[0].position[2] == pytest.approx(0.5 * (8.5 - 1.2))
