"""Saved pictures of the view."""

import numpy as np
import pytest
from skimage.io import imread

from napari_swnn.widgets.layers.picture import save_picture


def lit_box(picture):
    """Return the rows and columns, the first and the last, between which pixels are not black."""
    lit = picture[..., :3].max(-1) > 40
    return [np.flatnonzero(lit.any(1 - axis))[[0, -1]] for axis in (0, 1)]


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_a_saved_picture_is_what_the_view_shows_at_a_higher_resolution(make_napari_viewer, tmp_path, ndisplay):
    viewer = make_napari_viewer(show=True)
    for shape in ((16, 8, 64), (64, 8, 16)):  # wide, and deep
        viewer.layers.clear()
        viewer.add_labels(np.ones(shape, np.uint8))
        viewer.dims.ndisplay = ndisplay
        viewer.fit_to_view()
        shown = viewer.screenshot(canvas_only=True, flash=False)
        save_picture(viewer, tmp_path / "view.png")
        saved = imread(tmp_path / "view.png")
        for axis, (own, found) in enumerate(zip(lit_box(shown), lit_box(saved), strict=True)):
            assert np.ptp(found) == pytest.approx(2 * np.ptp(own), rel=0.03, abs=4)
            margins = found[0], saved.shape[axis] - 1 - found[1]
            assert max(margins) <= 40
            assert margins[0] == pytest.approx(margins[1], abs=4)
        again = viewer.screenshot(canvas_only=True, flash=False)
        np.testing.assert_array_equal(lit_box(again), lit_box(shown))


def test_a_hidden_layer_without_a_pixel_size_leaves_the_scale_bar_its_unit(make_napari_viewer, tmp_path, monkeypatch):
    viewer = make_napari_viewer()
    viewer.add_labels(np.ones((16, 16, 16), np.uint8), scale=(0.5,) * 3, units="um")
    other = viewer.add_image(np.zeros((16, 16)), visible=False)
    told, seen = [], []
    other.events.units.connect(told.append)
    assert viewer.layers.units is None
    take = viewer.screenshot

    def screenshot(*args, **options):
        seen.append(viewer.layers.units)
        return take(*args, **options)

    monkeypatch.setattr(type(viewer), "screenshot", lambda _self, *args, **options: screenshot(*args, **options))
    save_picture(viewer, tmp_path / "view.png")
    assert {str(unit) for unit in seen[-1]} == {"micrometer"}
    assert {str(unit) for unit in other.units} == {"pixel"}
    assert viewer.layers.units is None
    assert told == []
