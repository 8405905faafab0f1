"""The preview: its part of large images, and results that are kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_swnn.preparation import Crop, RemoveSpecks
from napari_swnn.widgets.preparation.draft import Draft
from napari_swnn.widgets.preparation.preview import MOST_PIXELS, Previewer, PreviewJob, choose_window
from napari_swnn.widgets.preparation.source import ImageSource
from napari_swnn.widgets.preparation.strokes import Strokes

SIDES = st.integers(1, 20_000)


@given(SIDES, SIDES, st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)))
def test_the_window_lies_in_the_image_and_is_small(height, width, centre):
    window = choose_window((height, width), None, centre)
    assert window.top + window.height <= height
    assert window.left + window.width <= width
    assert window.height * window.width <= MOST_PIXELS
    if height * width <= MOST_PIXELS:
        assert window == Crop(0, 0, height, width)


def test_the_window_follows_the_view_within_the_crop():
    crop = Crop(100, 200, 8000, 8000)
    corner = choose_window((9000, 9000), crop, (0, 0))
    assert (corner.top, corner.left) == (100, 200)
    middle = choose_window((9000, 9000), crop, (4000, 5000))
    assert abs(middle.top + middle.height / 2 - 4000) < 300
    assert abs(middle.left + middle.width / 2 - 5000) < 300


class Counted(ImageSource):
    """A source that counts how often it is read."""

    reads = 0

    def read(self, part):
        type(self).reads += 1
        return super().read(part)


def test_unchanged_steps_are_not_repeated(micrograph):
    previewer = Previewer()
    source = Counted("sem", micrograph)
    first = previewer.preview(PreviewJob(source, source.whole, Draft()))
    draft = Draft().with_step("specks", RemoveSpecks(10))
    second = previewer.preview(PreviewJob(source, source.whole, draft))
    assert Counted.reads == 1
    assert second.segmented is first.segmented
    assert previewer.preview(PreviewJob(source, Crop(0, 0, 20, 20), draft)).labels.shape == (20, 20)
    assert Counted.reads == 2


def test_scribbles_outside_the_window_count(micrograph, solid):
    """A large image is learned as a whole, but only its visible part is segmented."""
    painted = np.zeros(solid.shape, np.uint8)
    painted[-1] = np.where(solid[-1], 2, 1)
    draft = Draft().with_step("segmentation", Strokes.from_layer(painted))
    source = ImageSource("sem", micrograph)
    preview = Previewer().preview(PreviewJob(source, Crop(8, 16, 30, 40), draft))
    assert preview.labels.shape == (30, 40)
    assert ((preview.labels == 2) == solid[8:38, 16:56]).mean() > 0.8
    assert not preview.is_whole


@pytest.mark.parametrize("part", [Crop(0, 0, 128, 128), Crop(5, 6, 70, 80)])
def test_the_histogram_is_that_of_the_part(micrograph, part):
    source = ImageSource("sem", micrograph)
    preview = Previewer().preview(PreviewJob(source, part, Draft()))
    assert preview.counts.sum() == part.height * part.width
    assert preview.edges[0] <= preview.segmented.levels[0] <= preview.edges[-1]
