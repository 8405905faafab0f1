"""Draft of a recipe and scribbles as values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_swnn.preparation import Crop, Denoise, FillHoles, FlattenBackground, Recipe, RemoveSpecks, Smooth, Threshold
from napari_swnn.widgets.preparation.draft import KINDS, Draft
from napari_swnn.widgets.preparation.strokes import Strokes

STEPS = {
    "crop": Crop(1, 2, 30, 40),
    "background": FlattenBackground(20),
    "noise": Denoise("median", 2),
    "segmentation": Threshold("multi_otsu", n_phases=3),
    "specks": RemoveSpecks(5),
    "holes": FillHoles(6),
    "smoothing": Smooth(1),
}


@given(st.sets(st.sampled_from(sorted(set(KINDS) - {"segmentation"}))))
def test_a_draft_and_its_recipe_are_the_same_steps(on):
    draft = Draft()
    for slot in on | {"segmentation"}:
        draft = draft.with_step(slot, STEPS[slot])
    recipe = draft.to_recipe()
    assert recipe.steps == tuple(STEPS[slot] for slot in KINDS if slot in on or slot == "segmentation")
    assert Draft(crop=Crop(0, 0, 1, 1)).with_recipe(recipe) == draft


@pytest.mark.parametrize(
    "steps", [(Denoise(), Crop(0, 0, 3, 3), Threshold()), (Denoise(), Denoise(), Threshold())], ids=["order", "twice"]
)
def test_a_recipe_that_the_panel_cannot_show_is_refused(steps):
    with pytest.raises(ValueError, match="at most one step of each kind"):
        Draft().with_recipe(Recipe(steps))


def test_the_phases_are_named_and_labelled():
    draft = Draft()
    assert draft.labels == {0: "dark", 1: "bright"}
    three = draft.with_step("segmentation", Threshold("multi_otsu", n_phases=3))
    assert three.labels == {0: "dark", 1: "medium", 2: "bright"}
    scribbles = draft.with_step("segmentation", Strokes((3, 3)))
    assert scribbles.labels == {1: "dark", 2: "bright"}  # 0 is the eraser
    assert scribbles.label == 1


def test_the_phase_of_interest_stays_among_the_phases():
    draft = Draft(names=("a", "b", "c"), phase=2, segmentation=Threshold("multi_otsu", n_phases=3))
    assert draft.with_step("segmentation", Threshold()).label == 1


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3)))
def test_strokes_keep_every_pixel(labels):
    strokes = Strokes.from_layer(labels)
    np.testing.assert_array_equal(strokes.to_layer(), labels)
    assert strokes.used == tuple(np.unique(labels[labels > 0]))
    assert strokes == Strokes.from_layer(labels.copy())
