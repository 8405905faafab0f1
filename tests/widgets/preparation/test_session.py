"""The session of the preparation panel without Qt."""

import numpy as np
import pytest
from skimage.data import binary_blobs

from napari_swnn._voxel_size import VoxelSize
from napari_swnn.preparation import Crop, Denoise, Recipe, RemoveSpecks, SegmentScribbles, Threshold, prepare
from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.session import State
from napari_swnn.widgets.preparation.session import NO_IMAGE
from napari_swnn.widgets.preparation.source import ImageSource
from napari_swnn.widgets.preparation.strokes import Strokes
from napari_swnn.widgets.preparation.summary import WITH_SPECKS, describe_verdict
from napari_swnn.widgets.preparation.work import prepare_images


@pytest.fixture
def source(micrograph):
    return ImageSource("sem", micrograph, layer="layer")


@pytest.fixture
def opened(session, source):
    """The session with an image."""
    session.set_source(source, VoxelSize(0.5, "µm"))
    return session


@pytest.fixture
def strokes(solid):
    """A few strokes in each phase."""
    painted = np.zeros(solid.shape, np.uint8)
    for row in range(8, 128, 24):
        painted[row, 4:-4] = np.where(solid[row, 4:-4], 2, 1)
    return Strokes.from_layer(painted)


def drain(work):
    """Run a generator, and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_it_says_that_an_image_is_missing(session):
    session.refresh()
    assert session.hint == NO_IMAGE
    assert session.state is State.IDLE


def test_a_hidden_panel_computes_nothing_and_catches_up_once_shown(session, source, monkeypatch):
    searched = []
    monkeypatch.setattr("napari_swnn.widgets.preparation.session.find_bar", searched.append)
    session.show(False)
    session.set_source(source)
    session.editor.set_step("noise", Denoise("median", 1))
    assert (session.live.preview, searched) == (None, [])
    session.show(True)
    assert session.live.preview.job.draft == session.editor.draft
    assert searched == [source]
    preview = session.live.preview
    for on in (False, True):
        session.show(on)
    assert session.live.preview is preview  # nothing was missed


def test_the_preview_of_a_small_image_is_the_reference(opened, micrograph):
    opened.editor.set_step("noise", Denoise("median", 1))
    opened.editor.set_step("specks", RemoveSpecks(20))
    expected = prepare(micrograph, Recipe((Denoise("median", 1), Threshold(), RemoveSpecks(20))))
    np.testing.assert_array_equal(opened.live.preview.labels, expected)
    assert opened.live.preview.porosity == pytest.approx((expected == 0).mean())
    assert opened.state is State.READY


def test_the_effect_of_each_step_on_the_porosity(opened, micrograph):
    opened.editor.set_step("specks", RemoveSpecks(20))
    before, after = opened.live.preview.effects["specks"]
    assert before == pytest.approx((prepare(micrograph, Recipe((Threshold(),))) == 0).mean())
    assert after == pytest.approx(opened.live.preview.porosity)


def test_the_assessment_is_in_the_unit_of_the_image(opened):
    assert opened.live.assessment.unit == "µm"
    assert opened.live.assessment.porosity == pytest.approx(opened.live.preview.porosity)


def test_the_complete_computation_equals_the_preview(opened, worker, delivered):
    opened.editor.set_step("crop", Crop(10, 20, 60, 70))
    opened.run()
    (_, job), *_ = worker.calls
    results = drain(prepare_images(job))
    np.testing.assert_array_equal(results[0].labels, opened.live.preview.labels)
    worker.done.emit(results)
    assert delivered == [results]
    assert opened.report.status == "Added."
    assert not opened.is_busy


def test_every_step_is_undone_and_redone(opened):
    first = opened.live.preview.labels
    opened.editor.set_step("crop", Crop(0, 0, 40, 50))
    opened.editor.choose_phase(1)
    assert opened.live.preview.labels.shape == (40, 50)
    opened.editor.undo()
    assert opened.editor.draft.phase == 0
    opened.editor.undo()
    np.testing.assert_array_equal(opened.live.preview.labels, first)
    opened.editor.redo()
    assert opened.live.preview.labels.shape == (40, 50)


def test_scribbles_are_learned(opened, strokes, solid):
    opened.editor.set_strokes(Strokes(solid.shape))
    assert "at least two phases" in opened.hint
    opened.editor.set_strokes(strokes)
    preview = opened.live.preview
    assert set(np.unique(preview.labels)) == {1, 2}
    assert ((preview.labels == 2) == solid).mean() > 0.95
    assert preview.segmented.uncertainty.shape == solid.shape
    assert isinstance(opened.recipe.steps[-1], SegmentScribbles)
    assert opened.can_run


def test_a_recipe_of_scribbles_replays(opened, strokes, micrograph):
    opened.editor.set_strokes(strokes)
    recipe = Recipe.from_json(opened.recipe.to_json())
    np.testing.assert_array_equal(prepare(micrograph, recipe), opened.live.preview.labels)
    opened.editor.load(recipe)
    np.testing.assert_array_equal(opened.live.preview.labels, prepare(micrograph, recipe))
    opened.editor.undo()
    assert opened.editor.draft.segmentation == strokes


def test_no_run_starts_before_the_scribbles_are_learned(opened, strokes, checkers):
    checkers[0].held = True
    opened.editor.set_strokes(strokes)
    assert opened.recipe is None
    assert opened.state is State.CHECKING
    checkers[0].work()
    assert opened.state is State.READY


def test_another_image_keeps_the_steps_but_not_the_crop(opened, strokes, micrograph):
    opened.editor.set_step("crop", Crop(0, 0, 40, 50))
    opened.editor.set_step("specks", RemoveSpecks(9))
    opened.editor.set_strokes(strokes)
    opened.set_source(ImageSource("other", micrograph.T, layer="other"))
    draft = opened.editor.draft
    assert draft.crop is None
    assert draft.specks == RemoveSpecks(9)
    assert isinstance(draft.segmentation, SegmentScribbles)  # what was learned is applied to the other image
    assert not opened.editor.can_undo


def test_a_new_pixel_size_keeps_the_draft(opened, source, micrograph):
    opened.editor.set_step("specks", RemoveSpecks(9))
    opened.set_source(ImageSource("sem", micrograph, layer="layer"), VoxelSize(2, "nm"))
    assert opened.editor.draft.specks == RemoveSpecks(9)
    assert opened.live.assessment.unit == "nm"


def test_a_step_that_fails_is_named(session):
    session.set_source(ImageSource("flat", np.full((64, 64), 7, np.uint8)))
    assert session.problem.control == "segmentation"
    assert not session.can_run
    session.set_source(ImageSource("nan", np.full((64, 64), np.nan)))
    assert session.problem.control == "image"


def test_an_unusable_layer_is_refused(session):
    session.set_source(None, None, BadInputError("image", "no pixels"))
    assert session.problem.control == "image"


def test_an_image_that_is_smaller_than_the_crop_is_named_before_any_is_computed(opened, worker, micrograph):
    opened.editor.set_step("crop", Crop(10, 20, 60, 70))
    opened.run_on((ImageSource("large", micrograph), ImageSource("small", micrograph[:64, :64])))
    (_, job), *_ = worker.calls
    with pytest.raises(BadInputError, match="“small” has 64 × 64 px, but the recipe crops to rows 10 to 70"):
        next(prepare_images(job))


def test_several_images_are_segmented_in_the_same_way(opened, worker, micrograph):
    others = tuple(ImageSource(name, micrograph[::step]) for name, step in (("a", 1), ("b", 2)))
    opened.run_on(others)
    (_, job), *_ = worker.calls
    results = drain(prepare_images(job))
    assert [result.source.name for result in results] == ["a", "b"]
    assert results[1].labels.shape == (64, 128)


def test_closing_ignores_what_still_runs(opened, checkers):
    opened.run()
    opened.close()
    assert not opened.is_busy
    assert checkers[0].waiting is None


@pytest.fixture
def with_bar(rng):
    """Grey image of 260 rows above a black data bar of 40 rows with white text."""
    image = rng.normal(120, 20, (300, 256)).clip(1, 254).astype(np.uint8)
    image[260:] = 0
    image[275:280, 20:80] = 255
    return image


def test_a_data_bar_is_proposed(session, with_bar):
    session.set_source(ImageSource("sem", with_bar))
    assert session.proposal == Crop(0, 0, 260, 256)
    assert session.is_cropped is False
    session.editor.set_step("crop", Crop(0, 0, 280, 256))  # cuts off a part of the bar only
    assert session.is_cropped is False
    session.editor.set_step("crop", Crop(20, 0, 240, 256))
    assert session.is_cropped


def test_a_data_bar_is_not_counted_in_the_histogram(session, with_bar):
    session.set_source(ImageSource("sem", with_bar))
    before = session.live.preview
    expected = np.bincount(with_bar[:260].ravel(), minlength=256)
    np.testing.assert_array_equal(before.counts, expected)
    assert (before.edges[0], before.edges[-1]) == (-0.5, 255.5)  # thresholds within the bar can be shown
    session.editor.set_step("crop", Crop(100, 0, 200, 256))  # still with the bar
    np.testing.assert_array_equal(session.live.preview.counts, np.bincount(with_bar[100:260].ravel(), minlength=256))
    session.editor.set_step("crop", Crop(265, 0, 30, 256))  # nothing but the bar
    assert session.live.preview.counts.sum() == 30 * 256


def test_the_size_is_said_to_be_judged_with_specks_until_they_are_removed(session, rng):
    structure = binary_blobs(512, blob_size_fraction=0.04, n_dim=2, volume_fraction=0.6, rng=3)
    clean = np.where(structure, 150.0, 60.0)

    def verdict():
        return describe_verdict(session.live.assessment, session.live.preview.job.draft)

    session.set_source(ImageSource("clean", clean))
    assert verdict().startswith("✓ Large enough")
    assert WITH_SPECKS not in verdict()
    session.set_source(ImageSource("noisy", clean + rng.normal(0, 18, clean.shape), layer="noisy"))
    assert verdict().startswith("✓ Large enough")
    assert verdict().endswith(WITH_SPECKS)
    session.editor.set_step("specks", RemoveSpecks(20))
    assert verdict().startswith("✓ Large enough")
    assert WITH_SPECKS not in verdict()


def test_an_unexpected_failure_is_reported(opened, checkers):
    checkers[1].failed.emit("out of memory")
    assert opened.live.assessment is None
    checkers[0].failed.emit("out of memory")
    assert "out of memory" in str(opened.problem)
    assert not opened.can_run
