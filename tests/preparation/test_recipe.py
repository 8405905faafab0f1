import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from napari_swnn.preparation import (
    Crop,
    Denoise,
    FillHoles,
    FlattenBackground,
    Recipe,
    RemoveSpecks,
    Samples,
    SegmentScribbles,
    Smooth,
    Threshold,
    iter_prepare,
    learn_scribbles,
    prepare,
)

LENGTH = st.floats(2, 1000)
COUNT = st.integers(1, 1000)
GREY_STEPS = st.one_of(
    st.builds(Crop, st.integers(0, 99), st.integers(0, 99), COUNT, COUNT),
    st.builds(FlattenBackground, LENGTH, st.sampled_from(["gaussian", "opening"])),
    st.builds(Denoise, st.sampled_from(["median", "non_local_means", "total_variation"]), st.floats(0.1, 20)),
)
LEVELS = st.sets(st.floats(-1e6, 1e6), min_size=1, max_size=7).map(sorted).map(tuple)
N_FEATURES = 41
SAMPLES = st.integers(0, 2**32 - 1).map(
    lambda seed: Samples(np.random.default_rng(seed).normal(size=(6, N_FEATURES)), [1, 2, 2, 7, 1, 255])
)
SEGMENTING = st.one_of(
    st.builds(Threshold, st.sampled_from(["otsu", "li"])),
    st.builds(Threshold, st.just("multi_otsu"), st.integers(2, 8)),
    st.builds(lambda levels: Threshold("manual", levels=levels), LEVELS),
    st.builds(lambda radius, offset: Threshold("local", radius=radius, offset=offset), LENGTH, st.floats(-9, 9)),
    st.builds(SegmentScribbles, SAMPLES, seed=st.integers(0, 2**40)),
)
LABEL_STEPS = st.one_of(
    st.builds(RemoveSpecks, COUNT),
    st.builds(FillHoles, COUNT, st.none() | st.integers(0, 7)),
    st.builds(Smooth, st.floats(1, 100)),
)
RECIPES = st.builds(
    lambda before, middle, after: Recipe((*before, middle, *after)),
    st.lists(GREY_STEPS, max_size=3),
    SEGMENTING,
    st.lists(LABEL_STEPS, max_size=3),
)


@given(RECIPES)
def test_json_gives_the_recipe_back(recipe):
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert hash(again) == hash(recipe)
    assert again.to_json() == recipe.to_json()


def test_a_file_gives_the_recipe_back(tmp_path):
    recipe = Recipe((Crop(1, 2, 3, 4), Threshold("manual", levels=(1, 2)), Smooth(2)))
    recipe.save(tmp_path / "r.json")
    assert Recipe.load(tmp_path / "r.json") == recipe
    with pytest.raises(FileExistsError, match="which exists; set overwrite=True"):
        recipe.save(tmp_path / "r.json")
    Recipe().save(tmp_path / "r.json", overwrite=True)
    assert Recipe.load(tmp_path / "r.json") == Recipe()


def test_different_recipes_differ():
    assert Recipe((Threshold(),)) != Recipe((Threshold("li"),))
    assert Recipe((Threshold(),)) == Recipe([Threshold()])
    assert Recipe((Denoise(),)).then(Threshold()) == Recipe((Denoise(), Threshold()))


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        ((RemoveSpecks(3),), "remove_specks"),
        ((Threshold(), Denoise()), "denoise"),
        ((Threshold(), Threshold("li")), "threshold"),
        ((Threshold(), Smooth(2), Crop(0, 0, 5, 5)), "crop"),
    ],
)
def test_steps_out_of_order_are_refused(steps, named):
    with pytest.raises(ValueError, match=f"grey values first, .* move the step '{named}'"):
        Recipe(steps)


def test_one_step_is_a_recipe_and_other_objects_are_not():
    assert Recipe(Threshold()) == Recipe((Threshold(),))
    with pytest.raises(TypeError, match="steps must be steps of a preparation, such as Threshold, got 'otsu'"):
        Recipe(("otsu",))


def test_a_recipe_must_segment():
    with pytest.raises(ValueError, match="must segment the image, got 1 step"):
        prepare(np.zeros((5, 5)), Recipe((Denoise(),)))


def edited(**changes):
    content = json.loads(Recipe((Threshold(),)).to_json())
    content.update(changes)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "recipe must be JSON"),
        ("[]", "must have the format 'napari-swnn recipe'"),
        (edited(format="other"), "must have the format"),
        (edited(version=2), "must have version 1, got 2; update"),
        (edited(steps={}), "must hold a list of steps, got dict"),
        (edited(steps=[{"step": "sharpen"}]), "known steps .* got 'sharpen'"),
        (edited(steps=["crop"]), "known steps .* got 'crop'"),
        (edited(steps=[{"step": ["crop"]}]), "known steps"),
        (edited(steps=[{"step": "crop"}]), "known settings, got for the step 'crop'"),
        (edited(steps=[{"step": "smooth", "radius": 2, "shape": "disc"}]), "known settings, .* 'shape'"),
        (edited(steps=[{"step": "smooth", "radius": "wide"}]), "radius must lie in"),
        (edited(steps=[{"step": "threshold", "method": "magic"}]), "method must be one of"),
        (edited(steps=[{"step": "threshold", "method": "manual", "levels": [{}]}]), "levels must be finite"),
        (edited(steps=[{"step": "scribbles", "samples": "?"}]), "samples must be compressed numbers"),
        (edited(steps=[{"step": "scribbles", "samples": 5}]), "samples must be compressed numbers"),
        (edited(steps=[{"step": "scribbles", "samples": "", "scales": 3}]), "scales must be a list"),
    ],
)
def test_other_texts_are_refused(text, words):
    with pytest.raises(ValueError, match=words):
        Recipe.from_json(text)


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        Recipe.load(tmp_path / "none.json")
    (tmp_path / "r.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="which is not text"):
        Recipe.load(tmp_path / "r.json")


def test_a_recipe_replays_to_the_same_pixels(raw, strokes):
    image = raw[0]
    recipe = learn_scribbles(image, strokes, Recipe((FlattenBackground(60),))).then(RemoveSpecks(10))
    labels = prepare(image, recipe)
    assert_array_equal(prepare(image, Recipe.from_json(recipe.to_json())), labels)


def test_each_step_reports_its_effect_on_the_porosity(raw):
    recipe = Recipe((Denoise("median", 1), Threshold(), RemoveSpecks(10), Smooth(2)))
    steps = list(iter_prepare(raw[0], recipe, phase=0))
    finished = [step for step in steps if step.finished]
    assert [step.index for step in finished] == [0, 1, 2, 3]
    assert finished[0].porosity is None
    running = np.cumsum([step.fraction for step in steps])
    assert np.all(np.diff(running) >= 0)
    labels = raw[0]
    for n, step in enumerate(finished[1:], start=2):
        labels = prepare(raw[0], Recipe(recipe.steps[:n]))
        assert step.porosity == (labels == 0).mean()
        assert sum(step.fractions.values()) == pytest.approx(1)
    assert steps[-1].fraction == 1
    assert [step.porosity for step in iter_prepare(raw[0], recipe) if step.finished][-1] == (labels == 1).mean()
