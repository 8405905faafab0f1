"""Entries in the activity dock, whose bar processes events while it is drawn."""

from types import SimpleNamespace

import pytest

from napari_swnn.widgets.kit.activity import Activity


class Bar:
    """Bar of a viewer in which the next steps arrive while a step is drawn."""

    arriving = ()
    activity = None

    def __init__(self, total, desc):
        self.n, self.depth, self.deepest, self.is_open = 0, 0, 0, True

    def update(self, n):
        self.n += n
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        while self.arriving:
            self.activity.reach(self.arriving.pop(0))
        self.depth -= 1

    def close(self):
        self.is_open = False


@pytest.fixture
def activity(monkeypatch):
    made = []
    monkeypatch.setattr("napari.utils.progress", lambda **options: made.append(Bar(**options)) or made[-1])
    activity = Activity("training")
    activity.begin()
    return activity, made[0]


def step(fraction):
    return SimpleNamespace(fraction=fraction)


def test_steps_that_arrive_while_one_is_drawn_are_not_nested(activity):
    activity, bar = activity
    bar.activity, bar.arriving = activity, [step(i / 1000) for i in range(1000)]
    activity.reach(step(0.01))
    assert bar.deepest == 1
    activity.reach(step(1.0))
    assert bar.n == 100


def test_the_bar_never_goes_back(activity):
    activity, bar = activity
    for fraction in (0.5, 0.2, None, 0.504, 0.6):
        activity.reach(step(fraction))
    assert bar.n == 60


def test_the_entry_is_removed_at_the_end(activity):
    activity, bar = activity
    activity.end()
    activity.reach(step(0.5))
    assert not bar.is_open
    assert bar.n == 0
