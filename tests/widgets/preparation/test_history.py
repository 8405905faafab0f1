"""History of a value: undo and redo are inverse, and quick changes of one setting count once."""

from hypothesis import given
from hypothesis import strategies as st

from napari_swnn.widgets.preparation.history import MERGE_SECONDS, History


@given(st.lists(st.integers(), max_size=20), st.integers(0, 30))
def test_redo_returns_to_where_undo_began(values, n):
    history = History(-1)
    for value in values:
        history.record(value)
    last = history.value
    for _ in range(n):
        history.undo()
    while history.can_redo:
        history.redo()
    assert history.value == last


@given(st.lists(st.integers(), max_size=20))
def test_every_change_is_undone_by_itself(values):
    history = History(-1)
    seen = [-1]
    for value in values:
        if history.record(value):
            seen.append(value)
    for value in reversed(seen[:-1]):
        history.undo()
        assert history.value == value
    assert not history.can_undo


def test_quick_changes_of_one_setting_count_once():
    now = 0.0
    history = History(0, lambda: now)
    for value in (1, 2, 3):
        history.record(value, "level")
        now += MERGE_SECONDS / 2
    history.record(4, "radius")
    now += 2 * MERGE_SECONDS
    history.record(5, "radius")
    found = []
    while history.can_undo:
        history.undo()
        found.append(history.value)
    assert found == [4, 3, 0]


def test_a_new_change_forgets_what_was_undone():
    history = History("a")
    history.record("b")
    history.undo()
    history.record("c")
    assert not history.can_redo
