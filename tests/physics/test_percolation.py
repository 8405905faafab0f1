import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_swnn.physics._percolation import spans, winds

masks = arrays(bool, st.tuples(*[st.integers(1, 5)] * 3))


def staircase():
    """A path that spans axis 0 but comes out one row from where it went in."""
    mask = np.zeros((4, 6), bool)
    mask[:2, 1] = mask[2:, 2] = mask[2, 1] = True
    return mask


def test_straight_path_spans_and_winds_along_its_axis_only():
    mask = np.zeros((4, 5, 6), bool)
    mask[2, :, 3] = True
    assert [spans(mask, axis) for axis in range(3)] == [False, True, False]
    assert [winds(mask, axis) for axis in range(3)] == [False, True, False]


def test_a_path_that_misses_itself_spans_but_does_not_wind():
    assert spans(staircase(), 0)
    assert not winds(staircase(), 0)


def test_two_paths_that_feed_each_other_wind():
    mask = np.zeros((6, 4, 4), bool)  # one goes in at x = 0 and out at x = 2, the other the other way round
    mask[:3, 0, 0] = mask[2, 0, :3] = mask[2:, 0, 2] = True
    mask[0, :3, 2] = mask[:5, 2, 2] = mask[4, 2, :3] = mask[4, :3, 0] = mask[4:, 0, 0] = True
    assert winds(mask, 0)
    mask[4, 1, 0] = False
    assert not winds(mask, 0)


def test_sides_are_periodic():
    mask = np.zeros((4, 6), bool)
    mask[:2, 0] = mask[1:, -1] = True  # the two pieces touch across the side
    assert spans(mask, 0)
    assert not spans(mask[:, ::-1][:, :-1], 0)


def test_edges_do_not_join():
    assert not spans(np.eye(4, dtype=bool), 0)


@given(masks)
def test_spans_is_a_path_in_the_volume_repeated_sideways(mask):
    components, _ = ndimage.label(np.tile(mask, (1, 9, 9)))  # a path may leave through a side a few times
    joined = np.intersect1d(components[0][components[0] > 0], components[-1][components[-1] > 0]).size > 0
    assert spans(mask, 0) == joined


@given(masks, st.integers(0, 4))
def test_winding_does_not_depend_on_where_the_volume_is_cut(mask, shift):
    for axis in range(3):
        assert winds(mask, axis) == winds(np.roll(mask, shift, (0, 1, 2)), axis)


@given(masks)
def test_winding_implies_spanning(mask):
    for axis in range(3):
        assert spans(mask, axis) or not winds(mask, axis)


@pytest.mark.parametrize("check", [spans, winds])
def test_empty_and_full(check):
    assert not check(np.zeros((3, 3, 3), bool), 0)
    assert check(np.ones((3, 3, 3), bool), 0)
