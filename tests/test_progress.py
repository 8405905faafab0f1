import pytest

from napari_swnn._progress import Progress, WorkClock, describe_progress, format_duration, format_estimate, format_span


@pytest.fixture
def time(monkeypatch):
    """A clock that the test moves: ``time[0]`` is the present, in seconds."""
    now = [100.0]
    monkeypatch.setattr("napari_swnn._progress.perf_counter", lambda: now[0])
    return now


def test_even_work_is_estimated_exactly(time):
    clock = WorkClock(total=10)
    assert (clock.fraction, clock.elapsed, clock.time_left) == (0, 0, None)
    for i in range(1, 11):
        time[0] += 2
        clock.advance(1)
        clock.advance(0)
        assert (clock.fraction, clock.elapsed, clock.time_left) == (i / 10, 2 * i, 2 * (10 - i))


def test_work_of_an_earlier_run_does_not_make_this_one_faster(time):
    clock = WorkClock(total=10, done=5)
    time[0] += 3
    clock.advance(1)
    assert (clock.fraction, clock.time_left) == (0.6, 12)


def test_the_first_step_does_not_count_for_the_pace(time):
    clock = WorkClock(total=5, warm_up=True)
    left = []
    for seconds in (50, 1, 1):
        time[0] += seconds
        clock.advance(1)
        left.append(clock.time_left)
    assert left == [None, 3, 2]


def test_the_expected_pace_gives_way_to_the_measured_one(time):
    clock = WorkClock(total=100, warm_up=True, pace=3)
    left = []
    for seconds in (50, *[1] * 10):
        time[0] += seconds
        clock.advance(1)
        left.append(clock.time_left)
    assert left[0] == 3 * 99
    assert left[10] == pytest.approx(89, rel=0.4)


def test_a_pace_that_has_changed_is_followed(time):
    clock = WorkClock(total=100, memory=0.1)
    for seconds in (*[4] * 30, *[1] * 40):
        time[0] += seconds
        clock.advance(1)
    assert clock.time_left == pytest.approx(30, rel=0.3)


def test_the_total_may_shrink(time):
    clock = WorkClock(total=100)
    time[0] += 1
    clock.advance(1)
    clock.total = 1
    assert (clock.fraction, clock.time_left) == (1, 0)


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (59, "59 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations_are_rounded(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(7, "7 s"), (43, "45 s"), (258, "4 min"), (3420, "55 min"), (5399, "1.5 h")]
)
def test_estimates_are_rounded_to_what_they_can_tell(seconds, text):
    assert format_estimate(seconds) == text


def test_one_line_describes_every_progress():
    assert (
        describe_progress(Progress(fraction=0.5, time_left=90, activity="training")) == "training · 50 % · 2 min left"
    )
    assert describe_progress(Progress(fraction=0)) == "0 %"


def test_a_rough_duration_lies_between_two_usual_ones():
    spans = {10: "less than 30 s", 80: "1 to 2 min", 2400: "30 min to 1 h", 4800: "1 to 2 h", 1e6: "more than 64 h"}
    assert {seconds: format_span(seconds) for seconds in spans} == spans
