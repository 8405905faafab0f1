"""Law: tiles never show. Any size of the tiles, and dask, give the pixels that the whole image gives."""

import threading

import dask.array as da
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_swnn._steps import drain
from napari_swnn.preparation import (
    Crop,
    Denoise,
    FillHoles,
    FlattenBackground,
    Recipe,
    RemoveSpecks,
    Smooth,
    Threshold,
    iter_apply,
    iter_prepare,
    learn_scribbles,
    prepare,
    to_grey,
)

SMALL = 50
EXACT = [FlattenBackground(30), FlattenBackground(12, "opening"), Denoise("median", 2.5), Denoise("total_variation", 1)]
SEGMENTING = [
    Threshold(),
    Threshold("li"),
    Threshold("multi_otsu", 3),
    Threshold("local", radius=15),
    Threshold("manual", levels=(90, 120)),
]
ON_LABELS = [RemoveSpecks(9), FillHoles(6), Smooth(2.3)]


def in_tiles(values, step, side):
    return drain(iter_apply(values, [step], tile=side))


@pytest.mark.parametrize("step", [*EXACT, *SEGMENTING], ids=lambda step: step.description)
def test_tiles_of_grey_values(raw, step):
    image = to_grey(raw[0][:180, :230])
    assert_array_equal(in_tiles(image, step, SMALL), in_tiles(image, step, 1000))


def test_tiles_of_non_local_means(raw):
    """Running sums round differently in each tile, by a part in a million."""
    image = to_grey(raw[0][:180, :230])
    step = Denoise("non_local_means", 1)
    assert_allclose(in_tiles(image, step, SMALL), in_tiles(image, step, 1000), rtol=1e-4)


@pytest.mark.parametrize("step", ON_LABELS, ids=lambda step: step.description)
def test_tiles_of_labels(rng, step):
    labels = (rng.random((170, 190)) * 3).astype(np.uint8)
    labels[40:130, 30:150] = Smooth(3).apply(labels[40:130, 30:150])
    assert_array_equal(in_tiles(labels, step, 16), in_tiles(labels, step, 1000))


def test_tiles_of_scribbles(raw, strokes):
    image = raw[0][:200, :260]
    step = learn_scribbles(image, strokes[:200, :260]).steps[0]
    assert_array_equal(in_tiles(to_grey(image), step, SMALL), in_tiles(to_grey(image), step, 1000))


def test_dask_and_stacks(raw):
    recipe = Recipe((Crop(10, 20, 150, 160), Denoise("median", 1), Threshold(), RemoveSpecks(5)))
    stack = np.stack([raw[0][:200, :200], raw[0][200:400, :200]])
    labels = prepare(stack, recipe)
    assert labels.shape == (2, 150, 160)
    assert_array_equal(prepare(da.from_array(stack, chunks=(1, 64, 64)), recipe), labels)
    assert_array_equal(drain(iter_prepare(stack, recipe, tile=40)), labels)


def test_large_intermediate_images_are_kept_in_files(raw, monkeypatch):
    recipe = Recipe((Denoise("median", 1), Threshold(), RemoveSpecks(5)))
    labels = prepare(raw[0], recipe)
    monkeypatch.setattr("napari_swnn.preparation._tiles._IN_MEMORY", 1000)
    from_file = prepare(raw[0], recipe)
    assert type(from_file) is np.ndarray
    assert_array_equal(from_file, labels)


def test_a_preparation_stops_when_closed(raw):
    n_threads = threading.active_count()
    steps = iter_prepare(raw[0], Recipe((Denoise("median", 3), Threshold())), tile=32)
    for _ in range(5):
        next(steps)
    steps.close()
    assert threading.active_count() == n_threads
    with pytest.raises(StopIteration):
        next(steps)


def test_one_threshold_holds_for_all_sections():
    """Otherwise an even section would be split into two phases."""
    stack = np.array([[[10, 12], [11, 10]], [[90, 91], [92, 90]]], np.uint8)
    assert_array_equal(prepare(stack, Recipe((Threshold(),))), [np.zeros((2, 2)), np.ones((2, 2))])
