import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from napari_swnn.preparation import Crop, Recipe, Samples, ScribbleClassifier, learn_scribbles, prepare, to_grey
from napari_swnn.preparation.features import SCALES, feature_margin, n_features, pixel_features


def test_scribbles_segment_the_raw_micrograph(raw, strokes):
    """The noise is a quarter of the contrast, and brightness uneven; Otsu alone is right for 86 % of the pixels."""
    image, pores = raw
    classifier = ScribbleClassifier(to_grey(image))
    labels, uncertainty = classifier.predict(classifier.fit(strokes))
    wrong = (labels == 1) != pores
    assert wrong.mean() < 0.025
    assert set(np.unique(labels)) == {1, 2}
    assert uncertainty.min() >= 0
    assert uncertainty.max() <= 1
    assert uncertainty[wrong].mean() > 3 * uncertainty[~wrong].mean()


def test_the_classifier_the_recipe_and_a_window_agree(raw, strokes):
    image = raw[0]
    classifier = ScribbleClassifier(to_grey(image))
    step = classifier.fit(strokes)
    labels, uncertainty = classifier.predict(step)
    assert step == ScribbleClassifier(to_grey(image)).fit(strokes)
    assert Recipe((step,)) == learn_scribbles(image, strokes)
    assert_array_equal(prepare(image, Recipe((step,))), labels)
    window = slice(200, 401), slice(50, 300)
    for found, whole in zip(classifier.predict(step, window), (labels, uncertainty), strict=True):
        assert_array_equal(found, whole[window])


def test_kept_features_are_bounded(raw, strokes):
    image = to_grey(raw[0])
    cell = 4 * n_features() * 256**2
    classifier = ScribbleClassifier(image, max_memory=2 * cell)
    labels, _ = classifier.predict(classifier.fit(strokes))
    assert 0 < classifier.memory <= 2 * cell
    unbounded = ScribbleClassifier(image)
    assert_array_equal(unbounded.predict(unbounded.fit(strokes))[0], labels)
    assert unbounded.memory == 4 * cell


def test_scribbles_are_cropped_with_the_image(raw, strokes):
    image = raw[0]
    crop = Crop(20, 10, 400, 300)
    recipe = learn_scribbles(image, strokes, Recipe((crop,)))
    assert recipe == Recipe((crop, *learn_scribbles(crop.apply(image), crop.apply(strokes)).steps))


def test_scribbles_on_several_sections_are_learned_together(raw, strokes):
    image = raw[0]
    stack = np.stack([image, image[::-1], image])
    painted = np.stack([strokes, 0 * strokes, strokes])
    assert learn_scribbles(stack, painted) == learn_scribbles(image, strokes)  # duplicates are dropped


def test_the_seed_and_the_strokes_determine_the_forest(raw, strokes):
    image = raw[0]
    one, other = (learn_scribbles(image, strokes, seed=seed) for seed in (0, 1))
    assert one != other
    assert (prepare(image, one) != prepare(image, other)).any()


@pytest.mark.parametrize(
    ("scribbles", "error", "words"),
    [
        (np.zeros((8, 8), int), ValueError, "at least two phases, got 0; paint a stroke"),
        (np.eye(8, dtype=int), ValueError, "at least two phases, got 1"),
        (np.eye(9, dtype=int), ValueError, r"shape of the image, \(8, 8\), got \(9, 9\)"),
        (300 * np.eye(8, dtype=int), ValueError, "labels from 1 to 255, got 0 to 300"),
        (0.5 * np.eye(8), TypeError, "scribbles must hold integers"),
    ],
)
def test_other_scribbles_are_refused(scribbles, error, words):
    with pytest.raises(error, match=words):
        ScribbleClassifier(np.zeros((8, 8), np.float32)).fit(scribbles)
    with pytest.raises(error, match=words):
        learn_scribbles(np.zeros((8, 8)), scribbles)


def test_a_stack_is_no_section():
    with pytest.raises(ValueError, match=r"one section .* got the shape \(2, 8, 8\)"):
        ScribbleClassifier(np.zeros((2, 8, 8), np.float32))


@given(st.integers(0, 99))
@settings(max_examples=12, deadline=None)
def test_samples_are_bounded_and_distinct(seed):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 60, (6000, 2)).astype(np.float32)
    phases = rng.integers(1, 3, 6000)
    samples = Samples.collect(features, phases)
    rows = np.column_stack([samples.phases, samples.features])
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert np.bincount(samples.phases).max() <= 2000
    given_rows = {tuple(row) for row in np.column_stack([phases, features])}
    assert {tuple(row) for row in rows} <= given_rows
    assert samples == Samples.collect(features[::-1], phases[::-1])


@pytest.mark.parametrize(
    ("features", "phases", "message"),
    [
        (np.zeros((3, 2)), [1, 2], "one phase for each row"),
        (np.full((2, 2), np.nan), [1, 2], "must have finite features"),
        (np.zeros((2, 2)), [1, 1], "at least two phases, got 1"),
    ],
)
def test_samples_that_cannot_teach_are_refused(features, phases, message):
    with pytest.raises(ValueError, match=message):
        Samples(features, np.array(phases))


def test_features_are_those_of_scipy(rng):
    image = to_grey(rng.normal(100, 20, (60, 60)))
    features = pixel_features(image)
    assert features.shape == (60, 60, n_features())
    assert_array_equal(features[..., 0], image)
    for index, scale in enumerate(SCALES):
        mean, difference, gradient, low, high, deviation = np.moveaxis(features[..., 1 + 6 * index :][..., :6], -1, 0)
        assert_allclose(mean, ndimage.gaussian_filter(image, scale, truncate=3), rtol=1e-4)
        assert_allclose(difference, image - mean, atol=1e-3)
        gy, gx = np.gradient(mean)
        assert_allclose(gradient, scale * np.hypot(gy, gx), atol=1e-2)
        laplacian = scale**2 * (np.gradient(gy, axis=0) + np.gradient(gx, axis=1))
        assert_allclose(low + high, laplacian, atol=2e-2 * scale)
        assert (deviation >= 0).all()
    assert_allclose(features[..., -1], features[..., 1 + 6 * 3] - features[..., 1 + 6 * 4], atol=1e-3)


def test_features_depend_on_their_margin_only(rng):
    image = to_grey(rng.normal(100, 20, (200, 200)))
    margin = feature_margin()
    far = image.copy()
    far[: 100 - margin] = 0
    assert_array_equal(pixel_features(image)[100], pixel_features(far)[100])


def test_features_computed_in_advance_are_used(raw, strokes):
    grey, _ = raw
    part = np.asarray(grey[:256, :512], np.float32)
    ready = ScribbleClassifier(part)
    ready.compute_features((slice(0, 256), slice(0, 256)))
    half = ready.memory
    assert half > 0
    ready.compute_features()
    assert ready.memory == 2 * half
    step = ready.fit(strokes[:256])
    assert ready.memory == 2 * half
    assert step == ScribbleClassifier(part).fit(strokes[:256])
