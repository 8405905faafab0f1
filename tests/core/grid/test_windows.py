import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_swnn.core.grid.windows import Window, iter_boxes, plan_blocks, split_at_period

starts = st.lists(st.integers(-70, 70), min_size=1, max_size=3)


@st.composite
def windows(draw):
    start = draw(starts)
    return Window(tuple(start), tuple(a + draw(st.integers(1, 40)) for a in start))


@settings(max_examples=60, deadline=None)
@given(windows(), st.integers(1, 33))
def test_blocks_cover_every_voxel_exactly_once(window, side):
    count = np.zeros(window.shape, int)
    for block in plan_blocks(window, side):
        assert all(a % side == 0 and b - a == side for a, b in zip(block.window.start, block.window.stop, strict=True))
        part = count[block.destination(window.start)]
        assert part.shape == np.zeros(block.window.shape)[block.source()].shape
        part += 1
    assert (count == 1).all()


@settings(max_examples=60, deadline=None)
@given(windows())
def test_coarser_window_is_the_least_that_interpolation_needs(window):
    coarse = window.coarser()
    for a, b, c, d in zip(window.start, window.stop, coarse.start, coarse.stop, strict=True):
        positions = (np.arange(a, b) + 0.5) / 2 - 0.5
        assert c == np.floor(positions.min())
        assert d - 1 == np.floor(positions.max()) + 1


def test_grown_adds_the_margin_on_every_side():
    assert Window((0, 3), (4, 5)).grown(2) == Window((-2, 1), (6, 7))


def test_boxes_know_their_place_in_the_grid():
    boxes = dict(iter_boxes(Window((-1, 15), (1, 17)), 16))
    assert set(boxes) == {(-1, 0), (-1, 1), (0, 0), (0, 1)}
    assert boxes[-1, 1] == Window((-16, 16), (0, 32))


@settings(max_examples=60, deadline=None)
@given(windows(), st.data())
def test_parts_in_a_period_are_the_positions_modulo_the_period(window, data):
    period = tuple(data.draw(st.none() | st.integers(1, 50)) for _ in window.start)
    found = np.full((len(period), *window.shape), 10**6)
    for part, place in split_at_period(window, period):
        assert all(n is None or 0 <= a < b <= n for a, b, n in zip(part.start, part.stop, period, strict=True))
        found[:, *place] = np.indices(part.shape) + np.reshape(part.start, (-1, *[1] * len(period)))
    expected = np.indices(window.shape) + np.reshape(window.start, (-1, *[1] * len(period)))
    for axis, n in enumerate(period):
        assert (found[axis] == (expected[axis] if n is None else expected[axis] % n)).all()
