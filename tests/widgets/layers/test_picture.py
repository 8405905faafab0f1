"""Saved pictures of the view."""

import numpy as np
import pytest
from skimage.io import imread

from napari_swnn.widgets.layers.picture import save_picture


def lit_share(picture):
    """Return the share of the pixels that are not black."""
    return np.mean(picture[..., :3].max(-1) > 40)


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_a_saved_picture_is_the_view_at_a_higher_resolution(make_napari_viewer, tmp_path, ndisplay):
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(np.ones((16, 16, 16), np.uint8))
    viewer.dims.ndisplay = ndisplay
    viewer.fit_to_view()
    shown = viewer.screenshot(canvas_only=True, flash=False)
    save_picture(viewer, tmp_path / "view.png")
    saved = imread(tmp_path / "view.png")
    assert saved.shape[1] > shown.shape[1]
    assert lit_share(saved) == pytest.approx(lit_share(shown), rel=0.05)
    assert lit_share(viewer.screenshot(canvas_only=True, flash=False)) == pytest.approx(lit_share(shown), rel=0.01)
