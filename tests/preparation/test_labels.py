"""Steps on labels, compared with brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from scipy import ndimage

from napari_swnn.preparation import FillHoles, RemoveSpecks, Smooth, count_objects

LABELS = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 2))


def regions(labels):
    """Return the pixels of each connected region of equal labels."""
    return [
        list(zip(*np.nonzero(numbers == k), strict=True))
        for label in np.unique(labels)
        for numbers, count in [ndimage.label(labels == label)]
        for k in range(1, count + 1)
    ]


def neighbours(pixel, shape):
    y, x = pixel
    for a, b in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
        if 0 <= a < shape[0] and 0 <= b < shape[1]:
            yield a, b


def remove_by_force(labels, max_size):
    every = regions(labels)
    size = {pixel: len(region) for region in every for pixel in region}
    result = labels.copy()
    for region in every:
        if len(region) > max_size:
            continue
        own = set(region)
        around = [n for pixel in region for n in neighbours(pixel, labels.shape) if n not in own]
        voters = [n for n in around if size[n] > max_size] or around
        if voters:
            votes = np.bincount([labels[n] for n in voters])
            for pixel in region:
                result[pixel] = np.argmax(votes)
    return result


@given(LABELS, st.integers(1, 6))
@settings(max_examples=150)
def test_specks_are_removed_as_by_brute_force(labels, max_size):
    assert_array_equal(RemoveSpecks(max_size).apply(labels), remove_by_force(labels, max_size))


@given(LABELS, st.integers(1, 12), st.integers(0, 2))
@settings(max_examples=150)
def test_holes_are_filled_as_by_scipy(labels, max_size, phase):
    inside = labels == phase
    holes = ndimage.binary_fill_holes(inside) & ~inside
    numbers, count = ndimage.label(holes)
    expected = labels.copy()
    for k in range(1, count + 1):
        if (numbers == k).sum() <= max_size:
            expected[numbers == k] = phase
    assert_array_equal(FillHoles(max_size, phase).apply(labels), expected)


def test_holes_of_every_phase_are_filled():
    labels = np.zeros((12, 24), np.uint8)
    labels[2:10, 2:10] = 1
    labels[5, 5] = 2
    labels[:, 12:] = 2
    labels[5, 18] = 0
    filled = FillHoles(4).apply(labels)
    assert filled[5, 5] == 1
    assert filled[5, 18] == 2
    assert filled[3, 3] == 1
    assert FillHoles(64, 0).apply(labels)[3, 3] == 0


@given(LABELS, st.floats(1, 3.5))
@settings(max_examples=80)
def test_smoothing_takes_the_majority_of_a_disc(labels, radius):
    reach = int(radius)
    padded = np.pad(labels, reach, mode="symmetric")
    expected = labels.copy()
    offsets = [
        (dy, dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1) if dy**2 + dx**2 <= radius**2
    ]
    for y, x in np.ndindex(labels.shape):
        votes = np.bincount([padded[y + reach + dy, x + reach + dx] for dy, dx in offsets], minlength=3)
        if votes[labels[y, x]] < votes.max():
            expected[y, x] = np.argmax(votes)
    assert_array_equal(Smooth(radius).apply(labels), expected)


@pytest.mark.parametrize("step", [RemoveSpecks(3), FillHoles(3), Smooth(2)])
def test_each_section_of_a_stack_is_treated_by_itself(rng, step):
    stack = rng.integers(0, 3, (4, 20, 30)).astype(np.uint8)
    assert_array_equal(step.apply(stack), np.stack([step.apply(section) for section in stack]))


@pytest.mark.parametrize("step", [RemoveSpecks(30), FillHoles(30), Smooth(5)])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2)])
def test_small_images_of_one_phase_stay(step, shape):
    labels = np.full(shape, 4, np.uint16)
    result = step.apply(labels)
    assert result.dtype == np.uint16
    assert_array_equal(result, labels)


def test_objects_at_the_edge_count_half():
    labels = np.zeros((20, 20), int)
    labels[5:7, 5:7] = 1
    labels[7, 7] = 1  # touches a corner only
    labels[0, 3:6] = 1
    labels[19, 10] = 1
    assert count_objects(labels, 1) == 3
    assert count_objects(labels, 0) == 1
    assert count_objects(np.stack([labels, labels]), 1) == 6


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RemoveSpecks(0), "max_size must be a whole number of at least 1, got 0"),
        (lambda: FillHoles(2.5), "max_size must be a whole number"),
        (lambda: FillHoles(2, -1), "phase must be a whole number of at least 0"),
        (lambda: Smooth(0.2), "radius must lie in"),
    ],
)
def test_wrong_settings_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
